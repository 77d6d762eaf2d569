"""statsmodels as second witness of the linear models: where it speaks, what it says, and that it disturbs nothing."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganalyze.statistics.mixed_models import COLUMNS, fit_mixed_model
from ganalyze.statistics.witness import WITNESS_COLUMNS, witness_difference

ESTIMATE, STD_ERROR = WITNESS_COLUMNS


def scores(seed: int = 0, seeds: int = 30) -> pd.DataFrame:
    """Scores of a few seeds at five alphas, a fifth of the rows gone, and whether they are high."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"seed_id": np.repeat(np.arange(seeds), 5), "alpha": np.tile([-0.2, -0.1, 0, 0.1, 0.2], seeds)})
    levels, slopes = rng.normal(size=(2, seeds))
    data["score"] = 0.7 + (0.6 + 0.3 * slopes[data.seed_id]) * data.alpha + 0.1 * levels[data.seed_id]
    data["score"] += rng.normal(0, 0.05, len(data))
    return data.assign(class_id=data.seed_id // 3, high=(data.score + rng.normal(0, 0.3, len(data)) > 0.7).astype(int))[
        rng.random(len(data)) < 0.8
    ]


ONE_FACTOR = ["score ~ alpha + (1|seed_id)", "score ~ alpha + (1 + alpha||seed_id)", "score ~ 1 + (0 + alpha|seed_id)"]


@pytest.mark.parametrize("formula", ONE_FACTOR)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_with_one_grouping_factor_both_programs_find_the_same(formula, seed):
    models = fit_mixed_model(scores(seed), formula, "gaussian", "score")
    fixed = models[models.std_error.notna()]
    assert (np.abs(fixed.estimate - fixed[ESTIMATE]) < 1e-3 * fixed.std_error).all()
    np.testing.assert_allclose(fixed[STD_ERROR], fixed.std_error, rtol=0.02)  # of another kind
    assert models[models.std_error.isna()][WITNESS_COLUMNS].isna().all(axis=None)


@pytest.mark.parametrize(
    ("formula", "family"),
    [
        ("score ~ alpha + (1|seed_id) + (1|class_id)", "gaussian"),
        ("score ~ alpha + (1|class_id/seed_id)", "gaussian"),
        ("high ~ alpha + (1|seed_id)", "binomial"),
    ],
)
def test_crossed_and_nested_factors_and_logistic_models_have_no_witness(formula, family):
    models = fit_mixed_model(scores(), formula, family, "m")
    assert models.estimate.notna().all()
    assert models[WITNESS_COLUMNS].isna().all(axis=None)
    assert witness_difference(models) is None


def test_a_witness_that_fails_leaves_the_other_columns_as_they_are_and_says_nothing(monkeypatch, capfd):
    usual = fit_mixed_model(scores(), ONE_FACTOR[0], "gaussian", "m")

    class Failing:
        def __init__(self, *_, **__):
            warnings.warn("a boundary", stacklevel=2)
            raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr("ganalyze.statistics.witness.MixedLM", Failing)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        models = fit_mixed_model(scores(), ONE_FACTOR[0], "gaussian", "m")
    assert models[WITNESS_COLUMNS].isna().all(axis=None)
    others = [column for column in COLUMNS if column not in WITNESS_COLUMNS]
    pd.testing.assert_frame_equal(models[others], usual[others], check_exact=True)
    assert capfd.readouterr() == ("", "")


def test_the_difference_is_the_largest_of_all_terms_in_standard_errors():
    models = pd.DataFrame(
        {"estimate": [1.0, 2.0, 3.0], "std_error": [0.5, 0.1, np.nan], ESTIMATE: [1.25, 1.99, np.nan], STD_ERROR: 0.1}
    )
    assert witness_difference(models) == pytest.approx(0.5)
    assert witness_difference(models[2:]) is None
