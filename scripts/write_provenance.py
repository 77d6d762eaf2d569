"""Write where a run's results come from: commit, configuration, packages, weights, machine."""

import argparse
import json
from pathlib import Path

from ganalyze.report.provenance import collect_provenance
from ganalyze.support.errors import run_command
from ganalyze.support.files import written_whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="the checked configuration, as JSON")
    parser.add_argument("--weights", type=Path, nargs="*", default=[], help="the weight files that served")
    parser.add_argument("--output", type=Path, required=True, help="provenance.json")
    arguments = parser.parse_args()

    provenance = collect_provenance(arguments.config, arguments.weights)
    with written_whole(arguments.output) as temporary:
        temporary.write_text(json.dumps(provenance, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(main)
