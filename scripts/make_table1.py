"""Make the paper's Table 1 (seven factors, and α, as predictors of hits) from the fitted models of the memory game."""

import argparse
from pathlib import Path

from ganalyze.report.table1 import table1
from ganalyze.support.errors import run_command
from ganalyze.support.tables import read_table, write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="memory_game.models.csv")
    parser.add_argument("--output", type=Path, required=True, help="table to write (CSV)")
    arguments = parser.parse_args()

    write_table(table1(read_table(arguments.models)), arguments.output)


if __name__ == "__main__":
    run_command(main)
