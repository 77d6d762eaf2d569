"""Shards and manifests: deterministic, readable by anyone, and never half there."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ganalyze.images import image_sets, shards
from ganalyze.images.image_sets import ImageSet, evenly_spaced, image_id, read_manifest, write_manifest
from ganalyze.images.reading import ImageReader
from ganalyze.images.shards import Shard, gather
from ganalyze.support.errors import GanalyzeError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


def make_chunk(folder, name, seeds):
    """A chunk of three alphas a seed whose pixels tell seed and alpha."""
    rows = []
    with Shard(folder / f"{name}.zip") as shard:
        for seed in seeds:
            for alpha in (-0.1, 0.0, 0.1):
                member = image_id("test", seed, alpha)
                shard.add(f"{member}.png", np.full((4, 4, 3), seed * 10 + round(alpha * 10) + 5, np.uint8))
                rows.append([member, "test", seed, 0, "face", seed, alpha, f"{name}.zip/{member}.png"])
    write_manifest(pd.DataFrame(rows, columns=image_sets.MANIFEST_COLUMNS[:-1]), folder / f"{name}.csv")
    return folder / f"{name}.csv"


@pytest.fixture
def image_set(tmp_path):
    gather([make_chunk(tmp_path, "a", range(4))], tmp_path / "test", tmp_path / "test.csv")
    return tmp_path / "test.csv"


def test_images_come_back_as_they_were_stored(tmp_path):
    with Shard(tmp_path / "s.zip") as shard:
        for number, pixels in enumerate(IMAGES):
            shard.add(f"{number}.png", pixels)
    names = [str(number) for number in range(len(IMAGES))]
    stored = ImageSet(pd.DataFrame({"image_id": names, "file": [f"s.zip/{name}.png" for name in names]}), tmp_path)
    assert np.array_equal(np.stack(list(stored.images())), IMAGES)
    assert np.array_equal(stored.image("3"), IMAGES[3])


def test_any_zip_tool_opens_a_single_image(image_set):
    with zipfile.ZipFile(image_set.parent / "test/shard-0000.zip") as shard:
        assert shard.testzip() is None
        with Image.open(io.BytesIO(shard.read("test_00002_+0.1.png"))) as image:
            assert image.getpixel((0, 0)) == (26, 26, 26)


def test_the_same_images_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        with Shard(tmp_path / f"{name}.zip") as shard:
            shard.add("x.png", IMAGES[0])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("cuts", [[4], [1, 5], [2, 3, 6]])
def test_a_gathered_set_does_not_show_how_it_was_cut(tmp_path, monkeypatch, cuts):
    monkeypatch.setattr(shards, "SEEDS_PER_SHARD", 3)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    gather([make_chunk(whole, "a", range(8))], whole / "test", whole / "test.csv")
    edges = [0, *cuts, 8]
    parts = [make_chunk(cut, f"p{i}", range(*edges[i : i + 2])) for i in range(len(cuts) + 1)]
    gather(parts[::-1], cut / "test", cut / "test.csv")
    names = ["test.csv", "test/shard-0000.zip", "test/shard-0001.zip", "test/shard-0002.zip"]
    for name in names:
        assert (cut / name).read_bytes() == (whole / name).read_bytes()
    assert sorted(path.name for path in (cut / "test").iterdir()) == [name.removeprefix("test/") for name in names[1:]]


def test_gathering_replaces_an_older_set_as_a_whole(image_set):
    (image_set.parent / "test/left-over.zip").write_bytes(b"old")
    gather([make_chunk(image_set.parent, "b", range(2))], image_set.parent / "test", image_set)
    assert [path.name for path in (image_set.parent / "test").iterdir()] == ["shard-0000.zip"]
    assert read_manifest(image_set).seed_id.nunique() == 2


def test_a_seed_in_two_chunks_is_refused(tmp_path):
    parts = [make_chunk(tmp_path, "a", [0, 1]), make_chunk(tmp_path, "b", [1, 2])]
    with pytest.raises(GanalyzeError, match="more than one chunk"):
        gather(parts, tmp_path / "test", tmp_path / "test.csv")
    assert not (tmp_path / "test.csv").exists()


def test_a_shard_that_is_not_finished_is_not_there(tmp_path):
    def breaks_off():
        with Shard(tmp_path / "s.zip") as shard:
            shard.add("x.png", IMAGES[0])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        breaks_off()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("alpha", "name"), [(0.2, "+0.2"), (-0.25, "-0.25"), (0.0, "+0"), (-0.0, "+0"), (1, "+1")])
def test_an_image_id_tells_set_seed_and_alpha(alpha, name):
    assert image_id("test", 7, alpha) == f"test_00007_{name}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a readable CSV"),
        ("image_id,file\n", "lists no images"),
        ("image_id,alpha\na,0\n", "lacks the column.* file"),
        ("image_id,file\na,a.png\na,b.png\n", "twice, first a"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_by_name(tmp_path, text, words):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(GanalyzeError, match=words) as refused:
        read_manifest(tmp_path / "m.csv")
    assert "m.csv" in str(refused.value)


def test_a_missing_manifest_tells_what_makes_it(tmp_path):
    with pytest.raises(GanalyzeError, match=r"m\.csv not found.*generate-images"):
        read_manifest(tmp_path / "m.csv")


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("none.zip/a.png", "none.zip not found"),
        ("broken.zip/a.png", "cannot read a.png"),
        ("test/shard-0000.zip/none.png", "cannot read none.png"),
        ("none.png", "none.png not found"),
        ("text.png", "not a readable image"),
    ],
)
def test_an_image_that_cannot_be_read_is_named(image_set, file, words):
    (image_set.parent / "broken.zip").write_bytes(b"PK no zip")
    (image_set.parent / "text.png").write_bytes(b"no image")
    with ImageReader(image_set.parent) as reader, pytest.raises(GanalyzeError, match=words):
        reader.read(file)


def test_a_plain_png_beside_the_manifest_is_read_as_well(tmp_path):
    Image.fromarray(IMAGES[0]).save(tmp_path / "a.png")
    with ImageReader(tmp_path) as reader:
        assert np.array_equal(reader.read("a.png"), IMAGES[0])


@given(batch_size=st.integers(1, 20))
def test_batches_hold_every_image_once_in_order(batch_size, several):
    rows, images = zip(*several.batches(batch_size), strict=True)
    assert pd.concat(rows).equals(several.manifest)
    assert np.array_equal(np.concatenate(images), np.stack(list(several.images())))
    assert {len(batch) for batch in images[:-1]} <= {batch_size}


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    gather([make_chunk(folder, "a", range(4))], folder / "test", folder / "test.csv")
    return ImageSet.open(folder / "test.csv")


def test_a_set_at_some_alphas_has_their_images_alone(several):
    ends = several.at((-0.1, 0.1))
    assert several.alphas == (-0.1, 0.0, 0.1)
    assert ends.alphas == (-0.1, 0.1)
    assert len(ends) == 8
    with pytest.raises(GanalyzeError, match="no image at alpha 7"):
        several.at((7,))


def test_images_of_several_sizes_make_no_batch(tmp_path):
    with Shard(tmp_path / "s.zip") as shard:
        for size in (4, 5):
            shard.add(f"{size}.png", np.zeros((size, 4, 3), np.uint8))
    manifest = pd.DataFrame({"image_id": ["4", "5"], "file": ["s.zip/4.png", "s.zip/5.png"]})
    with pytest.raises(GanalyzeError, match="several sizes"):
        list(ImageSet(manifest, tmp_path).batches(2))
    fitted = ImageSet(manifest, tmp_path).batches(2, lambda file, image: image[:4])
    assert [pixels.shape for _, pixels in fitted] == [(2, 4, 4, 3)]


def test_mean_scores_and_gains_are_those_of_the_manifest(several):
    scores = np.random.default_rng(3).normal(size=len(several))
    scored = ImageSet(several.manifest.assign(score=scores), several.folder)
    by_alpha = scored.manifest.groupby("alpha").score
    means = scored.mean_scores()
    np.testing.assert_allclose(means["mean"], by_alpha.mean())
    np.testing.assert_allclose((means.ci_high - means.ci_low) / 2, 1.959964 * by_alpha.std() / 2, rtol=1e-6)
    assert means.n.tolist() == [4, 4, 4]
    ends = scored.manifest.pivot(index="seed_id", columns="alpha", values="score")
    np.testing.assert_allclose(scored.gains(), ends[0.1] - ends[-0.1])


@given(count=st.integers(1, 30), total=st.integers(1, 30))
def test_evenly_spaced_places_are_different_ones_of_the_whole(count, total):
    chosen = evenly_spaced(count, total)
    assert len(set(chosen)) == len(chosen) == min(count, total)
    assert 0 <= chosen[0] <= chosen[-1] < total
    assert all(gap <= -(-total // len(chosen)) for gap in np.diff(chosen))
