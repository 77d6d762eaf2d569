"""Tracks: counts, lags, no seed twice, balance, and what is not feasible, over a thousand tracks of each experiment."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganalyze.errors import GanalyzeError
from ganalyze.experiments.tracks import COLUMNS, MemoryGame, TwoAfc, memory_game_tracks, two_afc_tracks

from .conftest import ALPHAS

REPOSITORY = Path(__file__).parents[2]


def images_of(name: str, seeds: int, classes: int = 1, alphas=ALPHAS) -> pd.DataFrame:
    rows = [[f"{name}_{seed:05d}_{alpha:+g}", seed, seed % classes, alpha] for seed in range(seeds) for alpha in alphas]
    return pd.DataFrame(rows, columns=["image_id", "seed_id", "class_id", "alpha"])


def real_of(classes: int, each: int = 10) -> pd.DataFrame:
    rows = [[f"real_{c}_{i}", c] for c in range(classes) for i in range(each)]
    return pd.DataFrame(rows, columns=["image_id", "class_id"])


@pytest.fixture(scope="module")
def game():
    """A thousand tracks of the paper's memory game, at the paper's scale."""
    return memory_game_tracks(images_of("test", 1500, 750), images_of("filler", 7500, 750), 40, 25, MemoryGame(), 1)


@pytest.fixture(scope="module")
def afc():
    """A thousand and three tracks of the paper's 2AFC task."""
    test, tails = images_of("test", 1500, 750), images_of("tails", 400, 750, alphas=(0.0,))
    return two_afc_tracks(test, tails, real_of(750), 59, 17, TwoAfc(), 1)


def test_a_series_of_the_memory_game_has_the_papers_trials(game):
    assert list(game) == COLUMNS
    assert game.track.nunique() == 1000
    counts = game.groupby("track").apply(lambda t: t.groupby(["role", "is_repeat"]).size(), include_groups=False)
    for role, repeat, count in [("target", 0, 60), ("target", 1, 60), ("vigilance", 0, 19), ("vigilance", 1, 19),
                                ("filler", 0, 57)]:  # fmt: skip
        assert (counts[role, repeat] == count).all()
    assert (game.groupby("track").trial_index.apply(list).map(lambda order: order == list(range(215)))).all()


def test_lags_are_what_lies_between_an_image_and_its_repeat_and_within_their_limits(game):
    first = game[game.is_repeat == 0].set_index(["track", "image_id"]).trial_index
    repeats = game[game.is_repeat == 1]
    between = repeats.trial_index.to_numpy() - first[list(zip(repeats.track, repeats.image_id, strict=True))] - 1
    assert (between.to_numpy() == repeats.lag.to_numpy()).all()
    assert repeats[repeats.role == "target"].lag.between(34, 139).all()
    assert repeats[repeats.role == "vigilance"].lag.between(0, 3).all()
    assert game[game.is_repeat == 0].lag.isna().all()


def test_lags_of_targets_use_the_whole_range(game):
    lags = game[(game.role == "target") & (game.is_repeat == 1)].lag.astype(int)
    shares = np.histogram(lags, bins=[34, 69, 104, 140])[0] / len(lags)
    assert shares.min() > 0.2


def test_an_image_is_shown_once_or_repeated_once(game):
    shown = game.groupby(["track", "role", "image_id"]).size()
    assert (shown[shown.index.get_level_values("role") == "filler"] == 1).all()
    assert (shown[shown.index.get_level_values("role") != "filler"] == 2).all()


@pytest.mark.parametrize("tracks", ["game", "afc"])
def test_no_participant_meets_two_clones_of_a_seed_over_all_series(tracks, request):
    table = request.getfixturevalue(tracks)
    table = table[table.is_repeat == 0]
    set_name = table.image_id.str.partition("_")[0]
    assert not table.assign(set=set_name).duplicated(["slot", "set", "seed_id"]).any()


@pytest.mark.parametrize("tracks", ["game", "afc"])
def test_test_images_are_shown_equally_often_within_a_tenth(tracks, request):
    table = request.getfixturevalue(tracks)
    shown = table[(table.role == "target") & (table.is_repeat == 0)].image_id.value_counts()
    assert len(shown) == 7500
    assert shown.max() - shown.min() <= max(1, 0.1 * shown.mean())


def test_targets_stand_everywhere_in_a_series(game):
    """Wherever its repeat still fits, a target may come first; its place tells nothing about its alpha."""
    first = game[(game.role == "target") & (game.is_repeat == 0)]
    by_alpha = first.groupby("alpha").trial_index.mean()
    assert by_alpha.max() - by_alpha.min() < 2
    assert sorted(first.trial_index.unique()) == list(range(215 - 35))


def test_a_series_of_the_2afc_task_has_the_papers_trials(afc):
    main = afc[afc.phase == "main"]
    assert afc.track.nunique() == 1003
    assert (main.groupby("track").size() == 100).all()
    assert (main[main.role == "vigilance"].groupby("track").size() == 20).all()
    practice = afc[afc.phase == "practice"]
    assert (practice.groupby("track").size() == 20).all()
    assert (practice.series == 1).all()
    assert practice.slot.nunique() == 59
    assert practice.trial_index.max() < main[main.series == 1].trial_index.min()


def test_the_fake_stands_left_as_often_as_right_and_beside_a_real_image_of_its_class(afc):
    left = afc[afc.phase == "main"].groupby("track").fake_side.apply(lambda sides: (sides == "left").sum())
    assert (left == 50).all()
    assert (afc.foil_image_id.str.split("_").str[1].astype(int) == afc.class_id).all()


def test_the_same_seed_gives_the_same_tracks_and_another_other_ones():
    test, filler = images_of("test", 160), images_of("filler", 200)
    one, same, other = (memory_game_tracks(test, filler, 3, 2, MemoryGame(), seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one.image_id.equals(other.image_id)


@settings(deadline=None, max_examples=40)
@given(
    targets=st.integers(1, 12), vigilance=st.integers(0, 5), fillers=st.integers(8, 30), seed=st.integers(0, 99),
    least=st.integers(0, 6), width=st.integers(6, 20),
)  # fmt: skip
def test_other_games_keep_their_rules_or_say_that_they_cannot(targets, vigilance, fillers, seed, least, width):
    options = MemoryGame(targets, (least, least + width), vigilance, (0, 3), fillers)
    try:
        tracks = memory_game_tracks(images_of("test", 40), images_of("filler", 120), 2, 2, options, seed)
    except GanalyzeError as error:
        assert "do not fit" in str(error)  # noqa: PT017
        return
    assert (tracks.groupby("track").size() == options.trials).all()
    assert tracks[(tracks.role == "target") & (tracks.is_repeat == 1)].lag.between(least, least + width).all()
    assert (
        not tracks[tracks.is_repeat == 0].assign(s=tracks.image_id.str[:4]).duplicated(["slot", "s", "seed_id"]).any()
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda t, f: memory_game_tracks(t, f, 2, 3, MemoryGame(), 1), "180 seeds of the test set are needed"),
        (lambda t, f: memory_game_tracks(t, f[f.seed_id < 70], 2, 1, MemoryGame(), 1), "76 seeds of the filler set"),
        (lambda t, f: memory_game_tracks(t, f, 2, 26, MemoryGame(), 1), "at most 25"),
        (lambda t, f: memory_game_tracks(t, f, 0, 1, MemoryGame(), 1), "0 participant"),
        (lambda t, f: memory_game_tracks(t, f, 1, 1, MemoryGame(fillers=0, vigilance=0), 1), "do not fit"),
        (lambda t, f: MemoryGame(target_lags=(300, 400)), "does not fit in 215 trials"),
        (lambda t, f: MemoryGame(target_lags=(20, 10)), "must ascend"),
        (lambda t, f: MemoryGame(targets=0), "targets of a series: got 0"),
        (lambda t, f: TwoAfc(practice=-1), "practice of a series: got -1"),
        (lambda t, f: two_afc_tracks(t, f, real_of(0), 1, 1, TwoAfc(), 1), "no real images of 1 class"),
        (lambda t, f: two_afc_tracks(t, f, real_of(1), 1, 18, TwoAfc(), 1), "at most 17"),
    ],
)  # fmt: skip
def test_what_is_not_feasible_is_refused_with_the_numbers(make, words):
    with pytest.raises(GanalyzeError, match=words):
        make(images_of("test", 160), images_of("filler", 200))


def test_by_hand_it_writes_the_table_and_tells_how_balanced_it_is(tmp_path):
    for name, seeds in (("test", 160), ("filler", 200)):
        images_of(name, seeds).assign(file="x.png").to_csv(tmp_path / f"{name}.csv", index=False)
    done = subprocess.run(
        [sys.executable, "scripts/build_tracks.py", "memory_game", "--manifests", tmp_path / "test.csv",
         tmp_path / "filler.csv", "--participants", "10", "--series", "2", "--seed", "7",
         "--output", tmp_path / "tracks.csv"],
        cwd=REPOSITORY, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "20 tracks; 800 test images, each shown to 1 to 2 participants" in done.stdout
    assert len(pd.read_csv(tmp_path / "tracks.csv")) == 20 * 215
