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
from ganalyze.measures.structure import compare_structure, overlap

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
    assert table.alpha.tolist() == [-0.1, 0.1] * 2
    assert table["mean"].tolist()[:2] == pytest.approx([(0.5 + 1) / 2, (1 + 0.5) / 2])
    half = 1.959964 * np.std([0.5, 1], ddof=1) / 2**0.5
    assert (table.ci_high - table["mean"]).tolist()[:2] == pytest.approx([half] * 2)
    assert (table.n == 2).all()
