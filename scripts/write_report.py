"""Write the report of a run, one HTML file, from its tables and figures."""

import json
from pathlib import Path

from pydantic import Field

from ganalyze.report.page import write_report
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings


class Arguments(Settings):
    """Of what, and where."""

    results: Path = Field(description="results/<run>, with tables and figures")
    output: Path = Field(description="report.html, in the folder of the results")


def main(arguments: Arguments) -> None:
    provenance = json.loads((arguments.results / "provenance.json").read_text(encoding="utf-8"))
    write_report(arguments.results, provenance, arguments.output)


if __name__ == "__main__":
    run_command(main)
