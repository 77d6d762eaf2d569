"""Make the paper's Table 1 (seven factors, and α, as predictors of hits) from the fitted models of the memory game."""

from pathlib import Path

from pydantic import Field

from ganalyze.report.table1 import table1
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings
from ganalyze.support.tables import read_table, write_table


class Arguments(Settings):
    """The models, and where the table goes."""

    models: Path = Field(description="memory_game.models.csv")
    output: Path = Field(description="table to write (CSV)")


def main(arguments: Arguments) -> None:
    write_table(table1(read_table(arguments.models)), arguments.output)


if __name__ == "__main__":
    run_command(main)
