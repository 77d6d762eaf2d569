"""A verdict on the optimum that holds: of everyday data, and of fits that are beside it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from mixedlm.models import GlmerMod, LmerMod

from ganalyze.statistics.convergence import _judge_minimum, examine
from ganalyze.statistics.mixed_models import fit_mixed_model


def everyday(seed: int) -> pd.DataFrame:
    """300 rows of 20 people whose slopes over x differ much, little or not at all; x in some units from some origin."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"person": rng.integers(0, 20, 300), "z": rng.normal(size=300)})
    level, slope = rng.normal(size=20), rng.choice([0, 0.1, 0.3, 1]) * rng.normal(size=20)
    value = 0.5 * data.z + level[data.person] + slope[data.person] * data.z
    data["x"] = 10 ** rng.uniform(-3, 3) * (data.z + rng.uniform(-20, 20))
    return data.assign(time=value + rng.normal(size=300), right=(value + rng.logistic(size=300) > 0).astype(int))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("formula", "family"), [("time ~ x", "gaussian"), ("right ~ x", "binomial")])
def test_everyday_data_have_an_optimum(formula, family, seed):
    table = fit_mixed_model(everyday(seed), f"{formula} + (x|person)", family, "m")
    assert set(table.converged) <= {"yes", "singular"}
    assert table.estimate.notna().all()


@pytest.mark.parametrize(
    ("model", "response", "which"),
    [(LmerMod, "time", "theta"), (GlmerMod, "right", "theta"), (GlmerMod, "right", "beta")],
)
def test_a_fit_beside_its_optimum_has_not_reached_it(model, response, which):
    fit = model(f"{response} ~ z + (1|person)", everyday(0)).fit()
    assert examine(fit)[0]
    # A tenth of a standard error lowers the deviance by 0.01, a thousand times the limit.
    assert not examine(replace(fit, **{which: getattr(fit, which) + 0.05}))[0]


@pytest.mark.parametrize("flat", [1e-3, -1e-3])
def test_a_direction_that_rounding_bends_down_does_not_hide_a_slope(flat):
    """θ is (steep, flat): a Newton step along the first lowers the deviance by 0.5."""
    reached, _ = _judge_minimum(np.array([1.0, 0.1]), np.diag([1.0, flat]), 2)
    assert not reached
