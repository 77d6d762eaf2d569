"""Shares of variance: those of the formula, recovered from data with a known answer."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from ganalyze.statistics import seed_bootstrap
from ganalyze.statistics.explained import explain_changes, explain_hits
from ganalyze.support.errors import GanalyzeError

ALPHAS = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])


def images(rng, seeds=40, noise=0.05, weights=(1.0, 0.5, 0.0)):
    """Three factors that rise with α and by chance, and a score made of them; each seed has a level of its own."""
    seed_id = np.repeat(np.arange(seeds), len(ALPHAS))
    alpha = np.tile(ALPHAS, seeds)
    level = rng.normal(size=(seeds, 4)).repeat(len(ALPHAS), 0)
    slopes = np.array([0.5, 0.2, 0.3]) + 0.3 * rng.normal(size=(seeds, 3)).repeat(len(ALPHAS), 0)
    factors = alpha[:, None] * slopes + 0.05 * rng.normal(size=(len(alpha), 3))
    score = factors @ np.array(weights) + noise * rng.normal(size=len(alpha))
    table = pd.DataFrame(factors + level[:, :3], columns=["a", "b", "c"])
    return table.assign(seed_id=seed_id, alpha=alpha, score=score + level[:, 3])


def by_all_orders(table):
    """Lindeman, Merenda & Gold's shares in so many words: R² with a factor less R² without, in every order."""
    within = table[["a", "b", "c", "score"]] - table.groupby("seed_id")[["a", "b", "c", "score"]].transform("mean")

    def r2(names):
        return sm.OLS(within.score, within[list(names)]).fit().rsquared if names else 0.0

    shares = dict.fromkeys("abc", 0.0)
    for order in permutations("abc"):
        for i, name in enumerate(order):
            shares[name] += (r2(order[: i + 1]) - r2(order[:i])) / 6
    return [*shares.values(), r2("abc")]


def test_shares_are_the_mean_over_all_orders_and_add_up_to_what_is_explained():
    table = images(np.random.default_rng(0))
    explained = explain_changes(table, ["a", "b", "c"], seed=1, study="s")
    assert explained.factor.tolist() == ["a", "b", "c", "all"]
    assert explained.share.tolist() == pytest.approx(by_all_orders(table), abs=1e-9)
    assert explained.share[:3].sum() == pytest.approx(explained.share[3])
    assert (explained.share_ci_low < explained.share).all()
    assert (explained.share < explained.share_ci_high).all()


def test_a_level_of_the_seed_and_units_of_a_factor_explain_nothing():
    table = images(np.random.default_rng(1))
    moved = table.assign(a=1000 * table.a + 7 * table.seed_id, score=table.score - table.seed_id)
    one, other = (explain_changes(each, ["a", "b", "c"], seed=1, study="s") for each in (table, moved))
    numbers = ["estimate", "std_error", "share", "share_ci_low", "share_ci_high"]
    np.testing.assert_allclose(one[numbers], other[numbers], rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_a_planted_share_lies_within_its_interval_as_often_as_the_interval_says(monkeypatch):
    monkeypatch.setattr(seed_bootstrap, "DRAWS", 400)
    large = explain_changes(images(np.random.default_rng(2), seeds=5_000), ["a", "b", "c"], seed=1, study="s")
    within = np.zeros(4)
    for trial in range(200):
        found = explain_changes(images(np.random.default_rng(100 + trial)), ["a", "b", "c"], seed=trial, study="s")
        within += (found.share_ci_low <= large.share) & (large.share <= found.share_ci_high)
    assert (within / 200 >= 0.9).all(), within / 200
    # Of the two factors that explain anything.
    assert (within[:2] / 200 >= 0.92).all(), within / 200
    assert (within[:2] / 200 <= 0.98).all(), within / 200


def test_what_never_changes_is_left_out_and_nothing_to_explain_is_said():
    table = images(np.random.default_rng(3)).assign(d=0.5, e=np.nan)
    table.loc[0, "a"] = np.nan
    explained = explain_changes(table, ["a", "b", "d", "e"], seed=1, study="s")
    assert explained.factor.tolist() == ["a", "b", "all"]
    assert explained.n[0] == len(table) - 1
    with pytest.raises(GanalyzeError, match="nothing to explain"):
        explain_changes(table, ["d"], seed=1, study="s")


def hits(rng, strength, seeds=40, people=60):
    """People see one clone of each seed; hits depend on factor a, of which α moves a part, and on who answers."""
    clones = images(rng, seeds)
    seen = rng.integers(len(ALPHAS), size=(people, seeds)) + len(ALPHAS) * np.arange(seeds)
    points = clones.iloc[seen.ravel()].reset_index(drop=True)
    within = points.a - points.groupby("seed_id").a.transform("mean")
    odds = strength * within / within.std() + rng.normal(size=people).repeat(seeds)
    return points.assign(hit=(rng.random(len(points)) < 1 / (1 + np.exp(-odds))).astype(int), data_source="simulated")


@pytest.mark.slow
def test_hits_are_explained_by_what_they_were_made_of_and_by_nothing_no_more_than_by_chance(monkeypatch):
    monkeypatch.setattr(seed_bootstrap, "DRAWS", 60)
    found = explain_hits(hits(np.random.default_rng(4), 1.0), ["a", "b", "c"], seed=1).set_index("factor")
    assert list(found.index) == ["a", "b", "c", "all", "alpha"]
    assert found.share["a"] > 10 * found.chance["a"]
    assert found.share_ci_low["a"] > found.share_ci_high["c"]
    assert found.share["a"] > found.share["alpha"] > found.chance["alpha"]
    assert set(found.data_source) == {"simulated"}
    assert {2400} == set(found.n)
    nothing = [explain_hits(hits(np.random.default_rng(i), 0.0), ["a", "b", "c"], seed=1) for i in range(25)]
    nothing = pd.concat(nothing).query("factor == 'all'")
    assert nothing.share.mean() == pytest.approx(nothing.chance.mean(), rel=0.4)


def test_where_no_hit_or_no_factor_varies_there_is_nothing_to_explain(monkeypatch):
    monkeypatch.setattr(seed_bootstrap, "DRAWS", 60)
    points = hits(np.random.default_rng(5), 1.0).assign(hit=1)
    found = explain_hits(points, ["a", "b", "c"], seed=1)
    assert found.factor.tolist() == ["all"]
    assert found.share.isna().all()
    assert explain_hits(points[:0], ["a", "b", "c"], seed=1).data_source.tolist() == ["none"]
