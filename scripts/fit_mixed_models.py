"""Fit one mixed-effects regression to a table and write its terms as CSV (columns of mixed_models.csv).

python scripts/fit_mixed_models.py --data trials.csv --family binomial \
    --formula "hit ~ alpha + (1|participant) + (1|seed_id)" --output mixed_models.csv
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from ganalyze.errors import GanalyzeError, run_command, written_whole
from ganalyze.mixed_models import FAMILIES, fit_mixed_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="CSV with a column for every name in the formula")
    parser.add_argument("--formula", required=True, help="lme4's notation: 'score ~ alpha + (1|seed_id)'")
    parser.add_argument("--family", required=True, choices=FAMILIES)
    parser.add_argument("--output", type=Path, required=True, help="CSV to write")
    parser.add_argument("--name", help="the model's name in the output (default: the name of the data file)")
    arguments = parser.parse_args()

    data = read_table(arguments.data)
    table = fit_mixed_model(data, arguments.formula, arguments.family, arguments.name or arguments.data.stem)
    if left_out := len(data) - table.n[0]:
        print(f"{left_out} of {len(data)} rows left out: they lack a value", file=sys.stderr)
    with written_whole(arguments.output) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def read_table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise GanalyzeError(f"{path} is not a readable CSV file: {error}") from None


if __name__ == "__main__":
    run_command(main)
