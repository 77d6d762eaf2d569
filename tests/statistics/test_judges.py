"""Whether another assessor sees the rise."""

import numpy as np
import pandas as pd
import pytest

from ganalyze.statistics.judges import compare_judges
from ganalyze.support.errors import GanalyzeError

ALPHAS = np.linspace(-0.4, 0.4, 5)


def scored(rng, slope, seeds=40, spread=1.0, shared=None, noise=0.1):
    """Scores of seeds that differ by `spread`, rise by `slope`, and besides share changes with others."""
    rows = pd.DataFrame(
        {"seed_id": np.repeat(np.arange(seeds), 5), "alpha": np.tile(ALPHAS, seeds), "image_id": range(5 * seeds)}
    )
    base = np.repeat(rng.normal(0, spread, seeds), 5)
    return rows.assign(
        score=base + slope * rows.alpha + (0 if shared is None else shared) + rng.normal(0, noise, 5 * seeds)
    )


def test_a_judge_that_rises_is_told_from_one_that_does_not():
    rng = np.random.default_rng(0)
    trained, agrees, does_not = scored(rng, 2), scored(rng, 1), scored(rng, 0)
    table = compare_judges(trained, {"agrees": agrees, "does not": does_not}, seed=1, study="memorability")
    table = table.set_index("judge")
    assert list(table.index) == ["trained", "agrees", "does not"]
    assert table.correlation["trained"] == pytest.approx(1)
    unmodified = agrees[agrees.alpha == 0].score.std()
    assert table.change["agrees"] == pytest.approx(0.8 / unmodified, rel=0.1)
    assert table.change_ci_low["agrees"] > 0
    assert table.rising["agrees"] > 0.95
    assert table.change_ci_low["does not"] < 0 < table.change_ci_high["does not"]


def test_the_correlation_is_of_changes_within_seeds_not_of_seeds():
    rng = np.random.default_rng(0)
    trained = scored(rng, 0)
    same_seeds = trained.assign(score=trained.groupby("seed_id").score.transform("mean") + rng.normal(0, 0.1, 200))
    table = compare_judges(trained, {"same seeds": same_seeds}, seed=1, study="memorability").set_index("judge")
    assert abs(np.corrcoef(trained.score, same_seeds.score)[0, 1]) > 0.9
    assert table.correlation_ci_low["same seeds"] < 0 < table.correlation_ci_high["same seeds"]


def test_the_correlations_interval_covers_the_truth_in_92_to_98_of_a_hundred_data_sets():
    rng, covered = np.random.default_rng(0), []
    for number in range(200):
        shared = rng.normal(0, 1, 200)
        trained, judge = (scored(rng, 0, shared=shared, noise=1.0) for _ in range(2))
        row = compare_judges(trained, {"judge": judge}, seed=number, study="x").iloc[1]
        covered.append(row.correlation_ci_low < 0.5 < row.correlation_ci_high)
    assert 0.92 <= np.mean(covered) <= 0.98


def test_a_judge_of_other_images_is_refused_in_one_line():
    rng = np.random.default_rng(0)
    trained, judge = scored(rng, 1), scored(rng, 1).iloc[1:]
    with pytest.raises(GanalyzeError, match="judge vitmem of study memorability has scored other images"):
        compare_judges(trained, {"vitmem": judge}, seed=1, study="memorability")
