"""Photographs through the DAG: inverted, moved, reported, and as the seeds of a test set."""

import json

import numpy as np
import pytest
from skimage.data import astronaut, coffee
from skimage.io import imsave

from ganalyze.images.image_sets import ImageSet

from .conftest import run_of, study

TARGETS = ("photographs", "results/tiny/valence/scores.by_alpha.csv", "results/tiny/valence/factors.csv")


@pytest.fixture(scope="module")
def moved(make_checkout):
    checkout = make_checkout()
    valence = study("valence", "fer-valence", samples=8, batch_size=4, seeds=2)
    valence["image_sets"]["test"]["photographs"] = True
    imsave(checkout.folder / "me on a day.png", astronaut())
    imsave(checkout.folder / "coffee.jpg", coffee())
    checkout.configure(run_of(valence) | {"photographs": ["me on a day.png", "coffee.jpg"]})
    done = checkout.snakemake("--cores", "2", "--", *TARGETS)
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout


def test_each_photograph_has_its_report_strip_film_and_scores(moved):
    for name in ("me-on-a-day", "coffee"):
        folder = moved.folder / "results/tiny/photographs" / name
        assert "generated" in (folder / "report.html").read_text()
        assert (folder / "valence.png").is_file()
        assert (folder / "valence.gif").is_file()
        scores = ImageSet.open(folder / "valence.csv").manifest
        assert scores.alpha.isna().sum() == 1
        assert scores.score.notna().all()


def test_a_test_set_may_consist_of_them(moved):
    images = ImageSet.open(moved.folder / "results/tiny/valence/images/test.csv")
    assert images.manifest.seed_id.unique().tolist() == [0, 1]
    assert len(images) == 10
    for seed, name in enumerate(("me-on-a-day", "coffee")):
        own = ImageSet.open(moved.folder / f"results/tiny/photographs/{name}/valence.csv")
        for alpha in ("-0.4", "+0", "+0.2"):
            one, other = images.image(f"test_{seed:05d}_{alpha}"), own.image(f"photograph_00000_{alpha}")
            assert np.abs(one.astype(int) - other).max() <= 1


def test_a_photograph_that_is_not_there_is_named_before_any_job(moved):
    refused = moved.snakemake(
        "--cores", "1", "--config", f"photographs={json.dumps(['none.jpg'])}", "--", "photographs"
    )
    assert refused.returncode != 0
    assert "photographs" in refused.stderr
    assert "Traceback" not in refused.stderr
