"""Tracks keep the paper's numbers, show no one two clones of a seed, and show all images about equally."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganalyze.experiments.observers import Observers, simulate_trials
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.tracks import COLUMNS
from ganalyze.experiments.trials import read_trials, write_trials
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY
from tests.experiments.designs import MemoryGame, TwoAfc, build_tracks

from .conftest import image_set

# Image sets of the paper's size, without their pictures (§2.2, §3.4).
TEST = image_set("test", 1500, classes=750)
FILLER = image_set("filler", 7500, classes=750)
TAILS = image_set("vigilance", 1500, classes=750).query("alpha == 0")
FOILS = pd.DataFrame({"image_id": [f"photo_{n}" for n in range(7500)], "class_id": np.repeat(range(750), 10)})


@pytest.fixture(scope="module")
def memory_game():
    """1,000 tracks: the most series the paper allows."""
    return build_tracks(MemoryGame(), TEST, FILLER, participants=40, series=25, seed=1)


@pytest.fixture(scope="module")
def two_afc():
    """1,003 tracks: the most series the paper allows."""
    return build_tracks(TwoAfc(), TEST, TAILS, participants=59, series=17, seed=1, foils=FOILS)


def seen_once_each(tracks):
    """Whether each slot meets one clone of a seed at most; test images and others have seeds of their own."""
    tracks = tracks.assign(set=tracks.image_id.str.split("_").str[0])
    return not tracks.drop_duplicates(["slot", "image_id"]).duplicated(["slot", "set", "seed_id"]).any()


# --- the paper's numbers, over 1,000 tracks of each task ----------------------------------------------------------


def test_a_series_of_the_memory_game_has_the_papers_counts(memory_game):
    assert memory_game.track.nunique() == 1000
    assert list(memory_game.columns) == COLUMNS
    counts = memory_game.groupby(["track", "role", "is_repeat"]).size().unstack(["role", "is_repeat"])
    assert (counts["target"] == 60).all(axis=None)
    assert (counts["vigilance"] == 19).all(axis=None)
    assert (counts["filler", 0] == 57).all()
    assert ("filler", 1) not in counts
    assert (memory_game.groupby("track").size() == 215).all()
    assert (memory_game.groupby("track").trial_index.agg(list).map(lambda index: index == list(range(215)))).all()


def test_lags_are_the_number_of_images_in_between_and_within_the_papers_bounds(memory_game):
    repeats = memory_game[memory_game.is_repeat == 1]
    first = memory_game[memory_game.is_repeat == 0]
    both = repeats.merge(first, on=["track", "image_id"], suffixes=("", "_first"), validate="one_to_one")
    assert len(both) == 1000 * (60 + 19)
    assert (both.lag == both.trial_index - both.trial_index_first - 1).all()
    lags = repeats.groupby("role").lag
    assert lags.min().to_dict() == {"target": 34, "vigilance": 0}
    assert lags.max().to_dict() == {"target": 139, "vigilance": 3}
    assert memory_game[memory_game.is_repeat == 0].lag.isna().all()


def test_lags_and_places_do_not_depend_on_alpha(memory_game):
    repeats = memory_game[(memory_game.role == "target") & (memory_game.is_repeat == 1)]
    for column in ("lag", "trial_index"):
        means = repeats.groupby("alpha")[column].mean().astype(float)
        error = repeats[column].astype(float).std() / (len(repeats) / 5) ** 0.5
        assert (means - means.mean()).abs().max() < 4 * error


def test_no_slot_meets_two_clones_of_a_seed_over_all_its_series(memory_game, two_afc):
    assert seen_once_each(memory_game)
    assert seen_once_each(two_afc)
    # An image that comes in one series does not come in another.
    for tracks in (memory_game, two_afc):
        assert not tracks.drop_duplicates(["track", "image_id"]).duplicated(["slot", "image_id"]).any()


def test_a_series_of_the_2afc_task_has_the_papers_counts(two_afc):
    assert two_afc.track.nunique() == 59 * 17
    main = two_afc[two_afc.phase == "main"]
    assert (main.groupby("track").size() == 100).all()
    assert (main.groupby(["track", "role"]).size().unstack() == {"target": 80, "vigilance": 20}).all(axis=None)


def test_practice_is_there_before_a_slots_first_series_alone(two_afc):
    practice = two_afc[two_afc.phase == "practice"]
    assert (practice.groupby("slot").size() == 20).all()
    assert practice.slot.nunique() == 59
    assert (practice.series == 1).all()
    assert practice.trial_index.max() == 19
    assert two_afc[(two_afc.series == 1) & (two_afc.phase == "main")].trial_index.min() == 20


def test_the_fake_is_on_either_side_equally_often_in_each_role(two_afc):
    sides = two_afc.groupby(["track", "phase", "role", "fake_side"]).size().unstack()
    assert (sides.left == sides.right).all()


def test_fake_and_real_image_are_of_one_class_and_no_one_sees_a_photograph_again_too_soon(two_afc):
    assert (two_afc.foil_image_id.map(FOILS.set_index("image_id").class_id) == two_afc.class_id).all()
    assert two_afc.groupby("slot").foil_image_id.nunique().eq(two_afc.groupby("slot").size()).all()


def test_all_images_are_shown_about_equally_often(memory_game, two_afc):
    for tracks in (memory_game, two_afc):
        targets = tracks[(tracks.role == "target") & (tracks.phase == "main") & (tracks.is_repeat == 0)]
        shown = targets.image_id.value_counts().reindex(TEST.image_id, fill_value=0)
        assert (shown - shown.mean()).abs().max() <= 0.1 * shown.mean()


def test_they_are_so_too_where_everyone_does_one_series():
    tracks = build_tracks(MemoryGame(), TEST, FILLER, participants=250, series=2, seed=2)
    for first in (1, 2):
        targets = tracks[(tracks.series <= first) & (tracks.role == "target") & (tracks.is_repeat == 0)]
        shown = targets.image_id.value_counts().reindex(TEST.image_id, fill_value=0)
        assert shown.max() - shown.min() <= 1
        per_series = targets.groupby(["track", "alpha"]).size()
        assert per_series.std() < 0.7 * (60 * 0.2 * 0.8) ** 0.5  # the more even for it than by chance


def test_the_papers_numbers_of_series_are_just_feasible():
    assert EXPERIMENTS["memory_game"].rules.max_series * MemoryGame().settings().targets == 1500
    with pytest.raises(
        GanalyzeError, match="series: got 26, but the 1500 seeds of the test set are enough for 25 of 60"
    ):
        build_tracks(MemoryGame(), TEST, FILLER, participants=1, series=26, seed=1)


# --- other designs ------------------------------------------------------------------------------------------------

some = st.integers(1, 12)


@given(
    targets=some,
    vigilance=some,
    fillers=st.integers(5, 30),
    least=st.integers(0, 8),
    more=st.integers(0, 12),
    participants=st.integers(1, 4),
    series=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_any_memory_game_is_either_kept_to_or_refused(
    targets, vigilance, fillers, least, more, participants, series, seed
):
    test, filler = image_set("test", 24, classes=3), image_set("filler", 90, classes=3)
    try:
        design = MemoryGame(targets=targets, vigilance=vigilance, fillers=fillers, target_lags=(least, least + more))
        tracks = build_tracks(design, test, filler, participants, series, seed)
    except GanalyzeError as refused:
        assert str(refused).removeprefix("memory game: ").split(":")[0].split()[0] in {"series", "no", "target_lags"}  # noqa: PT017
        return
    assert seen_once_each(tracks)
    assert (tracks.groupby("track").size() == design.settings().trials).all()
    lags = tracks[tracks.is_repeat == 1].groupby("role").lag
    assert lags.min().get("target") >= least
    assert lags.max().get("target") <= least + more
    assert lags.max()["vigilance"] <= 3
    assert tracks.groupby(["track", "image_id"]).size().max() <= 2


@given(
    targets=st.integers(1, 20),
    vigilance=some,
    practice=st.integers(0, 12),
    participants=st.integers(1, 4),
    series=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=80, deadline=None)
def test_any_2afc_task_is_either_kept_to_or_refused(targets, vigilance, practice, participants, series, seed):
    test, tails = image_set("test", 40, classes=3), image_set("vigilance", 30, classes=3)
    needs = [series * targets + practice - practice // 2 <= 40, series * vigilance + practice // 2 <= 30]
    if not all(needs):
        with pytest.raises(GanalyzeError, match=r"series: got .* are enough for"):
            build_tracks(
                TwoAfc(targets=targets, vigilance=vigilance, practice=practice),
                test,
                tails,
                participants,
                series,
                seed,
            )
        return
    tracks = build_tracks(
        TwoAfc(targets=targets, vigilance=vigilance, practice=practice),
        test,
        tails,
        participants,
        series,
        seed,
    )
    assert seen_once_each(tracks)
    assert (
        tracks.groupby("track").size() == targets + vigilance + practice * (tracks.groupby("track").series.first() == 1)
    ).all()
    sides = tracks.groupby(["track", "phase", "role"]).fake_side.value_counts().unstack(fill_value=0)
    sides = sides.reindex(columns=["left", "right"], fill_value=0)
    assert (sides.left - sides.right).abs().max() <= 1


def test_the_demo_has_enough_images():
    test, filler = image_set("test", 160), image_set("filler", 160)
    tracks = build_tracks(MemoryGame(), test, filler, participants=40, series=2, seed=2019)
    shown = tracks[(tracks.role == "target") & (tracks.is_repeat == 0)].image_id.value_counts()
    assert (len(shown), shown.min(), shown.max()) == (800, 6, 6)
    pairs = build_tracks(TwoAfc(), test, image_set("vigilance", 40).query("alpha == 0"), 40, 1, seed=2019)
    assert set(pairs.foil_image_id) == {f"real_0_{n}" for n in range(10)}


def test_the_same_seed_gives_the_same_tracks_and_another_seed_others():
    test, filler = image_set("test", 60), image_set("filler", 80)
    one, again, other = (build_tracks(MemoryGame(), test, filler, 3, 1, seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(one, again)
    assert not one.image_id.equals(other.image_id)


def test_the_order_of_the_manifest_changes_nothing():
    test, filler = image_set("test", 60), image_set("filler", 80)
    shuffled = test.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        build_tracks(MemoryGame(), test, filler, 3, 1, 5),
        build_tracks(MemoryGame(), shuffled, filler, 3, 1, 5),
    )


def test_a_trial_table_made_from_tracks_passes_its_checks(tmp_path, two_afc, memory_game):
    images = pd.concat([TEST, FILLER, TAILS])
    for experiment, tracks in (("memory_game", memory_game), ("two_afc", two_afc)):
        some = tracks[(tracks.slot < 3) & (tracks.series < 4)]
        trials = simulate_trials(some, TEST, experiment, Observers(sensitivity=1.0), 1, "memorability")
        write_trials(trials, tmp_path / "trials.csv")
        assert len(read_trials(tmp_path / "trials.csv", experiment, images)) == len(trials)


# --- what cannot be ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"targets": 0}, "targets: got 0, input should be greater than 0"),
        ({"vigilance": 0}, "vigilance: got 0, input should be greater than 0"),
        ({"fillers": -1}, "fillers: got -1, input should be greater than or equal to 0"),
        ({"target_lags": (40, 30)}, "target_lags: got 40 to 30"),
        ({"vigilance_lags": (-1, 3)}, r"vigilance_lags\[0\]: got -1"),
        ({"targets": 3, "vigilance": 1, "fillers": 0}, "target_lags: at least 34 images"),
        ({"fillers": 0, "targets": 60, "target_lags": (139, 139)}, "no order of 158 trials found"),
    ],
)
def test_a_memory_game_that_cannot_be_is_refused(settings, words):
    with pytest.raises(GanalyzeError, match=words):
        build_tracks(MemoryGame(**settings), TEST, FILLER, 1, 1, 1)


def test_what_is_missing_is_named():
    with pytest.raises(GanalyzeError, match=r"lacks the column\(s\) alpha"):
        build_tracks(MemoryGame(), TEST.drop(columns="alpha"), FILLER, 1, 1, 1)
    with pytest.raises(GanalyzeError, match=r"749 class\(es\) have no real image, the first is class 1"):
        build_tracks(TwoAfc(), TEST, TAILS, 1, 1, 1, FOILS[FOILS.class_id == 0])
    with pytest.raises(GanalyzeError, match="participants: got 0"):
        build_tracks(TwoAfc(), TEST, TAILS, 0, 1, 1)


def test_the_command_writes_the_table_and_refuses_in_one_line(tmp_path):
    for name, seeds in (("test", 24), ("filler", 30)):
        image_set(name, seeds).assign(file="x.png").to_csv(tmp_path / f"{name}.csv", index=False)
    command = [
        sys.executable,
        "scripts/build_tracks.py",
        "memory_game",
        "--manifests",
        tmp_path / "test.csv",
        tmp_path / "filler.csv",
        "--participants",
        "3",
        "--series",
        "2",
        "--seed",
        "1",
        "--targets",
        "12",
        "--vigilance",
        "4",
        "--fillers",
        "10",
        "--target-lags",
        "5",
        "20",
        "--output",
        tmp_path / "tracks.csv",
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "6 tracks for 3 participants; each of 120 target images is shown 0 to 1 times" in done.stdout
    assert pd.read_csv(tmp_path / "tracks.csv").groupby("track").size().tolist() == [42] * 6
    (tmp_path / "tracks.csv").unlink()
    refused = subprocess.run([*command, "--series", "3"], cwd=REPOSITORY, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: series: got 3, but the 24 seeds")
    assert not (tmp_path / "tracks.csv").exists()
