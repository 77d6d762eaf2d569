"""Fit mixed-effects regressions to a table and write their terms as CSV (columns of mixed_models.csv).

python scripts/fit_mixed_models.py --data trials.csv --family binomial \\
    --formula "hit ~ alpha + (1|participant) + (1|seed_id)" --output mixed_models.csv
"""

import sys
from pathlib import Path

from pydantic import Field

from ganalyze.statistics.mixed_models import Family, Intervals
from ganalyze.statistics.model_tables import correct_together, fit_models, join_by_image, read_observations
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """The table, and the models of it."""

    data: Path = Field(description="CSV with a column for every name in the formula; text is a factor")
    join: Path | None = Field(default=None, description="CSV with further columns, joined by image_id")
    normalise: bool = Field(default=False, description="z-score the joined columns first (paper Table 1)")
    formula: tuple[str, ...] = Field(description="lme4's notation: 'score ~ alpha * sex + I(alpha^2) + (1|seed_id)'")
    keep_going: bool = Field(
        default=False,
        description="a formula that can give no model has a row that says why, instead of ending the command",
    )
    family: Family = Field(description="of the response")
    intervals: Intervals = Field(default="wald", description="of the estimates, 95 %")
    correct: tuple[str, ...] = Field(
        default=(), description="terms whose p are also corrected for being several, in a column p_holm"
    )
    output: Path = Field(description="CSV to write")
    name: tuple[str, ...] = Field(default=(), description="of each model; default: its formula up to random effects")


def main(arguments: Arguments) -> None:
    data = read_observations(arguments.data, arguments.formula)
    if arguments.join:
        data = join_by_image(data, read_observations(arguments.join, arguments.formula), arguments.normalise)
    models = fit_models(
        data, arguments.formula, arguments.family, arguments.name, arguments.intervals, arguments.keep_going
    )
    for model in models[(models.n > 0) & (models.n < len(data))].drop_duplicates("model").itertuples():
        print(f"{model.model}: {len(data) - model.n} of {len(data)} rows left out: they lack a value", file=sys.stderr)
    if arguments.correct:
        models = correct_together(models, arguments.correct)
    write_table(models, arguments.output)


if __name__ == "__main__":
    run_command(main)
