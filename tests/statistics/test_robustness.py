"""The slope of the score by five analyses: those of R, and one that fails is named."""

import numpy as np
import pandas as pd
import pytest

from ganalyze.statistics.formulas import robust_score_formulas, score_formula
from ganalyze.statistics.mixed_models import no_model
from ganalyze.statistics.model_tables import fit_models
from ganalyze.statistics.robustness import seed_slopes, slopes_by_analysis
from tests import REPOSITORY

LME4 = REPOSITORY / "tests/fixtures/lme4"


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    table = pd.read_csv(LME4 / "published/sleepstudy.csv.gz")
    return table.rename(columns={"Subject": "seed_id", "Days": "alpha", "Reaction": "score"})


@pytest.fixture(scope="module")
def models(sleep):
    robust = robust_score_formulas(1)
    return (
        fit_models(sleep, [score_formula(1)], "gaussian", ["score"], "wald", False),
        fit_models(sleep, list(robust.values()), "gaussian", list(robust), "wald", False),
    )


def test_slopes_are_those_of_r(sleep, models):
    golden = pd.read_csv(LME4 / "robustness.csv")
    found = slopes_by_analysis(sleep, *models)
    np.testing.assert_allclose(
        found[["estimate", "ci_low", "ci_high"]], golden[["estimate", "ci_low", "ci_high"]], rtol=1e-4
    )
    np.testing.assert_allclose(found.p[3:], golden.p[3:], rtol=1e-8)
    assert found.n.tolist() == [180, 180, 180, 18, 18]
    assert found.note[4] == f"{(seed_slopes(sleep) > 0).sum()} of 18 seeds rise" == "17 of 18 seeds rise"


def test_a_model_that_could_not_be_had_says_why_and_the_others_stand(sleep, models):
    model, robust = models
    lost = pd.concat([robust[robust.model != "own slopes"], no_model("own slopes", "score ~ …", "it did not converge")])
    found = slopes_by_analysis(sleep, model, lost)
    assert found.note[1] == "it did not converge"
    assert found.estimate.isna().tolist() == [False, True, False, False, False]


def test_the_sign_test_does_not_care_how_far_one_seed_falls():
    alpha = np.tile([-0.2, 0.0, 0.2], 20)
    seed = np.repeat(np.arange(20), 3)
    slope = np.linspace(0.5, 1.5, 20)
    scores = pd.DataFrame({"seed_id": seed, "alpha": alpha, "score": slope[seed] * alpha + seed})
    scores.loc[seed == 0, "score"] = -100 * alpha[:3]
    none = pd.DataFrame({"model": [], "term": [], "estimate": [], "converged": []})
    found = slopes_by_analysis(scores, none, none)
    assert found.note.tolist()[:3] == ["it was not fitted"] * 3
    steps, signs = found.iloc[3], found.iloc[4]
    assert steps.p > 0.05
    assert signs.p < 0.001
    assert signs.ci_low > 0.5
