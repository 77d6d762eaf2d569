"""Published data sets, as people fit them with lme4, fitted by the command: tests/fixtures/lme4/published."""

import runpy
import sys

import numpy as np
import pandas as pd
import pytest

from ganalyze.support.arguments import parse
from tests import REPOSITORY

LME4 = REPOSITORY / "tests/fixtures/lme4"
SCRIPT = runpy.run_path(str(REPOSITORY / "scripts/fit_mixed_models.py"))
sys.path.insert(0, str(LME4))
from published import CASES, DATA  # noqa: E402

ANSWERS = pd.read_csv(LME4 / "published.csv", keep_default_na=False)
LINEAR = [case for case, (_, family, _) in CASES.items() if family == "gaussian"]
LOGISTIC = [case for case, (_, family, _) in CASES.items() if family == "binomial"]


def lme4(case: str, control: str, quantity: str) -> pd.Series:
    rows = ANSWERS.query("case == @case and control == @control and quantity == @quantity")
    return rows.set_index("term").value


def fit(folder, data_set: str, family: str, formula: str) -> pd.DataFrame:
    """The command's table, by term."""
    output = folder / "models.csv"
    words = ["--data", DATA / f"{data_set}.csv.gz", "--family", family, "--formula", formula, "--output", output]
    SCRIPT["main"](parse(SCRIPT["Arguments"], "", [str(word) for word in words]))
    return pd.read_csv(output).set_index("term")


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """The fit of a case by its name, made once; R's names of the terms, `sexM` for `sex[M]`, are the index."""
    fits: dict[str, pd.DataFrame] = {}

    def fitted(case: str) -> pd.DataFrame:
        if case not in fits:
            fits[case] = fit(tmp_path_factory.mktemp(case), *CASES[case])
            fits[case].index = fits[case].index.str.replace("[", "", regex=False).str.replace("]", "", regex=False)
        return fits[case]

    return fitted


@pytest.mark.parametrize("case", LINEAR)
def test_linear_model_of_published_data_equals_lme4(ours, case):
    table, control = ours(case), "tight"
    beta, components = lme4(case, control, "estimate"), lme4(case, control, "component")
    assert set(table.index) == {*beta.index, *components.index}
    # Unbalanced as these data are, estimates depend on how far either optimiser goes, the more so near zero.
    error = lme4(case, control, "std_error")
    assert (np.abs(table.estimate[beta.index] - beta) <= 1e-5 * error).all()
    np.testing.assert_allclose(table.std_error[beta.index], error, rtol=1e-4)
    np.testing.assert_allclose(table.estimate[components.index] ** 2, components**2, rtol=1e-3, atol=1e-10)
    np.testing.assert_allclose(table.log_likelihood, lme4(case, control, "log_likelihood").iloc[0], rtol=1e-4)
    assert (table.n == lme4(case, control, "n").iloc[0]).all()
    assert (table.converged == ("singular" if lme4(case, control, "singular").iloc[0] else "yes")).all()


@pytest.mark.parametrize("case", LOGISTIC)
def test_logistic_model_of_published_data_equals_lme4(ours, case):
    table, control = ours(case), "tightest"  # short of that, lme4 stops where its likelihood is lower than ours
    beta, error = lme4(case, control, "estimate"), lme4(case, control, "std_error")
    components = lme4(case, control, "component")
    assert set(table.index) == {*beta.index, *components.index}
    assert (np.abs(table.estimate[beta.index] - beta) <= 0.02 * error).all()
    np.testing.assert_allclose(table.std_error[beta.index], error, rtol=0.01)
    np.testing.assert_allclose(table.estimate[components.index] ** 2, components**2, rtol=1e-3, atol=1e-10)
    assert table.log_likelihood.iloc[0] >= lme4(case, control, "log_likelihood").iloc[0] - 1e-3
    assert table.tjur_d.iloc[0] == pytest.approx(lme4(case, control, "tjur_d").iloc[0], abs=1e-4)
    assert (table.n == lme4(case, control, "n").iloc[0]).all()
    assert (table.converged == ("singular" if lme4(case, control, "singular").iloc[0] else "yes")).all()


HEIGHTS = pd.read_csv(DATA / "grouseticks.csv.gz").HEIGHT


@pytest.mark.parametrize(
    ("case", "formula", "renamed", "unit"),
    [
        # Squares of years, and metres: predictors with which lme4 itself is lost.
        (
            "contraception_quadratic",
            "uses ~ years + I(years**2) + urban + livch + (1|district)",
            {"I(years**2)": "I(age^2)"},
            1,
        ),
        ("grouseticks", "any ~ YEAR + HEIGHT + (1|BROOD) + (1|LOCATION)", {"HEIGHT": "scale(HEIGHT)"}, HEIGHTS.std()),
    ],
)
def test_predictors_as_they_come_give_the_model_of_them_centred_and_scaled(
    ours, tmp_path, case, formula, renamed, unit
):
    centred = ours(case)
    table = fit(tmp_path, *CASES[case][:2], formula).rename(index=renamed)
    table.index = table.index.str.replace("[", "", regex=False).str.replace("]", "", regex=False)
    (term,) = renamed.values()
    table.loc[term, ["estimate", "std_error"]] *= unit
    shared = [name for name in centred.index.intersection(table.index) if name != "(Intercept)"]
    assert term in shared
    assert len(shared) >= 5
    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(table[column][shared], centred[column][shared], rtol=1e-3, atol=1e-5)
    assert table.log_likelihood.iloc[0] == pytest.approx(centred.log_likelihood.iloc[0], abs=1e-6)
    assert (table.converged == "yes").all()
