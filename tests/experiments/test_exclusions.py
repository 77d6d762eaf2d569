"""Who is left out, why, and what is left to analyse (paper §3.3.2, §3.4)."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from ganalyze.experiments.exclusions import by_alpha, data_points, judge_series


def memory_series(participant="p", series=1, missed=0, alarms=0, vigilance=20, new=100, hits=(1, 0)) -> pd.DataFrame:
    """A series of the memory game by what was done in it: `missed` of the vigilance repeats, `alarms` at new images."""
    rows = [["filler", 0, int(i < alarms), i] for i in range(new)]
    rows += [["vigilance", 1, int(i >= missed), i] for i in range(vigilance)]
    rows += [["target", 1, hit, i] for i, hit in enumerate(hits)]
    table = pd.DataFrame(rows, columns=["role", "is_repeat", "response", "seed_id"])
    return table.assign(
        participant=participant,
        series=series,
        phase="main",
        class_id=0,
        alpha=0.1,
        data_source="human",
        image_id=table.role + table.seed_id.astype(str),
        correct=(table.response == table.is_repeat).astype(int),
    )


def afc_series(participant="p", series=1, wrong=0, phase="main") -> pd.DataFrame:
    table = pd.DataFrame({"role": ["vigilance"] * 20 + ["target"] * 3, "seed_id": range(23)})
    return table.assign(
        participant=participant,
        series=series,
        phase=phase,
        class_id=0,
        alpha=0.0,
        data_source="human",
        is_repeat=0,
        image_id=table.seed_id.astype(str),
        correct=(table.seed_id >= wrong).astype(int),
        response="left",
    )


@pytest.mark.parametrize(
    ("missed", "alarms", "kept", "reason"),
    [
        (0, 0, 1, ""),
        (11, 30, 1, ""),  # 55 % and 30 % exactly: "more than" is not met
        (12, 0, 0, "more than 55% of vigilance trials failed"),
        (0, 31, 0, "more than 30% false alarms"),
        (12, 31, 0, "more than 55% of vigilance trials failed"),
    ],
)
def test_a_memory_series_counts_by_the_papers_limits(missed, alarms, kept, reason):
    (series,) = judge_series(memory_series(missed=missed, alarms=alarms), "memory_game").itertuples()
    assert (series.kept, series.reason) == (kept, reason)
    assert series.vigilance_errors == pytest.approx(missed / 20)
    assert series.false_alarms == pytest.approx(alarms / 100)


def test_false_alarms_are_counted_at_every_image_shown_for_the_first_time():
    table = memory_series(alarms=20)
    table.loc[table.role == "filler", "role"] = ["target"] * 40 + ["vigilance"] * 30 + ["filler"] * 30
    assert judge_series(table, "memory_game").false_alarms[0] == pytest.approx(0.2)


@pytest.mark.parametrize(("wrong", "kept"), [(0, 1), (7, 1), (8, 0)])
def test_a_2afc_series_needs_65_percent_of_vigilance(wrong, kept):
    assert judge_series(afc_series(wrong=wrong), "two_afc").kept[0] == kept


def test_a_failed_series_blocks_what_comes_after_it_and_nobody_else():
    table = pd.concat(
        [memory_series("a", 1), memory_series("a", 2, missed=15), memory_series("a", 3), memory_series("b", 3)]
    )
    series = judge_series(table, "memory_game").set_index(["participant", "series"])
    assert series.kept.to_dict() == {("a", 1): 1, ("a", 2): 0, ("a", 3): 0, ("b", 3): 1}
    assert series.reason["a", 3] == "blocked after an earlier series"


@pytest.mark.parametrize(
    ("experiment", "make", "most"), [("memory_game", memory_series, 25), ("two_afc", afc_series, 17)]
)
def test_series_beyond_the_most_allowed_do_not_count(experiment, make, most):
    series = judge_series(pd.concat([make(series=most), make(series=most + 1)]), experiment)
    assert list(series.kept) == [1, 0]
    assert series.reason[1] == f"beyond {most} series"


def test_a_series_without_vigilance_cannot_be_judged():
    table = memory_series()
    assert judge_series(table[table.role != "vigilance"], "memory_game").kept[0] == 0


def test_practice_is_neither_judged_nor_analysed():
    table = pd.concat([afc_series(wrong=20, phase="practice"), afc_series()])
    series = judge_series(table, "two_afc")
    assert list(series.kept) == [1]
    assert series.trials[0] == 23
    assert len(data_points(table, series, "two_afc")) == 3


def test_data_points_are_the_repeats_of_targets_in_series_that_count():
    table = pd.concat([memory_series("a", hits=(1, 0, 1)), memory_series("b", missed=20, hits=(1, 1))])
    shown_first = memory_series("a", hits=(0, 0)).assign(is_repeat=0)
    table = pd.concat([table, shown_first[shown_first.role == "target"]])
    points = data_points(table, judge_series(table, "memory_game"), "memory_game")
    assert list(points.hit) == [1, 0, 1]
    assert set(points.participant) == {"a"}


def test_2afc_pairs_without_a_response_are_left_out():
    table = afc_series()
    table.loc[table.index[-1], "response"] = None
    assert len(data_points(table, judge_series(table, "two_afc"), "two_afc")) == 2


def test_rates_by_alpha_count_what_was_answered():
    points = pd.DataFrame(
        {
            "alpha": [0.1, 0.1, 0.1, -0.1],
            "participant": ["a", "a", "b", "b"],
            "hit": [1, 0, 1, 1],
            "image_id": ["i", "j", "i", "k"],
            "data_source": "human",
        }
    )
    rates = by_alpha(points, "memory_game").set_index("alpha")
    assert rates.loc[0.1, ["data_points", "images", "participants"]].tolist() == [3, 2, 2]
    assert rates.rate.to_dict() == {-0.1: 1.0, 0.1: pytest.approx(2 / 3)}
    assert by_alpha(points[:0], "memory_game").empty


def test_intervals_take_out_how_participants_differ_as_a_whole_and_cover_the_rest():
    """Over 300 experiments, the interval of a rate (given who took part) covers the truth as often as it says."""
    rng, covered, narrow = np.random.default_rng(0), [], []
    truth = {-0.1: 0.5, 0.0: 0.6, 0.1: 0.7}
    for _ in range(300):
        ability = np.repeat(rng.uniform(-0.25, 0.25, 40), 60)
        points = pd.DataFrame({"participant": np.repeat(np.arange(40), 60), "alpha": np.tile(list(truth), 800)})
        points["hit"] = (rng.random(2400) < points.alpha.map(truth) + ability).astype(int)
        points = points.assign(image_id="i", data_source="human")
        for row in by_alpha(points, "memory_game").itertuples():
            covered.append(row.ci_low <= truth[row.alpha] + ability.mean() <= row.ci_high)
            narrow.append(row.ci_high - row.ci_low)
    assert 0.92 <= np.mean(covered) <= 0.98
    assert np.mean(narrow) < 2 * 1.96 * (0.25 / 800 + 0.25**2 / 3 / 40) ** 0.5  # as wide as with abilities left in


def answers_of(seed: int) -> pd.DataFrame:
    """Data points of a few people, each with some at some of four α."""
    rng = np.random.default_rng(seed)
    count = rng.integers(30, 200)
    people, alphas = rng.integers(rng.integers(2, 9), size=count), rng.integers(4, size=count) / 10
    table = pd.DataFrame({"participant": people, "alpha": alphas, "hit": rng.integers(2, size=count)})
    return table.assign(image_id="i", data_source="human")


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_standard_error_is_that_of_a_mean_of_clusters(seed):
    """By its definition: the root of the sum over people of (sum of a person's residuals)², over the data points."""
    points = answers_of(seed)
    points["left"] = points.hit - points.groupby("participant").hit.transform("mean")
    alphas = points.alpha.nunique()
    for row in by_alpha(points, "memory_game").itertuples():
        group = points[points.alpha == row.alpha]
        people = group.participant.nunique()
        if people == 1:
            assert np.isnan(row.ci_low)
            continue
        sums = (group.left - group.left.mean()).groupby(group.participant).sum()
        error = (people / (people - 1) * alphas / (alphas - 1) * (sums**2).sum()) ** 0.5 / len(group)
        assert row.ci_high - row.ci_low == pytest.approx(2 * norm.ppf(0.975) * error, rel=1e-12, abs=1e-12)
