"""Simulated participants give what they were made to give, in exactly the trial table, whoever else takes part."""

import pandas as pd
import pytest

from ganalyze.experiments.exclusions import data_points, judge_series
from ganalyze.experiments.observers import Observers, simulate_trials
from ganalyze.experiments.trials import read_trials, write_trials
from ganalyze.statistics.mixed_models import fit_mixed_model
from ganalyze.support.errors import GanalyzeError
from tests.experiments.designs import MemoryGame, build_tracks

from .conftest import afc_tracks, image_set, memory_tracks

TEST = image_set("test", 160)
TRACKS = {"memory_game": memory_tracks(12), "two_afc": afc_tracks(12)}
both = pytest.mark.parametrize("experiment", TRACKS)


def simulate(experiment, tracks=None, seed=1, **parameters):
    tracks = TRACKS[experiment] if tracks is None else tracks
    return simulate_trials(tracks, TEST, experiment, Observers(sensitivity=2.8, **parameters), seed, "memorability")


@both
def test_they_fill_exactly_the_trial_table_and_say_what_they_are(tmp_path, images, experiment):
    trials = simulate(experiment)
    write_trials(trials, tmp_path / "trials.csv")
    checked = read_trials(tmp_path / "trials.csv", experiment, images)
    assert len(checked) == len(TRACKS[experiment])
    assert set(checked.data_source) == {"simulated"}


@both
def test_the_same_seed_gives_the_same_people_whoever_else_takes_part(experiment):
    tracks = TRACKS[experiment]
    everyone, few = simulate(experiment), simulate(experiment, tracks[tracks.slot < 3])
    pd.testing.assert_frame_equal(few, everyone[everyone.participant.isin(few.participant)].reset_index(drop=True))
    assert not simulate(experiment, seed=2).equals(everyone)


@both
def test_careless_people_are_caught_by_the_rules_and_careful_ones_are_not(experiment):
    careful = judge_series(simulate(experiment, careless=0.0, lapses=0.0, false_alarms=0.05), experiment)
    careless = judge_series(simulate(experiment, careless=1.0), experiment)
    assert careful.kept.mean() > 0.9
    assert careless.kept.mean() < 0.4


def test_whoever_fails_a_series_does_no_further_one():
    first = memory_tracks(6)
    tracks = pd.concat([first, first.assign(series=2, track=first.track + "b")])
    trials = simulate("memory_game", tracks, careless=1.0)
    judged = judge_series(trials, "memory_game")
    assert not judged.reason.str.startswith("blocked").any()
    failed = judged[judged.kept == 0]
    assert len(failed)
    for participant, series in failed[["participant", "series"]].itertuples(index=False):
        assert judged[judged.participant == participant].series.max() == series


@both
def test_the_more_the_score_counts_the_more_alpha_shows(experiment):
    tracks = {"memory_game": memory_tracks, "two_afc": afc_tracks}[experiment](60)
    gain = []
    for sensitivity in (0.0, 12.0):
        trials = simulate_trials(
            tracks, TEST, experiment, Observers(sensitivity=sensitivity, careless=0), 3, "memorability"
        )
        points = data_points(trials, judge_series(trials, experiment), experiment)
        means = points.groupby("alpha")[points.columns[6]].mean()
        gain.append(means[0.2] - means[-0.2])
    assert gain[1] > gain[0] + 0.2


def test_a_target_without_a_score_is_named():
    with pytest.raises(GanalyzeError, match=r"target\(s\) of the tracks have no score, first test_"):
        simulate_trials(
            TRACKS["memory_game"], TEST[TEST.seed_id > 80], "memory_game", Observers(sensitivity=1.0), 1, "s"
        )


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_over_200_memory_games_the_95_percent_interval_covers_the_true_slope():
    """The paper's series of 215 trials. The score is 0.7 + 0.68 α, so that β is 0.68 · sensitivity. Lapses are left
    out, as the model that is fitted knows none: they would shrink β."""
    truth, covered = 0.68 * 2.8, []
    formula = "hit ~ alpha + (1|participant) + (1|seed_id)"
    tracks = [build_tracks(MemoryGame(), TEST, image_set("filler", 80), 40, 1, seed) for seed in range(12)]
    for seed in range(240):
        trials = simulate("memory_game", tracks[seed % 12], seed, lapses=0.0, careless=0.0)
        points = data_points(trials, judge_series(trials, "memory_game"), "memory_game")
        fit = fit_mixed_model(points, formula, "binomial", "hit").set_index("term").loc["alpha"]
        assert fit.converged in ("yes", "singular")
        covered.append(fit.ci_low <= truth <= fit.ci_high)
    assert 0.92 <= sum(covered) / len(covered) <= 0.98, f"{sum(covered)} of {len(covered)}"
