"""Our regressions against lme4's (tests/fixtures/lme4), and what must hold of any."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

from ganalyze.statistics.mixed_models import COLUMNS, fit_mixed_model
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY

LME4 = REPOSITORY / "tests/fixtures/lme4"
SCRIPT = REPOSITORY / "scripts" / "fit_mixed_models.py"
sys.path.insert(0, str(LME4))
from simulate import CASES, simulate  # noqa: E402

ANSWERS = pd.read_csv(LME4 / "lme4.csv", keep_default_na=False)
LINEAR = [case for case, (family, _) in CASES.items() if family == "gaussian"]
LOGISTIC = [
    pytest.param(case, marks=pytest.mark.slow if case == "trials" else ())
    for case, (family, _) in CASES.items()
    if family == "binomial" and case != "trials_separated"
]


def lme4(case: str, control: str, quantity: str) -> pd.Series:
    rows = ANSWERS.query("case == @case and control == @control and quantity == @quantity")
    return rows.set_index("term").value


@pytest.fixture(scope="module")
def ours():
    """The fit of a case by its name, made once. The terms are the index."""
    fits: dict[str, pd.DataFrame] = {}

    def fit(case: str) -> pd.DataFrame:
        if case not in fits:
            family, formula = CASES[case]
            data = simulate(case)
            seen = lme4(case, "tight", "mean_response").iloc[0]
            assert data[formula.split()[0]].mean() == pytest.approx(seen, abs=1e-12), "not the data lme4 saw"
            fits[case] = fit_mixed_model(data, formula, family, case).set_index("term")
        return fits[case]

    return fit


@pytest.mark.parametrize("case", LINEAR)
def test_linear_model_equals_lme4(ours, case):
    fit, control = ours(case), "tight"
    beta, components = lme4(case, control, "estimate"), lme4(case, control, "component")
    assert set(fit.index) == {*beta.index, *components.index}
    np.testing.assert_allclose(fit.estimate[beta.index], beta, rtol=1e-8)
    np.testing.assert_allclose(fit.std_error[beta.index], lme4(case, control, "std_error"), rtol=1e-4)
    # The optimisers leave a variance that is zero at up to 1e-10.
    np.testing.assert_allclose(fit.estimate[components.index] ** 2, components**2, rtol=1e-3, atol=1e-10)
    np.testing.assert_allclose(fit.log_likelihood, lme4(case, control, "log_likelihood").iloc[0], rtol=1e-4)
    assert (fit.n == lme4(case, control, "n").iloc[0]).all()
    singular = lme4(case, control, "singular").iloc[0]
    assert (fit.converged == ("singular" if singular else "yes")).all()


@pytest.mark.parametrize("case", LINEAR)
def test_linear_model_is_no_worse_than_lme4_as_it_comes(ours, case):
    assert ours(case).log_likelihood.iloc[0] >= lme4(case, "default", "log_likelihood").iloc[0] - 1e-8


@pytest.mark.parametrize("control", ["tight", "tightest"])
@pytest.mark.parametrize("case", LOGISTIC)
def test_logistic_model_equals_lme4(ours, case, control):
    fit = ours(case)
    beta, error = lme4(case, control, "estimate"), lme4(case, control, "std_error")
    components = lme4(case, control, "component")
    assert set(fit.index) == {*beta.index, *components.index}
    assert (np.abs(fit.estimate[beta.index] - beta) <= 0.02 * error).all()
    np.testing.assert_allclose(fit.std_error[beta.index], error, rtol=0.01)
    np.testing.assert_allclose(fit.estimate[components.index] ** 2, components**2, rtol=1e-3, atol=1e-10)
    assert fit.log_likelihood.iloc[0] >= lme4(case, control, "log_likelihood").iloc[0] - 1e-3
    assert fit.tjur_d.iloc[0] == pytest.approx(lme4(case, control, "tjur_d").iloc[0], abs=1e-4)
    assert (fit.n == lme4(case, control, "n").iloc[0]).all()
    singular = lme4(case, control, "singular").iloc[0]
    assert (fit.converged == ("singular" if singular else "yes")).all()


@pytest.mark.parametrize("case", LOGISTIC)
def test_logistic_model_equals_lme4_ever_more_closely_as_lme4_is_tightened(ours, case):
    """Where the tolerances of the paper's numbers are met, these are what we reach beyond them."""
    fit, control = ours(case), "tightest"
    beta, error = lme4(case, control, "estimate"), lme4(case, control, "std_error")
    assert (np.abs(fit.estimate[beta.index] - beta) <= 1e-4 * error).all()
    np.testing.assert_allclose(fit.std_error[beta.index], error, rtol=1e-3)
    assert fit.tjur_d.iloc[0] == pytest.approx(lme4(case, control, "tjur_d").iloc[0], abs=1e-6)


@pytest.mark.parametrize(
    "case", ["one_factor", "slopes", "trials_one_factor", pytest.param("trials_singular", marks=pytest.mark.slow)]
)
def test_profile_intervals_equal_lme4(ours, case):
    family, formula = CASES[case]
    theirs = pd.read_csv(LME4 / "profiles.csv").query("case == @case").set_index("term")
    fit = fit_mixed_model(simulate(case), formula, family, case, "profile").set_index("term").loc[theirs.index]
    for end in ("ci_low", "ci_high"):
        # 1e-4 of a standard error for linear models, 0.01 for logistic ones, whose deviance lme4 knows less well.
        assert (np.abs(fit[end] - theirs[end]) < (1e-4 if family == "gaussian" else 1e-2) * fit.std_error).all()
        assert (fit[end] != ours(case)[end].loc[theirs.index]).all()  # not Wald's
    assert fit.engine.str.endswith("profile intervals").all()


@pytest.mark.parametrize("case", ["one_factor", "slopes", "slopes_independent"])
def test_statsmodels_agrees_on_one_grouping_factor(ours, case):
    data = simulate(case)
    fixed = np.column_stack([np.ones(len(data)), data.alpha, data.brightness][: 3 if case == "one_factor" else 2])
    random = fixed[:, : 1 if case == "one_factor" else 2]
    independent = MixedLMParams.from_components(fe_params=np.ones(2), cov_re=np.eye(2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MixedLM(data.score, fixed, data.seed_id, random)
        theirs = model.fit(gtol=1e-9, free=independent if case == "slopes_independent" else None)
    fit = ours(case)
    beta = fit[fit.std_error.notna()]
    np.testing.assert_allclose(beta.estimate, theirs.fe_params, rtol=1e-6)
    np.testing.assert_allclose(beta.std_error, theirs.bse_fe, rtol=1e-3)  # another kind: see mixed_models.py
    sds = fit.estimate[[term for term in fit.index if term.startswith("sd(") and "residual" not in term]]
    np.testing.assert_allclose(sds**2, np.diag(theirs.cov_re), rtol=1e-3)
    assert fit.log_likelihood.iloc[0] == pytest.approx(theirs.llf, rel=1e-6)


def test_table_has_the_columns_of_mixed_models_csv(ours):
    fit = ours("nested").reset_index()
    assert set(fit) == set(COLUMNS)
    assert list(fit.term) == [
        "(Intercept)",
        "alpha",
        "sd(1|class_id)",
        "sd(1|class_id:z_index)",
        "sd(residual)",
    ]
    assert fit.groups[0] == "class_id:120;class_id:z_index:240"
    assert fit.engine[0].startswith("mixedlm")
    np.testing.assert_allclose(fit.ci_high - fit.ci_low, 2 * 1.959964 * fit.std_error, rtol=1e-6)
    assert fit.p.dtype == float
    assert fit[fit.term.str.startswith("sd")][["std_error", "ci_low", "ci_high", "p", "tjur_d"]].isna().all(axis=None)


def small(n_seeds: int = 40) -> pd.DataFrame:
    """Images of a few seeds with scores, and a trial for each with a hit or a miss."""
    rng = np.random.default_rng(7)
    data = pd.DataFrame({"seed_id": np.repeat(np.arange(n_seeds), 5)})
    data["class_id"] = data.seed_id // 4
    data["alpha"] = np.tile([-0.4, -0.2, 0.0, 0.2, 0.4], n_seeds)
    effect = rng.normal(size=n_seeds)[data.seed_id]
    data["score"] = 0.5 + 0.3 * data.alpha + 0.1 * effect + rng.normal(0, 0.05, len(data))
    data["hit"] = (rng.logistic(size=len(data)) < 0.5 + 2 * data.alpha + effect).astype(int)
    return data


MODELS = {
    "gaussian": "score ~ alpha + (1 + alpha||seed_id) + (1|class_id)",
    "binomial": "hit ~ alpha + (1|seed_id) + (1|class_id)",
}
families = pytest.mark.parametrize("family", MODELS)
NUMBERS = ["estimate", "std_error", "log_likelihood"]


@families
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_neither_order_of_rows_nor_names_of_groups_matter(family, seed):
    data, rng = small(), np.random.default_rng(seed)
    names = rng.permutation(data.seed_id.nunique())
    other = data.assign(seed_id="seed " + pd.Series(names[data.seed_id]).astype(str))
    other = other.sample(frac=1, random_state=rng)
    before, after = (fit_mixed_model(d, MODELS[family], family, "m") for d in (data, other))
    np.testing.assert_allclose(after[NUMBERS], before[NUMBERS], rtol=1e-3, atol=1e-4)
    assert (after.converged == before.converged).all()


@families
@settings(max_examples=5, deadline=None)
@given(shift=st.floats(-5, 5))
def test_shifting_a_predictor_moves_only_the_intercept(family, shift):
    data = small().assign(brightness=lambda d: np.sin(np.arange(len(d))))
    formula = MODELS[family].replace("alpha +", "alpha + brightness +", 1)
    before = fit_mixed_model(data, formula, family, "m").set_index("term")
    after = fit_mixed_model(data.assign(brightness=data.brightness + shift), formula, family, "m").set_index("term")
    moved = before.estimate["(Intercept)"] - shift * before.estimate["brightness"]
    assert after.estimate["(Intercept)"] == pytest.approx(moved, rel=1e-3, abs=1e-4)
    rest = before.index.drop("(Intercept)")
    np.testing.assert_allclose(after.loc[rest, NUMBERS], before.loc[rest, NUMBERS], rtol=1e-3, atol=1e-4)


@families
@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_units_of_a_predictor_only_rescale_its_row(family, unit):
    data = small()
    formula = {"gaussian": "score ~ alpha + (1|seed_id)", "binomial": "hit ~ alpha + (1|seed_id)"}[family]
    before = fit_mixed_model(data, formula, family, "m").set_index("term")
    after = fit_mixed_model(data.assign(alpha=data.alpha * unit), formula, family, "m").set_index("term")
    for column in ("estimate", "std_error", "ci_low", "ci_high"):
        assert after[column]["alpha"] * unit == pytest.approx(before[column]["alpha"], rel=1e-3)
    assert after.p["alpha"] == pytest.approx(before.p["alpha"], rel=1e-2)


def test_standard_error_holds_when_intercept_and_slope_are_entangled():
    """A predictor far from zero, such as an entropy of 7 bits, must not spoil the Hessian's differences."""
    data, formula = small(), "hit ~ alpha + (1|seed_id)"
    near, far = (fit_mixed_model(data.assign(alpha=data.alpha + by), formula, "binomial", "m") for by in (0, 50))
    assert far.std_error[1] == pytest.approx(near.std_error[1], rel=1e-3)


@families
def test_a_singular_fit_of_a_tiny_table_is_a_result(family):
    rng = np.random.default_rng(0)
    data = small(4).assign(score=lambda d: 0.3 * d.alpha + np.tile(rng.normal(size=5), 4) + 0.01 * d.seed_id)
    data["hit"] = np.tile([0, 1, 0, 1, 1], 4)
    response = {"gaussian": "score", "binomial": "hit"}[family]
    fit = fit_mixed_model(data, f"{response} ~ alpha + (1|seed_id)", family, "tiny").set_index("term")
    assert (fit.converged == "singular").all()
    assert fit.estimate["sd(1|seed_id)"] == pytest.approx(0, abs=1e-3)
    assert np.isfinite(fit.std_error["alpha"])


def test_rows_without_a_value_are_left_out_and_n_says_so():
    data = small()
    data.loc[[3, 8], "alpha"] = np.nan
    data.loc[11, "seed_id"] = np.nan
    data["unused"] = np.nan
    fit = fit_mixed_model(data, "score ~ alpha + (1|seed_id)", "gaussian", "m")
    assert (fit.n == len(data) - 3).all()


LINE, LOGIT = "score ~ alpha + (1|seed_id)", "hit ~ alpha + (1|seed_id)"
REFUSED = {
    "missing column": (small(), "score ~ alpha + gamma + (1|seeds)", "gaussian", "lack the column.*gamma, seeds"),
    "not binary": (small().assign(hit=lambda d: d.hit + 1), LOGIT, "binomial", "hit must hold 0 and 1"),
    "text": (small().assign(score="low"), LINE, "gaussian", "score must hold numbers, but holds 'low'"),
    "infinite": (small().replace({"alpha": {0.4: np.inf}}), LINE, "gaussian", "alpha holds an infinite value"),
    "constant predictor": (small().assign(alpha=0.1), LINE, "gaussian", "alpha has the same value 0.1"),
    "constant response": (small().assign(hit=1), LOGIT, "binomial", "hit has the same value 1"),
    "one level": (small().assign(seed_id=3), LINE, "gaussian", "seed_id has one level only"),
    "a level a row": (small().assign(seed_id=range(200)), LINE, "gaussian", "every row has a seed_id of its own"),
    "levels without variation": (small().assign(hit=lambda d: d.seed_id % 2), LOGIT, "binomial", "never varies"),
    "twin factors": (
        small().assign(twin=lambda d: 7 - d.seed_id),
        LINE + " + (1|twin)",
        "gaussian",
        "seed_id and twin group the rows alike",
    ),
    "dependent predictors": (
        small().assign(twice=lambda d: 2 * d.alpha),
        "score ~ alpha + twice + (1|seed_id)",
        "gaussian",
        "rank deficient",
    ),
    "exact": (small().assign(score=lambda d: d.alpha + d.seed_id), LINE, "gaussian", "no residual is left"),
    "open bracket": (small(), "score ~ alpha + (1|seed_id", "gaussian", "cannot read the formula"),
    "no formula": (small(), "", "gaussian", "cannot read the formula"),
    "ratio": (small(), "hit / score ~ alpha + (1|seed_id)", "binomial", "a single column before the ~"),
    "no random effect": (small(), "score ~ alpha", "gaussian", "names no random effect"),
    "empty": (small()[:0], LINE, "gaussian", "no row has a value"),
    "nothing but gaps": (small().assign(alpha=np.nan), LINE, "gaussian", "no row has a value in column alpha"),
    "separated": (simulate("trials_separated"), *CASES["trials_separated"][::-1], "completely separated by alpha"),
    "all but separated": (
        small().assign(hit=lambda d: np.where(d.alpha == 0, d.hit, d.alpha > 0)),
        LOGIT,
        "binomial",
        "completely separated by alpha",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_give_no_model_is_refused_in_one_line(case):
    data, formula, family, message = REFUSED[case]
    with pytest.raises(GanalyzeError, match=message) as refusal:
        fit_mixed_model(data, formula, family, "m")
    assert "\n" not in str(refusal.value)


def test_one_exception_to_a_separation_makes_it_a_model():
    data = small().assign(hit=lambda d: (d.alpha > 0).astype(int))
    data.loc[0, "hit"] = 1
    fit = fit_mixed_model(data, LOGIT, "binomial", "m")
    assert np.isfinite(fit.std_error[1])


def test_lme4_itself_gives_a_huge_estimate_where_we_refuse_separation():
    assert abs(lme4("trials_separated", "default", "estimate")["alpha"]) > 100


def run_script(folder: Path, data: pd.DataFrame | bytes, formula: str, family: str):
    table, output = folder / "table.csv", folder / "out" / "models.csv"
    table.write_bytes(data if isinstance(data, bytes) else data.to_csv(index=False).encode())
    command = [sys.executable, SCRIPT, "--data", table, "--formula", formula, "--family", family, "--output", output]
    return subprocess.run(command, capture_output=True, text=True), output


def test_script_writes_the_table(tmp_path):
    data = small()
    data.loc[0, "alpha"] = np.nan
    done, output = run_script(tmp_path, data, LINE, "gaussian")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "score ~ alpha: 1 of 200 rows left out: they lack a value\n"
    written = pd.read_csv(output)
    assert list(written) == COLUMNS
    pd.testing.assert_frame_equal(written, fit_mixed_model(data, LINE, "gaussian", "score ~ alpha"), check_dtype=False)


@pytest.mark.parametrize("case", ["missing column", "not binary", "open bracket", "one level", "separated"])
def test_script_refuses_in_one_line_and_leaves_nothing(tmp_path, case):
    data, formula, family, _ = REFUSED[case]
    done, output = run_script(tmp_path, data, formula, family)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize("content", [b"", b'a,b\n1,2\n3,4,5\n"'])
def test_script_refuses_what_is_no_csv(tmp_path, content):
    done, output = run_script(tmp_path, content, LINE, "gaussian")
    assert done.returncode == 1
    assert "not a readable CSV file" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not output.exists()


def test_script_names_a_missing_file_and_an_unknown_family(tmp_path):
    command = [sys.executable, SCRIPT, "--formula", LINE, "--output", tmp_path / "out.csv", "--data"]
    missing = subprocess.run([*command, tmp_path / "no.csv", "--family", "gaussian"], capture_output=True, text=True)
    assert missing.returncode == 1
    assert missing.stderr.startswith("error: file not found")
    unknown = subprocess.run([*command, SCRIPT, "--family", "poisson"], capture_output=True, text=True)
    assert unknown.returncode == 2
    assert "invalid choice 'poisson'" in unknown.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_model_whose_optimum_was_not_reached_gives_no_numbers(monkeypatch):
    monkeypatch.setattr("ganalyze.statistics.mixed_models.examine", lambda fit: (False, fit.vcov()))
    data = pd.DataFrame({"seed_id": np.repeat(range(10), 5), "alpha": np.tile([-0.2, -0.1, 0, 0.1, 0.2], 10)})
    data["score"] = np.random.default_rng(0).normal(data.alpha + data.seed_id, 0.1)
    table = fit_mixed_model(data, "score ~ alpha + (1|seed_id)", "gaussian", "score")
    assert set(table.converged) == {"no: it did not converge"}
    assert table[["estimate", "std_error", "ci_low", "ci_high", "p"]].isna().all(axis=None)
    assert (table.n == 50).all()
