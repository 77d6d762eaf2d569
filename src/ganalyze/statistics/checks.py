"""Formulas and data of which no mixed-effects model can come are refused here, in one line that says why."""

import mixedlm
import numpy as np
import pandas as pd
from mixedlm.formula.terms import Formula
from mixedlm.matrices.design import ModelMatrices
from scipy.optimize import linprog

from ganalyze.support.errors import GanalyzeError


def parse_formula(formula: str) -> Formula:
    """A formula in lme4's notation. Raises GanalyzeError where it cannot be read, or names no random effect."""
    try:
        parsed = mixedlm.parse_formula(formula)
    except (ValueError, TypeError, SyntaxError) as error:
        raise GanalyzeError(f"cannot read the formula {formula!r}: {error}") from None
    if parsed.response_denominator is not None:
        raise GanalyzeError(f"the formula {formula!r} must have a single column before the ~")
    if not parsed.random:
        raise GanalyzeError(f"the formula {formula!r} names no random effect, such as (1|seed_id)")
    return parsed


def usable_rows(data: pd.DataFrame, formula: Formula, family: str) -> pd.DataFrame:
    """The complete rows of the formula's columns, its numbers as floats.

    Raises GanalyzeError where a column is missing or unfit, or a grouping factor's variance could not be told.
    """
    missing = sorted(formula.all_variables - set(data.columns))
    if missing:
        raise GanalyzeError(f"the data lack the column(s) {', '.join(missing)} of the formula {formula}")
    data = data[sorted(formula.all_variables)].dropna().infer_objects()
    if data.empty:
        raise GanalyzeError(f"no row has a value in every column of the formula {formula}")
    numbers = sorted({formula.response} | formula.fixed_variables | formula.random_variables)
    for column in numbers:
        _check_numbers(data[column])
        if column in formula.random_variables and not 0.01 < data[column].std() < 20:
            raise GanalyzeError(f"column {column} needs other units for a random slope: bring its spread near 1")
    response = data[formula.response]
    if family == "binomial" and not (binary := response.isin((0, 1))).all():
        raise GanalyzeError(
            f"column {response.name} must hold 0 and 1 for a logistic model, but holds {response[~binary].iloc[0]}"
        )
    _check_groups(data, formula, family)
    return data.astype(dict.fromkeys(numbers, float)).reset_index(drop=True)


def _check_numbers(values: pd.Series) -> None:
    if not pd.api.types.is_numeric_dtype(values):
        raise GanalyzeError(f"column {values.name} must hold numbers, but holds {values.iloc[0]!r}")
    if not np.isfinite(values.astype(float)).all():
        raise GanalyzeError(f"column {values.name} holds an infinite value")
    if values.nunique() < 2:
        raise GanalyzeError(f"column {values.name} has the same value {values.iloc[0]} in all {len(values)} rows")


def _check_groups(data: pd.DataFrame, formula: Formula, family: str) -> None:
    labels: dict[bytes, str] = {}  # by the group of each row
    for term in formula.random:
        factors = list(term.grouping_factors)
        label = ":".join(factors)
        groups = data.groupby(factors, observed=True, sort=False)  # numbered as they appear, whatever their names
        if groups.ngroups < 2:
            raise GanalyzeError(f"{label} has one level only: leave its random effect out of {formula}")
        if family == "gaussian" and groups.ngroups == len(data):
            raise GanalyzeError(f"every row has a {label} of its own: its effect cannot be told from the residual")
        if family == "binomial" and groups[formula.response].nunique().max() == 1:
            raise GanalyzeError(f"{formula.response} never varies within a {label}: its variance would be infinite")
        if term.has_intercept:
            group_of_row = groups.ngroup().to_numpy().tobytes()
            if group_of_row in labels:
                raise GanalyzeError(f"{labels[group_of_row]} and {label} group the rows alike: leave one of them out")
            labels[group_of_row] = label


def refuse_separation(matrices: ModelMatrices, response: str) -> None:
    """Refuse responses that some combination of the fixed terms predicts without error.

    The estimates would be infinite, random effects or not (Albert & Anderson 1984; complete and quasi-complete
    separation). Exact, by linear programming: is there a β with x·β ≥ 0 for all ones and ≤ 0 for all zeros, and
    not 0 for all?
    """
    signed = np.unique(np.where(matrices.y == 1, 1.0, -1.0)[:, None] * matrices.X, axis=0)
    signed /= np.abs(signed).max(axis=0)
    n, p = signed.shape
    # Stiemke's lemma: either there is such a β or weights, all positive, under which the rows cancel out. The
    # weights are found 30 times as fast.
    if linprog(np.zeros(n), A_eq=signed.T, b_eq=np.zeros(p), bounds=(1, None), method="highs").success:
        return
    best = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(n), bounds=(-1, 1), method="highs")
    pairs = zip(matrices.fixed_names, best.x, strict=True)
    if separating := [term for term, beta in pairs if abs(beta) > 1e-6 and term != "(Intercept)"]:
        raise GanalyzeError(
            f"{response} is completely separated by {' and '.join(separating)}: the estimate would be infinite; "
            "leave the term out or gather more trials"
        )
