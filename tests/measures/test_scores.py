"""Scores of stored images, by hand: of any manifest, at some alphas, and their means."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ganalyze.images.image_sets import ImageSet, write_manifest
from ganalyze.images.shards import Shard
from ganalyze.measures.factors import IMAGE_FACTORS, MASK_FACTORS, by_alpha, measure
from tests import REPOSITORY

ALPHAS = (-0.1, 0.0, 0.1)


@pytest.fixture
def stored(tmp_path):
    """Six images of two seeds, brighter with alpha."""
    rows = []
    with Shard(tmp_path / "s.zip") as shard:
        for seed in range(2):
            for alpha in ALPHAS:
                name = f"{seed}_{alpha}"
                level = int(100 + 300 * alpha + 20 * seed)
                shard.add(f"{name}.png", np.full((64, 64, 3), level, np.uint8))
                rows.append([name, seed, alpha, f"s.zip/{name}.png"])
    table = pd.DataFrame(rows, columns=["image_id", "seed_id", "alpha", "file"])
    write_manifest(table, tmp_path / "set.csv")
    write_manifest(table[["image_id", "file"]], tmp_path / "bare.csv")
    return tmp_path


def run(script, *arguments):
    command = [sys.executable, REPOSITORY / "scripts" / script, *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)


def score(manifest, output, *arguments):
    return run(
        "score_images.py", "--assessor", "aesthetics-proxy", "--manifest", manifest, "--output", output, *arguments
    )


def test_a_manifest_of_ones_own_with_names_and_files_alone_is_scored(stored):
    done = score(stored / "bare.csv", stored / "scored.csv")
    assert done.returncode == 0, done.stderr
    whole = score(stored / "set.csv", stored / "whole.csv")
    assert whole.returncode == 0, whole.stderr
    assert list(pd.read_csv(stored / "scored.csv")) == ["image_id", "file", "score"]
    assert pd.read_csv(stored / "scored.csv").score.equals(pd.read_csv(stored / "whole.csv").score)


def test_the_mean_scores_stand_in_a_table_of_their_own(stored):
    done = score(stored / "set.csv", stored / "scored.csv", "--by-alpha", stored / "by_alpha.csv")
    assert done.returncode == 0, done.stderr
    means = pd.read_csv(stored / "by_alpha.csv")
    expected = pd.read_csv(stored / "scored.csv").groupby("alpha").score.mean()
    np.testing.assert_allclose(means["mean"], expected)
    assert means.alpha.tolist() == list(ALPHAS)


@pytest.mark.parametrize("arguments", [("--alphas", "0"), ("--by-alpha", "out.csv")])
def test_a_manifest_that_tells_no_alpha_is_refused_before_anything_is_scored(stored, arguments):
    refused = score(stored / "bare.csv", stored / "scored.csv", *arguments)
    assert refused.returncode == 1
    assert refused.stderr == "error: the manifest of bare lacks the column alpha\n"
    assert not (stored / "scored.csv").exists()


def test_factors_have_means_at_every_alpha(stored):
    factors = measure(stored / "set.csv")
    table = by_alpha(factors, ImageSet.open(stored / "set.csv"))
    brightness = table[table.factor == "brightness"]
    manifest = pd.read_csv(stored / "set.csv")
    groups = factors.brightness.groupby(manifest.alpha)
    np.testing.assert_allclose(brightness["mean"], groups.mean())
    np.testing.assert_allclose(brightness.ci_high - brightness["mean"], 1.959964 * groups.std() / 2**0.5, rtol=1e-6)
    z = (factors.brightness - factors.brightness.mean()) / factors.brightness.std()
    np.testing.assert_allclose(brightness.mean_z, z.groupby(manifest.alpha).mean())
    assert table[table.factor.isin(MASK_FACTORS)].n.eq(0).all()
    assert table.factor.drop_duplicates().tolist() == [*IMAGE_FACTORS, *MASK_FACTORS]


def test_the_command_writes_the_means_of_factors_and_refuses_what_tells_no_alpha_at_once(stored):
    out = ("--output", stored / "factors.csv", "--by-alpha", stored / "by_alpha.csv")
    assert run("measure_factors.py", "--images", stored / "set.csv", *out).returncode == 0
    assert len(pd.read_csv(stored / "by_alpha.csv")) == 7 * len(ALPHAS)
    (stored / "factors.csv").unlink()
    for images, words in ((stored / "bare.csv", "lacks the column alpha"), (stored, "give a manifest")):
        refused = run("measure_factors.py", "--images", images, *out)
        assert refused.returncode == 1
        assert words in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        assert not (stored / "factors.csv").exists()
