"""An experiment of one's own, in one file outside the package (tests/fixtures/own), goes all the way from tracks to a
figure."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest

from ganalyze.experiments.memory_game import MemoryGame
from ganalyze.experiments.registry import Experiments
from ganalyze.statistics.formulas import trial_formula
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY

from .conftest import image_set

NAME = "own:FAMILIARITY"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    shutil.copy(REPOSITORY / "tests/fixtures/own/own.py", folder)
    image_set("test", 60, slope=2.0).assign(file="x.png").to_csv(folder / "test.csv", index=False)
    return folder


def run(here, script, *arguments):
    command = [sys.executable, REPOSITORY / "scripts" / script, *map(str, arguments)]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_goes_from_tracks_to_a_figure(here):
    design = ("--manifests", "test.csv", "--participants", 30, "--seed", 1, "--targets", 12)
    run(here, "build_tracks.py", NAME, *design, "--output", "tracks.csv")
    assert pd.read_csv(here / "tracks.csv").groupby("track").size().tolist() == [12] * 30

    simulate = ("--tracks", "tracks.csv", "--manifest", "test.csv", "--experiment", NAME, "--study", "mine")
    observers = ("--seed", 1, "--sensitivity", 2, "--careless", 0)
    said = run(here, "simulate_trials.py", *simulate, *observers, "--output", "simulated.csv")
    assert "360 SIMULATED trials of 30 observers" in said

    trials = "study/trials/familiarity"
    prepare = ("--trials", "simulated.csv", "--experiment", NAME, "--manifests", "test.csv")
    run(here, "prepare_trials.py", *prepare, "--output", f"{trials}.csv")
    series, points = (pd.read_csv(here / f"{trials}.{table}.csv") for table in ("series", "data_points"))
    assert len(series) == 30
    assert len(points) == 12 * series.kept.sum() > 0
    assert points.familiar.isin((0, 1)).all()

    models = ("--family", "binomial", "--formula", trial_formula("familiar", "alpha", 1))
    run(here, "fit_mixed_models.py", "--data", f"{trials}.data_points.csv", *models, "--output", f"{trials}.models.csv")
    slope = pd.read_csv(here / f"{trials}.models.csv").set_index("term").loc["alpha"]
    assert slope.model == "familiar ~ alpha"
    assert slope.estimate > 0

    run(here, "draw_figure.py", NAME, "--results", ".", "--studies", "study", "--output", "figure")
    drawn = (here / "figure.svg").read_text()
    for text in ("share called familiar", "guessing", "SIMULATED"):
        assert f">{text}<" in drawn


def test_its_settings_are_options_of_the_command(here):
    assert "--targets INT" in run(here, "build_tracks.py", NAME, "--help")


def test_it_is_known_by_its_own_name_once_it_was_asked_for_and_what_is_none_is_refused(here, monkeypatch):
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(here)
    known = Experiments(MemoryGame())
    assert known[NAME].name == "familiarity"
    assert known["familiarity"] is known[NAME]
    for name, words in (
        ("stroop", "unknown experiment 'stroop': known are memory_game, familiarity"),
        ("own:NOTHING", "cannot be imported"),
        ("own:np", "is a module, not an Experiment"),
    ):
        with pytest.raises(GanalyzeError, match=words):
            known[name]
    with pytest.raises(GanalyzeError, match="'memory_game' is known already"):
        known.register(MemoryGame())
