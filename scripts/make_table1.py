"""Make the paper's Table 1 (seven factors, and α, as predictors of hits) from the fitted models of the memory game."""

import argparse
from pathlib import Path

import pandas as pd

from ganalyze.errors import run_command, written_whole
from ganalyze.tables import table1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="memory_game.models.csv")
    parser.add_argument("--output", type=Path, required=True, help="table to write (CSV)")
    arguments = parser.parse_args()

    with written_whole(arguments.output) as temporary:
        table1(pd.read_csv(arguments.models)).to_csv(temporary, index=False, lineterminator="\n")


if __name__ == "__main__":
    run_command(main)
