"""Write where a run's results come from: commit, configuration, packages, weights, machine."""

import json
from pathlib import Path

from pydantic import Field

from ganalyze.report.provenance import collect_provenance
from ganalyze.support.arguments import run_command
from ganalyze.support.files import written_whole
from ganalyze.support.settings import Settings


class Arguments(Settings):
    """What is known of the run."""

    config: str = Field(description="the checked configuration, as JSON")
    weights: tuple[Path, ...] = Field(default=(), description="the weight files that served")
    output: Path = Field(description="provenance.json")


def main(arguments: Arguments) -> None:
    provenance = collect_provenance(json.loads(arguments.config), arguments.weights)
    with written_whole(arguments.output) as temporary:
        temporary.write_text(json.dumps(provenance, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(main)
