"""How much of the subject's outline stays, from masks that are known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ganalyze.images.image_sets import ImageSet
from ganalyze.images.pixels import as_image
from ganalyze.images.shards import Shard
from ganalyze.measures.structure import compare_structure, overlap, shift
from ganalyze.models.contract import Face

MASKS = npst.arrays(bool, (4, 5))


@given(MASKS, MASKS)
def test_overlap_is_symmetric_within_0_and_1_and_1_for_the_same_mask(one, other):
    if not (one | other).any():
        assert np.isnan(overlap(one, other))
        return
    assert 0 <= overlap(one, other) == overlap(other, one) <= 1
    assert (overlap(one, other) == 1) == np.array_equal(one, other)


@given(st.integers(1, 8), st.integers(1, 8))
def test_overlap_of_nested_masks_is_the_share_of_their_areas(small, large):
    row = np.arange(8)
    small, large = sorted((small, large))
    assert overlap(row < small, row < large) == small / large


def test_every_alpha_is_compared_with_the_same_seed_at_0(tmp_path):
    rows = []
    widths = {0: {-0.1: 2, 0.0: 4, 0.1: 4}, 1: {-0.1: 3, 0.0: 3, 0.1: 6}}
    with Shard(tmp_path / "m.zip") as shard:
        for seed, by_alpha in widths.items():
            for alpha, width in by_alpha.items():
                shard.add(f"{seed}_{alpha}.png", as_image(np.tile(np.arange(8) < width, (3, 1))))
                rows.append([f"{seed}_{alpha}", seed, alpha, f"m.zip/{seed}_{alpha}.png"])
    manifest = pd.DataFrame(rows, columns=["image_id", "seed_id", "alpha", "file"])
    one = (ImageSet(manifest, tmp_path), ImageSet(manifest[["image_id", "file"]], tmp_path))
    table = compare_structure({"a": one, "b": one})
    assert table.study.tolist() == ["a", "a", "b", "b"]
    assert table.measure.unique().tolist() == ["outline_overlap"]
    assert table.alpha.tolist() == [-0.1, 0.1] * 2
    assert table["mean"].tolist()[:2] == pytest.approx([(0.5 + 1) / 2, (1 + 0.5) / 2])
    half = 1.959964 * np.std([0.5, 1], ddof=1) / 2**0.5
    assert (table.ci_high - table["mean"]).tolist()[:2] == pytest.approx([half] * 2)
    assert (table.n == 2).all()


PLACES = npst.arrays(float, (5, 2), elements=st.floats(0, 100))
EYES_APART = np.array([[30.0, 40], [70, 40], [50, 60], [35, 80], [65, 80]])


@given(PLACES, st.floats(0.1, 10))
def test_a_shift_is_in_distances_between_the_eyes_whatever_the_images_size(moved, size):
    assert shift(EYES_APART + np.array([3, 4]), EYES_APART) == pytest.approx(5 / 40)
    assert shift(moved * size, EYES_APART * size) == pytest.approx(shift(moved, EYES_APART))


class BrightCorner:
    """A detector of images that are not black: landmarks lie as far right as the image is bright."""

    def faces(self, pixels):
        bright = float(pixels.max())
        return [Face(np.zeros(4), 1.0, EYES_APART + np.array([bright, 0]))] if bright else []


def test_landmarks_are_compared_with_those_of_the_same_seed_where_there_is_a_face(tmp_path):
    rows = []
    with Shard(tmp_path / "m.zip") as shard:
        for seed, by_alpha in {0: (10, 20, 50), 1: (10, 10, 0), 2: (10, 0, 10)}.items():
            for alpha, bright in zip((-0.1, 0.0, 0.1), by_alpha, strict=True):
                shard.add(f"{seed}_{alpha}.png", np.full((3, 3, 3), bright, np.uint8))
                rows.append([f"{seed}_{alpha}", seed, alpha, f"m.zip/{seed}_{alpha}.png"])
    images = ImageSet(pd.DataFrame(rows, columns=["image_id", "seed_id", "alpha", "file"]), tmp_path)
    table = compare_structure({"a": (images, images)}, BrightCorner())
    moved = table[table.measure == "landmark_shift"]
    assert moved.alpha.tolist() == [-0.1, 0.1]
    assert moved.n.tolist() == [2, 1]
    assert moved["mean"].tolist() == pytest.approx([(10 / 40 + 0) / 2, 30 / 40])
