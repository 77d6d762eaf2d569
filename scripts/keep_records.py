"""Keep Snakemake's records of a finished run with its results, for whoever gets these by DVC (docs/artifacts.md)."""

from pathlib import Path

import tyro
from pydantic import Field

from ganalyze.support import records
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings


class Arguments(Settings):
    """Which run."""

    results: tyro.conf.Positional[Path] = Field(description="results/<run>")


def main(arguments: Arguments) -> None:
    records.keep(arguments.results)


if __name__ == "__main__":
    run_command(main)
