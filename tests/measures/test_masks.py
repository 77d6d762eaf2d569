"""Masks of stored images."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ganalyze.images.image_sets import ImageSet, write_manifest
from ganalyze.images.shards import Shard
from ganalyze.measures.factors import measure
from ganalyze.measures.masks import segment_images
from ganalyze.models.segmenters.unet import save_unet
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY
from tests.networks import CPU

from ..models.segmenters.conftest import heads, is_bright

SCRIPT = REPOSITORY / "scripts" / "segment_images.py"


@pytest.fixture
def stored(tmp_path):
    """A manifest of five images in a shard: four heads and a black one; and where the subjects are."""
    pixels, masks = heads(5)
    pixels[4], masks[4] = 0, False
    with Shard(tmp_path / "test.zip") as shard:
        for index, image in enumerate(pixels):
            shard.add(f"test_{index}.png", image)
    names = [f"test_{index}" for index in range(5)]
    table = pd.DataFrame({"image_id": names, "file": [f"test.zip/{name}.png" for name in names]})
    write_manifest(table, tmp_path / "test.csv")
    return tmp_path / "test.csv", masks


@pytest.mark.parametrize("batch_size", [2, 5, 100])
def test_stored_masks_are_what_the_factors_are_measured_with(stored, tmp_path, batch_size):
    manifest, masks = stored
    output = tmp_path / "masks" / "test.csv"
    sizes = segment_images(is_bright, ImageSet.open(manifest), output, batch_size, CPU)
    np.testing.assert_allclose(sizes, masks.mean(axis=(1, 2)))
    assert sorted(path.name for path in output.parent.iterdir()) == ["test.csv", "test.zip"]
    factors = measure(manifest, output)
    np.testing.assert_allclose(factors.object_size[:4], masks[:4].mean(axis=(1, 2)))
    assert np.isnan(factors.object_size[4])  # no subject is missing, not zero


def test_images_of_several_sizes_are_refused_and_leave_nothing_behind(stored, tmp_path):
    manifest, _ = stored
    with Shard(tmp_path / "test.zip") as shard:
        for index in range(5):
            shard.add(f"test_{index}.png", np.zeros((64, 60 + index, 3), np.uint8))
    with pytest.raises(GanalyzeError, match="several sizes"):
        segment_images(is_bright, ImageSet.open(manifest), tmp_path / "masks.csv", 5, CPU)
    assert not list(tmp_path.glob("*masks*"))


def test_the_script_segments_a_manifest(trained, stored, tmp_path):
    manifest, masks = stored
    save_unet(trained, tmp_path / "segmenter.safetensors", {})
    done = run_script(manifest, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "5 masks" in done.stdout
    sizes = measure(manifest, tmp_path / "masks.csv").object_size
    np.testing.assert_allclose(sizes[:4], masks[:4].mean(axis=(1, 2)), atol=0.05)


def test_the_script_says_in_one_line_that_the_segmenter_is_broken(stored, tmp_path):
    (tmp_path / "segmenter.safetensors").write_bytes(b"broken")
    done = run_script(stored[0], tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: segmenter")
    assert len(done.stderr.splitlines()) == 1


def run_script(manifest: Path, folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, SCRIPT, "--manifest", manifest, "--segmenter", "unet", "--weights-dir", folder]
    return subprocess.run([*command, "--output", folder / "masks.csv"], capture_output=True, text=True)
