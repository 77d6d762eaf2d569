"""The commands between tracks and models, by hand: what they write, and that a faulty table leaves nothing."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ganalyze.experiments.trials import read_trials, write_trials
from tests import REPOSITORY

from .conftest import image_set, memory_tracks


def run(script, *arguments, cwd):
    command = [sys.executable, REPOSITORY / "scripts" / script, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Tracks, manifests, and the answers of simulated observers."""
    folder = tmp_path_factory.mktemp("experiment")
    memory_tracks(12, targets=30).to_csv(folder / "tracks.csv", index=False)
    for name, seeds in (("test", 160), ("filler", 60)):
        image_set(name, seeds).assign(file="").to_csv(folder / f"{name}.csv", index=False)
    done = run(
        "simulate_trials.py",
        "--tracks",
        "tracks.csv",
        "--manifest",
        "test.csv",
        "--experiment",
        "memory_game",
        "--study",
        "memorability",
        "--seed",
        1,
        "--claims",
        REPOSITORY / "config/claims.csv",
        "--output",
        "trials.csv",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert "SIMULATED trials of 12 observers" in done.stdout
    return folder


def prepare(folder, trials, output, *options):
    return run(
        "prepare_trials.py",
        "--trials",
        trials,
        "--experiment",
        "memory_game",
        "--manifests",
        "test.csv",
        "filler.csv",
        "--output",
        output,
        *options,
        cwd=folder,
    )


def test_trials_are_checked_series_judged_and_data_points_counted(folder, images):
    done = prepare(folder, "trials.csv", "out/memory_game.csv")
    assert done.returncode == 0, done.stderr
    assert "SIMULATED, 12 participants, 12 series" in done.stdout
    checked = read_trials(folder / "out/memory_game.csv", "memory_game", images)
    series = pd.read_csv(folder / "out/memory_game.series.csv")
    points = pd.read_csv(folder / "out/memory_game.data_points.csv")
    rates = pd.read_csv(folder / "out/memory_game.by_alpha.csv")
    assert len(checked) == 12 * 80
    assert len(points) == 30 * series.kept.sum() == rates.data_points.sum()
    assert rates.rate.to_numpy() == pytest.approx(points.groupby("alpha").hit.mean().to_numpy())


def renamed(folder, names, output):
    """The terms of the model of the trials, whose participants have other names."""
    trials = pd.read_csv(folder / "trials.csv", dtype=str, keep_default_na=False)
    trials["participant"] = trials.participant.map(dict(zip(sorted(trials.participant.unique()), names, strict=True)))
    trials.to_csv(folder / f"{output}.trials.csv", index=False)
    done = prepare(folder, f"{output}.trials.csv", f"{output}/memory_game.csv")
    assert "12 participants" in done.stdout, done.stderr
    points = f"{output}/memory_game.data_points.csv"
    formula = "hit ~ alpha + (1|participant)"
    arguments = ["--data", points, "--family", "binomial", "--formula", formula, "--output", f"{output}.csv"]
    done = run("fit_mixed_models.py", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return pd.read_csv(folder / f"{output}.csv")


def test_participants_may_be_called_anything_that_the_trial_table_accepts(folder):
    plain = renamed(folder, [f"person_{i:02d}" for i in range(12)], "plain")
    names = ["1", "01", "001", "1e5", "NA", "nan", "null", "None", "True", "-1", "_", "0x1F"]
    odd = renamed(folder, names, "odd")
    assert (odd.groups == plain.groups).all()
    assert "participant" in odd.groups[0]
    columns = ["estimate", "std_error", "log_likelihood"]
    np.testing.assert_allclose(odd[columns], plain[columns], rtol=1e-6)


def test_a_faulty_table_is_refused_in_one_line_and_nothing_is_left(folder):
    lines = (folder / "trials.csv").read_text().splitlines()
    (folder / "faulty.csv").write_text("\n".join([*lines, lines[5]]))
    failed = prepare(folder, "faulty.csv", "nothing/memory_game.csv")
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: faulty.csv has ")
    assert "column trial_index" in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert not (folder / "nothing").exists()


def test_what_was_broken_off_or_not_seen_is_left_out_and_counted_unless_it_is_to_be_kept(folder, tmp_path, images):
    trials = pd.read_csv(folder / "trials.csv")
    first, second = trials.participant.unique()[:2]
    trials = trials[(trials.participant != first) | (trials.trial_index < 43)]  # of 80
    trials = trials.assign(planned=80, image_ms=600.0, hidden=0)
    repeats = trials.index[(trials.participant == second) & (trials.role == "target") & (trials.is_repeat == 1)]
    trials.loc[repeats[0], "hidden"] = 1
    trials.loc[repeats[1], "image_ms"] = 5200.0
    onset = pd.to_datetime(trials.shown_at, format="ISO8601")
    late = (trials.participant == second) & (trials.index > repeats[3])
    trials["shown_at"] = onset.where(~late, onset + pd.Timedelta(4.6, "s"))
    write_trials(trials, folder / "disturbed.csv")

    def prepared(*options):
        done = prepare(folder, "disturbed.csv", tmp_path / "memory_game.csv", *options)
        assert done.returncode == 0, done.stderr
        points, series = (pd.read_csv(tmp_path / f"memory_game.{name}.csv") for name in ("data_points", "series"))
        return done.stdout, points.groupby("participant").size(), series.set_index("participant")

    said, points, series = prepared()
    assert "excluded 1 series: broken off before its last trial" in said
    assert "3 trial(s) not seen as intended: 3 data point(s) left out with them" in said
    assert first not in points
    assert points[second] == 27
    assert series.loc[first, ["trials", "planned", "kept"]].tolist() == [43, 80, 0]
    assert series.unseen[second] == 3
    checked = read_trials(tmp_path / "memory_game.csv", "memory_game", images)
    assert checked.hidden.sum() == 1
    assert checked.image_ms.max() == 5200

    said, points, _ = prepared("--unseen", "keep", "--broken-off", "keep")
    assert "broken off" not in said
    assert "3 trial(s) not seen as intended: 0 data point(s) left out with them" in said
    assert points[second] == 30
    assert "1 trial(s) not seen" in prepared("--tolerance", 1000)[0]


def test_a_study_that_the_paper_lacks_needs_a_sensitivity(folder):
    failed = run(
        "simulate_trials.py",
        "--tracks",
        "tracks.csv",
        "--manifest",
        "test.csv",
        "--experiment",
        "memory_game",
        "--study",
        "happiness",
        "--seed",
        1,
        "--claims",
        REPOSITORY / "config/claims.csv",
        "--output",
        "x.csv",
        cwd=folder,
    )
    assert failed.returncode == 1
    assert "error: the paper has no memory_game of a study happiness: give --sensitivity" in failed.stderr
    assert not (folder / "x.csv").exists()


def test_factors_are_z_scored_over_the_images_and_a_model_that_cannot_be_says_why(folder, tmp_path):
    rng, test = np.random.default_rng(0), image_set("test", 160)
    factors = pd.DataFrame(
        {"image_id": test.image_id, "brightness": 5 + 3 * rng.normal(size=len(test)), "redness": 0.0}
    )
    factors.to_csv(tmp_path / "factors.csv", index=False)
    points = pd.DataFrame({"image_id": rng.choice(test.image_id, 2000), "participant": rng.integers(20, size=2000)})
    points["hit"] = (rng.random(2000) < 0.6).astype(int)
    points.assign(data_source="human").to_csv(tmp_path / "points.csv", index=False)
    formulas = ["hit ~ brightness + (1|participant)", "hit ~ redness + (1|participant)"]
    arguments = ["--data", "points.csv", "--join", "factors.csv", "--family", "binomial", "--formula", *formulas]
    done = run("fit_mixed_models.py", *arguments, "--keep-going", "--output", "raw.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run("fit_mixed_models.py", *arguments, "--keep-going", "--normalise", "--output", "z.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    raw, z = (pd.read_csv(tmp_path / name).set_index(["model", "term"]) for name in ("raw.csv", "z.csv"))
    slope = ("hit ~ brightness", "brightness")
    # Over all 800 images, not over the 2,000 trials.
    assert z.estimate[slope] == pytest.approx(raw.estimate[slope] * factors.brightness.std(), rel=1e-3)
    assert z.converged["hit ~ redness", "redness"].startswith("no: ")
    assert (z.data_source == "human").all()
    refused = run("fit_mixed_models.py", *arguments, "--output", "none.csv", cwd=tmp_path)
    assert refused.returncode == 1
    assert "redness" in refused.stderr
    assert not (tmp_path / "none.csv").exists()
