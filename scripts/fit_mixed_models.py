"""Fit mixed-effects regressions to a table and write their terms as CSV (columns of mixed_models.csv).

python scripts/fit_mixed_models.py --data trials.csv --family binomial \
    --formula "hit ~ alpha + (1|participant) + (1|seed_id)" --output mixed_models.csv
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from ganalyze.statistics.mixed_models import FAMILIES, INTERVALS, fit_mixed_model, no_model
from ganalyze.support.errors import GanalyzeError, run_command
from ganalyze.support.tables import read_table, write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="CSV with a column for every name in the formula")
    parser.add_argument("--join", type=Path, help="CSV with further columns, joined by image_id")
    parser.add_argument("--normalise", action="store_true", help="z-score the joined columns first (paper Table 1)")
    parser.add_argument("--formula", nargs="+", required=True, help="lme4's notation: 'score ~ alpha + (1|seed_id)'")
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="a formula that can give no model has a row that says why, instead of ending the command",
    )
    parser.add_argument("--family", required=True, choices=FAMILIES)
    parser.add_argument("--intervals", choices=INTERVALS, default="wald", help="default: %(default)s")
    parser.add_argument("--output", type=Path, required=True, help="CSV to write")
    parser.add_argument("--name", nargs="+", help="of the model (default: its formula up to the random effects)")
    arguments = parser.parse_args()

    data = read_table(arguments.data)
    if arguments.join:
        data = join(data, read_table(arguments.join), arguments.normalise)
    names = arguments.name or [formula.split(" + (")[0] for formula in arguments.formula]
    if len(names) != len(arguments.formula):
        parser.error("give one --name for each --formula")
    tables = []
    for name, formula in zip(names, arguments.formula, strict=True):
        try:
            tables.append(fit_mixed_model(data, formula, arguments.family, name, arguments.intervals))
        except GanalyzeError as error:
            if not arguments.keep_going:
                raise
            tables.append(no_model(name, formula, str(error)))
        if 0 < tables[-1].n[0] < len(data):
            left_out = len(data) - tables[-1].n[0]
            print(f"{name}: {left_out} of {len(data)} rows left out: they lack a value", file=sys.stderr)
    table = pd.concat(tables, ignore_index=True)
    if "data_source" in data:
        table["data_source"] = data.data_source.iloc[0] if len(data) else "none"
    write_table(table, arguments.output)


def join(data: pd.DataFrame, other: pd.DataFrame, normalise: bool) -> pd.DataFrame:
    if "image_id" not in data or "image_id" not in other:
        raise GanalyzeError("both tables need a column image_id to be joined by")
    other = other.set_index("image_id")
    if normalise:
        other = (other - other.mean()) / other.std()
    return data.join(other, on="image_id", validate="m:1")


if __name__ == "__main__":
    run_command(main)
