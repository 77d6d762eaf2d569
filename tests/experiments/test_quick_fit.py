"""The quick fit for power against the full model, and against what was put in."""

import numpy as np
import pytest

from ganalyze.experiments.power import GRID, SEEDS, SEEDS_PER_CLASS, simulate_answers, spread
from ganalyze.experiments.quick_fit import quick_slope
from ganalyze.statistics.formulas import trial_formula
from ganalyze.statistics.mixed_models import fit_mixed_model


def full_slope(points):
    formula = trial_formula("answer", "alpha", SEEDS // SEEDS_PER_CLASS)
    alpha = fit_mixed_model(points, formula, "binomial", "hit").set_index("term").loc["alpha"]
    return alpha.estimate, alpha.std_error


@pytest.mark.parametrize("experiment", ["memory_game", "two_afc"])
def test_slope_and_error_are_those_of_the_full_model(experiment):
    points = [simulate_answers(experiment, beta, GRID, 25, SEEDS, np.random.default_rng(7)) for beta in (0.0, 1.92)]
    quick, full = (
        np.array([fit(one) for one in points]) for fit in (lambda x: quick_slope(x, "answer", spread()), full_slope)
    )
    np.testing.assert_allclose(quick[:, 1], full[:, 1], rtol=0.08)
    np.testing.assert_allclose(quick[:, 0] / quick[:, 1], full[:, 0] / full[:, 1], rtol=0.08, atol=0.05)


def test_z_without_an_effect_is_standard_normal_and_with_one_finds_it_again():
    fits = np.array(
        [
            quick_slope(
                simulate_answers("memory_game", beta, GRID, 12, 200, np.random.default_rng(i)), "answer", spread()
            )
            for beta in (0.0, 1.92)
            for i in range(150)
        ]
    ).reshape(2, 150, 2)
    assert (fits[0, :, 0] / fits[0, :, 1]).std() == pytest.approx(1, abs=0.17)
    assert abs((fits[0, :, 0] / fits[0, :, 1]).mean()) < 0.25
    # Lapses, and what a fit by mode does to an estimate, take a little of it.
    assert fits[1, :, 0].mean() == pytest.approx(1.92, abs=0.25)
