"""Several models of one table, one below the other, as `mixed_models.csv` has them."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd
from statsmodels.stats.multitest import multipletests

from ganalyze.statistics.design import parse_formula
from ganalyze.statistics.mixed_models import Family, Intervals, fit_mixed_model, no_model
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.tables import read_table


def read_observations(path: Path, formulas: Sequence[str]) -> pd.DataFrame:
    """A table to be modelled. What names images and groups in it is text: "1" and "01" are two, and "NA" is a name.

    Raises as `read_table` does.
    """
    names = {"image_id"}
    for formula in formulas:
        with suppress(GanalyzeError):  # which its model will tell
            parsed = parse_formula(formula)
            names |= parsed.grouping_factors - parsed.fixed_variables - parsed.random_variables - {parsed.response}
    return read_table(path, names)


def join_by_image(data: pd.DataFrame, other: pd.DataFrame, normalise: bool = False) -> pd.DataFrame:
    """`data` with the columns of `other` that describe its images. normalise: z-score its numbers (paper Table 1).

    A column of both stays as it is in `data`, its gaps filled from `other`. Raises GanalyzeError where a table has no
    column image_id, `other` has an image twice or none of those in `data`, or a column of both has two values.
    """
    if "image_id" not in data or "image_id" not in other:
        raise GanalyzeError("both tables need a column image_id to be joined by")
    if (again := other.image_id.duplicated()).any():
        raise GanalyzeError(
            f"image_id {other.image_id[again].iloc[0]} is twice in the joined table: keep one row of it"
        )
    if len(data) and not data.image_id.isin(other.image_id).any():
        ours, theirs = ([*table.image_id[:1], "none"][0] for table in (data, other))
        raise GanalyzeError(f"the joined table has none of the images, such as {ours}, but such as {theirs}")
    shared = [column for column in other if column in data and column != "image_id"]
    described = data[["image_id"]].merge(other[["image_id", *shared]], "left", "image_id").set_index(data.index)
    for column in shared:
        differ = data[column].notna() & described[column].notna() & (data[column] != described[column])
        if differ.any():
            row = differ.idxmax()
            raise GanalyzeError(
                f"both tables have a column {column}, with {data[column][row]} and {described[column][row]} for "
                f"image_id {data.image_id[row]}: rename one, or leave it out"
            )
    data = data.assign(**{column: data[column].where(data[column].notna(), described[column]) for column in shared})
    other = other.drop(columns=shared).set_index("image_id")
    if normalise:
        numbers = other.select_dtypes("number")
        # What is the same in all images stays so, at 0.
        other = other.assign(**((numbers - numbers.mean()) / numbers.std().replace(0, 1)))
    return data.join(other, on="image_id")


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


def correct_together(models: pd.DataFrame, terms: Sequence[str]) -> pd.DataFrame:
    """A table of models with a column p_holm beside p (0 to 1): what is left of p once it is taken into account that as
    many questions were asked as there are rows of these terms with a p (Holm, Scand. J. Stat. 1979). Other rows have
    none. terms: ("alpha",) for factors each regressed on α, the factors for hits regressed on each."""
    asked = models.p[models.term.isin(terms)].dropna()
    corrected = multipletests(asked, method="holm")[1] if len(asked) else []
    return models.assign(p_holm=pd.Series(corrected, asked.index, float))
