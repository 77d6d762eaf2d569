"""Models that are fitted by another way than the first."""

import numpy as np
import pandas as pd
import pytest

from ganalyze.statistics.convergence import examine
from ganalyze.statistics.design import in_numbers, parse_formula
from ganalyze.statistics.fitting import fits_of
from ganalyze.statistics.mixed_models import fit_mixed_model
from ganalyze.support.errors import GanalyzeError


def crossed(seed: int, rows: int, groups: int) -> pd.DataFrame:
    """Rows of groups in other groups, with next to no residual, so that variances are large beside it."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"person": np.arange(rows) % groups, "place": rng.integers(0, groups // 2, rows)})
    data["x"] = rng.normal(size=rows)
    level, slope = 5 * rng.normal(size=(2, groups))
    data["y"] = data.x + level[data.person] + slope[data.person] * data.x + rng.normal(0, 0.01, rows)
    return data


# lme4's log likelihoods (1.1-31, lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))) with
# scale(x) for x, which adds log(sd(x)) to a restricted one.
@pytest.mark.filterwarnings("ignore:Model")
@pytest.mark.parametrize(
    ("seed", "lme4"),
    [
        (0, 174.6208),
        (13, 171.0171),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in ((1, 194.3123), (7, 181.4970))),
    ],
)
def test_a_linear_fit_that_stuck_at_a_bound_goes_on_from_beside_it(seed, lme4):
    data, formula = crossed(seed, 100, 10), "y ~ x + (x|person) + (x|place)"
    lme4 -= np.log(data.x.std())
    coordinates, fits = fits_of(*in_numbers(parse_formula(formula), data), "gaussian")
    stuck = next(fits)
    assert not examine(stuck)[0]
    assert coordinates.restore(stuck).logLik().value < lme4 - 1e-3
    table = fit_mixed_model(data, formula, "gaussian", "m")
    assert set(table.converged) == {"singular"}
    assert table.log_likelihood[0] == pytest.approx(lme4, abs=1e-4)


@pytest.mark.parametrize(("formula", "effects"), [("y ~ x + (x|pair)", 2), ("y ~ x + (1 + x + place|pair)", 3)])
def test_as_many_random_effects_as_rows_are_refused(formula, effects):
    data = crossed(0, 60, 10).assign(pair=np.arange(60) // effects)
    message = rf"{effects} random effects for each of {60 // effects} pair are as many as the 60 rows"
    with pytest.raises(GanalyzeError, match=message):
        fit_mixed_model(data, formula, "gaussian", "m")
