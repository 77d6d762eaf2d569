"""Formulas and data of which no mixed-effects model can come are refused here, in one line that says why."""

import numpy as np
import pandas as pd
from mixedlm.formula.terms import Formula
from mixedlm.matrices.design import ModelMatrices
from scipy.linalg import solve_triangular
from scipy.optimize import linprog

from ganalyze.statistics.coordinates import Coordinates
from ganalyze.statistics.design import calls_of, evaluate
from ganalyze.support.errors import GanalyzeError

# A column meant to hold numbers, with a stray word in it, has thousands; a design that wide fills the memory.
_MOST_LEVELS = 100


def usable_rows(data: pd.DataFrame, formula: Formula, family: str) -> pd.DataFrame:
    """The complete rows of the formula's variables: numbers as floats, factors as text, calls computed.

    Raises GanalyzeError where a column is missing or unfit, or a grouping factor's variance could not be told.
    """
    calls = calls_of(formula, data)
    columns = sorted(formula.all_variables.difference(calls).union(*calls.values()))
    if missing := [column for column in columns if column not in data]:
        raise GanalyzeError(f"the data lack the column(s) {', '.join(missing)} of the formula {formula}")
    data = data[columns]
    if empty := [column for column in columns if len(data) and data[column].isna().all()]:
        raise GanalyzeError(f"no row has a value in column {' or '.join(empty)} of the formula {formula}")
    for call, arguments in calls.items():  # of all rows that have its arguments, as R does it
        data = data.assign(**{call: evaluate(call, data[sorted(arguments)].dropna().infer_objects())})
    data = data.dropna().infer_objects()
    if data.empty:
        raise GanalyzeError(f"no row has a value in every column of the formula {formula}")
    predictors = sorted(formula.fixed_variables | formula.random_variables)
    factors = [name for name in predictors if not pd.api.types.is_numeric_dtype(data[name])]
    numbers = sorted({formula.response}.union(predictors).difference(factors))
    for name in numbers:
        _check_numbers(data[name])
    for name in {formula.response, *predictors}:
        _check_variation(data[name])
    for name in factors:
        _check_factor(data[name])
    response = data[formula.response]
    if family == "binomial" and not (binary := response.isin((0, 1))).all():
        raise GanalyzeError(
            f"column {response.name} must hold 0 and 1 for a logistic model, but holds {response[~binary].iloc[0]}"
        )
    _check_groups(data, formula, family)
    kinds = dict.fromkeys(numbers, float) | dict.fromkeys(factors, str)
    return data[sorted(formula.all_variables)].astype(kinds).reset_index(drop=True)


def _check_numbers(values: pd.Series) -> None:
    if not pd.api.types.is_numeric_dtype(values):
        raise GanalyzeError(f"column {values.name} must hold numbers, but holds {values.iloc[0]!r}")
    if not np.isfinite(values.astype(float)).all():
        raise GanalyzeError(f"column {values.name} holds an infinite value")


def _check_variation(values: pd.Series) -> None:
    if values.nunique() < 2:
        raise GanalyzeError(f"column {values.name} has the same value {values.iloc[0]} in all {len(values)} rows")


def _check_factor(values: pd.Series) -> None:
    if values.nunique() > _MOST_LEVELS:
        raise GanalyzeError(
            f"column {values.name} is text with {values.nunique()} values, too many for a factor: "
            f"make them numbers ({values.iloc[0]!r} is none), or its effect a random one, (1|{values.name})"
        )


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


def refuse_too_many_effects(matrices: ModelMatrices) -> None:
    """Refuse a random term of a linear model with as many effects as there are rows, as lme4 does."""
    for term in matrices.random_structures:
        if term.n_levels * term.n_terms >= matrices.n_obs:
            raise GanalyzeError(
                f"{term.n_terms} random effects for each of {term.n_levels} {term.grouping_factor} are as many as the "
                f"{matrices.n_obs} rows: they cannot be told from the residual, so leave a slope out"
            )


def refuse_separation(coordinates: Coordinates, response: str) -> None:
    """Refuse responses that some combination of the fixed terms predicts without error.

    The estimates would be infinite, random effects or not (Albert & Anderson 1984; complete and quasi-complete
    separation). Exact, by linear programming: is there a β with x·β ≥ 0 for all ones and ≤ 0 for all zeros, and
    not 0 for all?
    """
    given, triangle = coordinates.given, coordinates.fixed
    distinct = np.unique(np.where(given.y == 1, 1.0, -1.0)[:, None] * given.X, axis=0)
    signed = solve_triangular(triangle, distinct.T, trans="T").T
    n, p = signed.shape
    # Stiemke's lemma: either there is such a β or weights, all positive, under which the rows cancel out. The
    # weights are found 30 times as fast.
    if linprog(np.zeros(n), A_eq=signed.T, b_eq=np.zeros(p), bounds=(1, None), method="highs").success:
        return
    best = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(n), bounds=(-1, 1), method="highs")
    # In units of each term's own spread, given the others.
    size = np.diag(triangle) * solve_triangular(triangle, best.x)
    pairs = zip(given.fixed_names, size, strict=True)
    if separating := [term for term, beta in pairs if abs(beta) > 1e-6 and term != "(Intercept)"]:
        raise GanalyzeError(
            f"{response} is completely separated by {' and '.join(separating)}: the estimate would be infinite; "
            "leave the term out or gather more trials"
        )
