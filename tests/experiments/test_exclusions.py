"""Who is left out, why, and what is left to analyse (paper §3.3.2, §3.4)."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from ganalyze.experiments.exclusions import Exclusions, by_alpha, data_points, judge_series


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


# --- what the paper says nothing of ---------------------------------------------------------------------------------


def timed(table, series_ms=1400):
    """A series whose trials came at their times."""
    onset = pd.Timestamp("2026-01-05T10:00:00Z") + pd.to_timedelta(np.arange(len(table)) * series_ms, unit="ms")
    return table.assign(trial_index=range(len(table)), shown_at=onset, image_ms=600.0, hidden=0)


def later(table, row, by):
    """Everything from a row on, later by so many ms."""
    return table.assign(shown_at=table.shown_at + pd.to_timedelta((table.trial_index >= row) * by, unit="ms"))


def points_of(table, experiment="memory_game", **exclusions):
    return data_points(table, judge_series(table, experiment), experiment, Exclusions(**exclusions))


def targets_twice(hits=(1, 0, 1)):
    """A timed series in which each target comes and comes back."""
    table = memory_series(hits=hits)
    first = table[table.role == "target"].assign(is_repeat=0, response=0, correct=1)
    return timed(pd.concat([first, table], ignore_index=True))


def test_a_series_shorter_than_the_others_or_than_planned_does_not_count_and_blocks_nothing():
    whole, short = timed(memory_series("a")), timed(memory_series("b", 1, missed=20)).iloc[:70]
    after = timed(memory_series("b", 2))
    series = judge_series(pd.concat([whole, short, after]), "memory_game")
    assert series.kept.tolist() == [1, 0, 1]
    assert series.reason[1] == "broken off before its last trial"
    assert series[["trials", "planned"]].values.tolist() == [[122, 122], [70, 122], [122, 122]]
    # Alone, it is known by what was planned, or not at all.
    alone = short.assign(role="vigilance", is_repeat=1, correct=1)
    assert judge_series(alone, "memory_game").kept[0] == 1
    assert judge_series(alone.assign(planned=122), "memory_game").kept[0] == 0


def test_a_2afc_series_that_ended_in_its_practice_is_broken_off():
    table = pd.concat([afc_series("a"), afc_series("b", phase="practice")])
    series = judge_series(table, "two_afc").set_index("participant")
    assert series.reason["b"] == "broken off before its last trial"
    assert series.trials["b"] == 0


def test_series_that_were_broken_off_count_where_that_is_asked_for():
    table = pd.concat([timed(memory_series("a")), timed(memory_series("b", vigilance=0)).iloc[50:]])
    table.loc[table.index[-5:], ["role", "is_repeat", "correct"]] = ["vigilance", 1, 1]
    series = judge_series(table, "memory_game", Exclusions(broken_off="keep"))
    assert series.kept.tolist() == [1, 1]


def test_a_trial_in_a_hidden_window_is_no_data_point_at_its_first_or_its_second_showing():
    table = targets_twice()
    assert points_of(table).hit.tolist() == [1, 0, 1]
    again = table.index[(table.role == "target") & (table.is_repeat == 1)]
    for row, left in ((0, [0, 1]), (again[1], [1, 1]), (5, [1, 0, 1])):
        changed = table.assign(hidden=(table.index == row).astype(int))
        assert points_of(changed).hit.tolist() == left
        assert judge_series(changed, "memory_game").unseen.tolist() == [1]
        assert points_of(changed, unseen="keep").hit.tolist() == [1, 0, 1]


def test_a_trial_that_took_far_longer_or_shorter_than_intended_is_no_data_point():
    table = targets_twice()
    last = table.index[-2]
    assert points_of(later(table, last + 1, 4600)).hit.tolist() == [1, 1]  # 6 s in place of 1.4 s
    assert points_of(later(table, last + 1, -900)).hit.tolist() == [1, 1]
    assert points_of(later(table, last + 1, 300)).hit.tolist() == [1, 0, 1]  # within a quarter
    assert points_of(later(table, last + 1, 300), tolerance=0.1).hit.tolist() == [1, 1]
    for shown in (900.0, 17.0):  # too long, or for a frame
        assert points_of(table.assign(image_ms=table.image_ms.where(table.index != last, shown))).hit.tolist() == [1, 1]


def test_the_2afc_task_is_paced_by_its_participants_and_only_the_time_of_a_pair_counts():
    table = timed(afc_series(), 2600)
    slow = later(table, len(table) - 1, 60_000)
    assert len(points_of(slow, "two_afc")) == 3
    assert len(points_of(slow.assign(image_ms=[600.0] * 22 + [5000.0]), "two_afc")) == 2
    assert len(points_of(slow.drop(columns=["image_ms", "hidden"]), "two_afc")) == 3


def test_of_what_an_older_table_does_not_tell_nothing_is_held_against_it():
    table = targets_twice().drop(columns=["image_ms", "hidden"])
    assert points_of(table).hit.tolist() == [1, 0, 1]
    assert points_of(later(table, len(table) - 1, 4600)).hit.tolist() == [1, 1]  # it tells when images came
    unknown = targets_twice().assign(image_ms=np.nan, hidden=pd.array([None] * len(table), "Int64"))
    assert points_of(unknown).hit.tolist() == [1, 0, 1]
