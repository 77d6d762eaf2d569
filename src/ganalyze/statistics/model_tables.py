"""Several models of one table, one below the other, as `mixed_models.csv` has them."""

from collections.abc import Sequence

import pandas as pd

from ganalyze.statistics.mixed_models import Family, Intervals, fit_mixed_model, no_model
from ganalyze.support.errors import GanalyzeError


def join_by_image(data: pd.DataFrame, other: pd.DataFrame, normalise: bool = False) -> pd.DataFrame:
    """`data` with the columns of `other` that describe its images. normalise: z-score them first (paper Table 1).

    Raises GanalyzeError where a table has no column image_id.
    """
    if "image_id" not in data or "image_id" not in other:
        raise GanalyzeError("both tables need a column image_id to be joined by")
    other = other.set_index("image_id")
    if normalise:
        other = (other - other.mean()) / other.std()
    return data.join(other, on="image_id", validate="m:1")


def fit_models(
    data: pd.DataFrame,
    formulas: Sequence[str],
    family: Family,
    names: Sequence[str],
    intervals: Intervals,
    keep_going: bool,
) -> pd.DataFrame:
    """The terms of each formula's model, as `fit_mixed_model` gives them, and where `data` has one its data_source.

    names: of the models; default: the formulas up to their random effects. keep_going: a formula that can give no model
    has a row that says why. Raises GanalyzeError where a formula can give no model, unless keep_going, and where names
    do not match formulas.
    """
    names = names or [formula.split(" + (")[0] for formula in formulas]
    if len(names) != len(formulas):
        raise GanalyzeError(f"{len(names)} names for {len(formulas)} formulas: give one for each")
    tables = []
    for name, formula in zip(names, formulas, strict=True):
        try:
            tables.append(fit_mixed_model(data, formula, family, name, intervals))
        except GanalyzeError as error:
            if not keep_going:
                raise
            tables.append(no_model(name, formula, str(error)))
    table = pd.concat(tables, ignore_index=True)
    if "data_source" in data:
        table["data_source"] = data.data_source.iloc[0] if len(data) else "none"
    return table
