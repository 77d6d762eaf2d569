"""Write the report of a run, one HTML file, from its tables and figures."""

import argparse
import json
from pathlib import Path

from ganalyze.report.page import write_report
from ganalyze.support.errors import run_command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True, help="results/<run>, with tables and figures")
    parser.add_argument(
        "--template", type=Path, default=Path("src/ganalyze/report/templates/report.html.j2"), help="%(default)s"
    )
    parser.add_argument(
        "--captions", type=Path, default=Path("src/ganalyze/report/templates/captions.yaml"), help="%(default)s"
    )
    parser.add_argument("--output", type=Path, required=True, help="report.html, in the folder of the results")
    arguments = parser.parse_args()

    provenance = json.loads((arguments.results / "provenance.json").read_text(encoding="utf-8"))
    write_report(arguments.results, provenance, arguments.template, arguments.captions, arguments.output)


if __name__ == "__main__":
    run_command(main)
