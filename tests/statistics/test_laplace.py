"""The deviance of logistic models against mixedlm's own, and statsmodels' logistic regression."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from mixedlm.estimation.joint_glmm import JointGLMMObjective
from mixedlm.families import Binomial
from mixedlm.models import GlmerMod

from ganalyze.statistics.laplace import LaplaceDeviance, PenalisedLogit


class Patient(Binomial):
    """For families that are not its own, mixedlm takes iterations in Python, which halve a step that leads uphill. The
    compiled ones find no mode at some of the parameters."""


FORMULAS = {
    "nested": "right ~ x + (1|person) + (1|place) + (1|town)",
    "slopes": "right ~ x + (x|person) + (1|place)",
    "independent slopes": "right ~ x + (1 + x||person)",
    "slopes without a level": "right ~ x + (0 + x|person)",
}


def answers(rows: int = 400) -> pd.DataFrame:
    """Of people crossed with places, which lie in towns."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"person": rng.integers(0, 25, rows), "place": rng.integers(0, 40, rows)})
    data = data.assign(town=data.place // 4, x=rng.normal(size=rows))
    odds = 0.3 + data.x + rng.normal(size=25)[data.person] + rng.normal(size=40)[data.place]
    return data.assign(right=(rng.logistic(size=rows) < odds).astype(float))


def parameters(matrices, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    count = sum(
        term.n_terms * (term.n_terms + 1) // 2 if term.correlated else term.n_terms
        for term in matrices.random_structures
    )
    return np.r_[rng.uniform(0.2, 2, count), rng.normal(size=matrices.n_fixed)]


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=list(FORMULAS))
def test_deviance_and_effects_are_those_of_mixedlm_at_any_parameters(formula):
    matrices = GlmerMod(formula, answers()).matrices
    ours, theirs = LaplaceDeviance(matrices), JointGLMMObjective(matrices, Patient(), pirls_maxiter=100)
    for seed in range(5):
        at = parameters(matrices, seed)
        expected, _, effects, converged = theirs.evaluate(at)
        assert converged
        assert ours(at) == pytest.approx(expected, abs=1e-7)
        np.testing.assert_allclose(ours.effects(at), effects, atol=1e-7)


def test_it_does_not_matter_what_was_asked_before():
    matrices = GlmerMod(FORMULAS["nested"], answers()).matrices
    at = parameters(matrices, 0)
    alone, after = LaplaceDeviance(matrices), LaplaceDeviance(matrices)
    for seed in range(1, 8):
        after(10 * parameters(matrices, seed))
    assert after(at) == pytest.approx(alone(at), abs=1e-9)


def test_a_variance_of_zero_is_as_a_model_without_it():
    data = answers()
    with_, without = (
        GlmerMod(f"right ~ x + {terms}", data).matrices for terms in ("(1|person) + (1|place)", "(1|person)")
    )
    at = np.array([0.8, 0.0, 0.3, 1.0])
    assert LaplaceDeviance(with_)(at) == pytest.approx(LaplaceDeviance(without)(at[[0, 2, 3]]), abs=1e-9)


def test_effects_larger_than_their_groups_can_tell_have_a_mode():
    """A whole Newton step leads uphill there, and mixedlm's compiled iterations go round in circles."""
    data = answers(60).assign(person=lambda d: np.arange(60) // 2)
    deviance = LaplaceDeviance(GlmerMod("right ~ x + (x|person)", data).matrices)
    for size in (10.0, 1e2, 1e3):
        assert np.isfinite(deviance(np.array([size, 0.0, size, 5.0, -5.0])))


def test_without_penalties_it_is_logistic_regression():
    data = answers()
    x = sm.add_constant(data[["x"]])
    expected = sm.Logit(data.right, x).fit(disp=False)
    logit = PenalisedLogit(np.tile([0, 1], (len(data), 1)), np.zeros(2), data.right.to_numpy())
    deviance = logit.fit(x.to_numpy(), np.zeros(len(data)))
    assert deviance == pytest.approx(-2 * expected.llf)
    np.testing.assert_allclose(logit.effects, expected.params, rtol=1e-6)
    np.testing.assert_allclose([logit.std_error(0), logit.std_error(1)], expected.bse, rtol=1e-6)
