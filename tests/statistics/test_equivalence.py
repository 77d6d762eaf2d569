"""Equivalence: shown where it holds, seldom where it does not, and as another implementation tests it."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit

from ganalyze.statistics.equivalence import PAPER_RANGE, Equivalence, equivalence_p
from tests import REPOSITORY

MARGIN = 0.5


def shown(rng, slope, answers, data_sets=2000):
    """The share of simulated data sets in which logistic regression and test find a slope within ± MARGIN."""
    alpha = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])
    found = []
    for right in rng.binomial(answers // 5, expit(0.6 + slope * alpha), size=(data_sets, 5)):
        counts = np.column_stack([right, answers // 5 - right])
        fit = sm.GLM(counts, sm.add_constant(alpha), sm.families.Binomial()).fit()
        found.append(equivalence_p(fit.params[1], fit.bse[1], MARGIN) < 0.05)
    return np.mean(found)


@pytest.mark.parametrize("slope", [MARGIN, -MARGIN])
def test_a_slope_at_the_margin_is_called_none_in_one_of_twenty_data_sets(slope):
    share = shown(np.random.default_rng(1), slope, answers=5000)
    assert abs(share - 0.05) < 3 * (0.05 * 0.95 / 2000) ** 0.5


def test_no_slope_is_shown_by_many_answers_and_not_by_few():
    assert shown(np.random.default_rng(2), 0.0, answers=20_000, data_sets=100) > 0.9
    assert shown(np.random.default_rng(3), 0.0, answers=500, data_sets=100) == 0


def test_p_and_its_interval_are_those_of_emmeans():
    golden = pd.read_csv(REPOSITORY / "tests/fixtures/lme4/equivalence.csv")
    p = [equivalence_p(row.estimate, row.std_error, row.margin) for row in golden.itertuples()]
    np.testing.assert_allclose(p, golden.p, rtol=1e-6)
    within = (golden.low_90 > -golden.margin) & (golden.high_90 < golden.margin)
    assert ((np.array(p) < 0.05) == within).all()
    assert within.any()
    assert not within.all()


def test_it_is_the_larger_p_of_two_one_sided_tests_whichever_way_the_scale_points():
    # Lakens 2017: z = (estimate + margin) / SE and (estimate - margin) / SE; R: pnorm(c(3, -1.4), lower = c(F, T)).
    assert equivalence_p(0.08, 0.1, 0.22) == equivalence_p(-0.08, 0.1, 0.22) == pytest.approx(0.0807566592, abs=1e-9)
    assert np.isnan(equivalence_p(np.nan, 0.1, 0.2))


def test_the_margin_is_at_most_5_in_100_answers_between_the_ends_of_the_papers_range():
    margin = Equivalence().per_unit("alpha") * PAPER_RANGE
    level = np.linspace(-4, 4, 801)
    assert (expit(level + margin / 2) - expit(level - margin / 2)).max() == pytest.approx(0.05, abs=2e-4)
    assert Equivalence().per_unit("brightness") == pytest.approx(0.1)
