"""Write a finished run as an archive to deposit: a Workflow Run RO-Crate with code, configuration, results and the
record of every job, in one zip (docs/archive.md)."""

from pathlib import Path

from pydantic import Field

from ganalyze.report.crate.archive import write_crate
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings


class Arguments(Settings):
    """Of what, and where."""

    results: Path = Field(description="results/<run>, finished")
    output: Path = Field(description="the archive, <run>.crate.zip")


def main(arguments: Arguments) -> None:
    write_crate(arguments.results, arguments.output)


if __name__ == "__main__":
    run_command(main)
