"""Image sets: which seeds they hold, and that neither chunks nor batches change what is made of them."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.torch import save

from ganalyze.direction.generation import chunk_of, draw_seeds, draw_z, generate_images, list_images
from ganalyze.direction.inverted import Inverted, photographed_seeds
from ganalyze.direction.settings import ImageSetSettings, seeds_per_batch
from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import ImageSet, read_manifest
from ganalyze.images.pixels import to_images, to_pixels
from ganalyze.images.reading import ImageReader
from ganalyze.images.shards import gather
from ganalyze.measures.scores import score_images
from ganalyze.models.compute import Compute
from ganalyze.support.errors import GanalyzeError
from tests.networks import load_assessor, load_generator

CPU = Compute(device="cpu", threads=2).prepare()
ALPHAS = (-0.4, 0.0, 0.4)
SEVEN = ImageSetSettings(seeds_per_class=7)


@pytest.fixture(scope="module")
def generator(weights_dir):
    return load_generator("dcgan-digiface", weights_dir)


@pytest.fixture(scope="module")
def theta():
    return torch.randn(100, generator=torch.Generator().manual_seed(8))


def make(folder, generator, theta, chunks, alphas=ALPHAS):
    seeds = draw_seeds(SEVEN, generator.num_classes, 5)
    for chunk in range(chunks):
        generate_images(
            generator,
            Transformer.along(theta),
            chunk_of(seeds, chunk, chunks, seeds_per_batch(6, len(alphas))),
            set_name="test",
            alphas=alphas,
            seed=5,
            batch_size=6,
            compute=CPU,
            folder=folder / f"{chunk}",
        )
    gather([folder / f"{chunk}.csv" for chunk in range(chunks)], folder / "test", folder / "test.csv")
    return folder / "test.csv"


@pytest.fixture(scope="module")
def in_one(tmp_path_factory, generator, theta):
    return make(tmp_path_factory.mktemp("one"), generator, theta, 1)


@pytest.mark.parametrize("chunks", [2, 3, 4])
def test_any_number_of_chunks_gives_the_same_bytes(tmp_path, generator, theta, in_one, chunks):
    manifest = make(tmp_path, generator, theta, chunks)
    assert manifest.read_bytes() == in_one.read_bytes()
    assert (tmp_path / "test/shard-0000.zip").read_bytes() == (in_one.parent / "test/shard-0000.zip").read_bytes()


def test_a_set_has_every_seed_at_every_alpha(in_one):
    manifest = read_manifest(in_one)
    assert len(manifest) == 7 * 3
    assert all(tuple(alphas) == ALPHAS for _, alphas in manifest.groupby("seed_id").alpha)
    assert manifest.class_name.eq("face").all()
    assert manifest.image_id.is_unique


def test_at_alpha_0_the_image_is_the_seeds_own(generator, in_one):
    manifest = read_manifest(in_one).query("alpha == 0")
    with ImageReader(in_one.parent) as reader:
        for row in manifest.itertuples():
            z = torch.from_numpy(draw_z("test", row.class_id, row.z_index, 100, seed=5))[None]
            own = to_pixels(generator(z, torch.zeros(1, dtype=torch.long)))[0]
            # One batch here, another there: a value on the edge between two grey levels may fall either way.
            assert np.abs(own.astype(int) - reader.read(row.file)).max() <= 1


def test_a_clone_is_the_image_of_z_plus_alpha_theta(generator, theta, in_one):
    row = read_manifest(in_one).query("alpha == 0.4").iloc[3]
    z = draw_z("test", row.class_id, row.z_index, 100, seed=5) + 0.4 * theta.numpy()
    own = to_pixels(generator(torch.from_numpy(z)[None].float(), torch.zeros(1, dtype=torch.long)))[0]
    with ImageReader(in_one.parent) as reader:
        assert np.abs(own.astype(int) - reader.read(row.file)).max() <= 1


def test_the_score_is_the_assessors_of_the_stored_image_whatever_the_batch(weights_dir, in_one):
    assessor = load_assessor("fer-valence", weights_dir)
    manifest = read_manifest(in_one)
    scores = score_images(assessor, ImageSet(manifest, in_one.parent), 6, CPU)
    with ImageReader(in_one.parent) as reader, torch.no_grad():
        alone = [assessor(to_images(reader.read(file)[None])).item() for file in manifest.file]
    np.testing.assert_allclose(scores, alone, atol=1e-5)
    np.testing.assert_allclose(score_images(assessor, ImageSet(manifest, in_one.parent), 100, CPU), scores, atol=1e-5)


def test_a_shuffled_manifest_gets_each_image_its_own_score(weights_dir, in_one):
    assessor = load_assessor("fer-valence", weights_dir)
    manifest = read_manifest(in_one)
    shuffled = manifest.sample(frac=1, random_state=1).reset_index(drop=True)
    scores = pd.Series(score_images(assessor, ImageSet(manifest, in_one.parent), 6, CPU), manifest.image_id)
    again = pd.Series(score_images(assessor, ImageSet(shuffled, in_one.parent), 6, CPU), shuffled.image_id)
    np.testing.assert_allclose(again[scores.index], scores, atol=1e-5)


@given(classes=st.integers(1, 40), per_class=st.integers(1, 4), seed=st.integers(0, 99))
def test_classes_are_drawn_without_repetition_each_with_its_seeds(classes, per_class, seed):
    seeds = draw_seeds(ImageSetSettings(classes=classes, seeds_per_class=per_class), 40, seed)
    assert seeds.seed_id.tolist() == list(range(classes * per_class))
    assert seeds.class_id.nunique() == classes
    assert all(list(z_index) == list(range(per_class)) for _, z_index in seeds.groupby("class_id").z_index)
    assert seeds.class_id.between(0, 39).all()


@given(chunks=st.integers(1, 20), per_class=st.integers(40, 60), batch_size=st.integers(1, 6))
def test_chunks_share_the_seeds_out_in_whole_batches(chunks, per_class, batch_size):
    seeds, batch = draw_seeds(ImageSetSettings(seeds_per_class=per_class), 1, 5), seeds_per_batch(batch_size, 3)
    parts = [chunk_of(seeds, chunk, chunks, batch) for chunk in range(chunks)]
    assert pd.concat(parts).seed_id.tolist() == seeds.seed_id.tolist()
    assert all(part.seed_id.iloc[0] % batch == 0 for part in parts)


def test_a_seeds_z_depends_on_its_set_class_and_number_alone():
    assert np.array_equal(draw_z("test", 0, 2, 100, seed=5), draw_z("test", 0, 2, 100, seed=5))
    assert not np.array_equal(draw_z("test", 0, 2, 100, seed=5), draw_z("test", 0, 3, 100, seed=5))
    assert not np.array_equal(draw_z("test", 0, 2, 100, seed=5), draw_z("reference", 0, 2, 100, seed=5))


def test_pixels_and_images_are_each_others_inverse():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), dtype=np.uint8)
    images = to_images(pixels)
    assert images.shape == (2, 3, 5, 4)
    assert images.abs().max() <= 1
    assert np.array_equal(to_pixels(images), pixels)


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (
            lambda: draw_seeds(ImageSetSettings(classes=2, seeds_per_class=7), 1, 5),
            "asks for 2 classes, the generator has 1",
        ),
        (lambda: chunk_of(draw_seeds(SEVEN, 1, 5), 8, 9, 2), "too few for 9 chunks"),
        (lambda: chunk_of(draw_seeds(SEVEN, 1, 5), 3, 3, 2), "chunk 3 of 3"),
    ],
)
def test_what_cannot_be_made_is_said(do, words):
    with pytest.raises(GanalyzeError, match=words):
        do()


def test_a_grid_with_an_alpha_twice_is_refused(tmp_path, generator, theta):
    with pytest.raises(GanalyzeError, match="alphas of image set 'test': a value is given twice"):
        make(tmp_path, generator, theta, 1, alphas=(0.0, 0.0))
    assert not list(tmp_path.iterdir())


def test_a_set_without_seeds_is_refused():
    with pytest.raises(ValidationError, match=r"seeds_per_class\n  Input should be greater than 0"):
        ImageSetSettings(seeds_per_class=0)


def test_the_sets_of_a_run_have_the_same_classes_but_other_seeds():
    test, filler = (ImageSetSettings(classes=5, seeds_per_class=count) for count in (7, 3))
    assert draw_seeds(test, 100, 5).class_id.unique().tolist() == draw_seeds(filler, 100, 5).class_id.unique().tolist()
    assert not np.array_equal(draw_z("test", 3, 0, 8, seed=5), draw_z("filler", 3, 0, 8, seed=5))


def test_vigilance_seeds_come_from_the_tails():
    assert np.abs(draw_z("test", 0, 0, 500, seed=5, tails=True)).min() >= 2
    assert np.abs(draw_z("test", 0, 0, 500, seed=5)).max() <= 2


def test_unmodified_seeds_made_apart_give_the_same_set(tmp_path, generator, theta, in_one):
    seeds = draw_seeds(SEVEN, generator.num_classes, 5)
    for name, alphas in (("seeds", (0.0,)), ("moved", (-0.4, 0.4))):
        generate_images(
            generator,
            Transformer.along(theta),
            seeds,
            set_name="test",
            alphas=alphas,
            seed=5,
            batch_size=6,
            compute=CPU,
            folder=tmp_path / name,
        )
    gather([tmp_path / "seeds.csv", tmp_path / "moved.csv"], tmp_path / "test", tmp_path / "test.csv")
    assert (tmp_path / "test.csv").read_bytes() == in_one.read_bytes()
    apart, together = (np.stack(list(ImageSet.open(path).images())) for path in (tmp_path / "test.csv", in_one))
    assert np.abs(apart.astype(int) - together).max() <= 1  # other batches may round the last bit of a pixel


def test_a_set_is_listed_as_it_will_be_made(generator, in_one):
    seeds = draw_seeds(SEVEN, generator.num_classes, 5)
    listed = list_images(seeds, "test", ALPHAS, generator.class_names, "png")
    pd.testing.assert_frame_equal(listed, read_manifest(in_one), check_dtype=False)


def test_seeds_may_be_inverted_photographs(tmp_path, generator):
    z = [torch.from_numpy(draw_z("test", 0, index, 100, seed=5)) for index in (1, 0)]
    for index, one in enumerate(z):
        Inverted(one, about={"photograph": f"{index}.jpg"}).save(tmp_path / f"{index}.safetensors")
    inverted = [Inverted.load(tmp_path / f"{index}.safetensors", 100, None) for index in (0, 1)]
    assert inverted[1].about == {"photograph": "1.jpg"}
    drawn = draw_seeds(ImageSetSettings(seeds_per_class=2), 1, 5)
    for name, seeds, photographs in (("photographed", photographed_seeds(inverted), inverted), ("drawn", drawn, ())):
        generate_images(
            generator,
            Transformer.along(torch.ones(100)),
            seeds,
            set_name="test",
            alphas=(-0.1, 0.2),
            seed=5,
            batch_size=2,
            inverted=photographs,
            compute=Compute(),
            folder=tmp_path / name,
        )
    one, other = ImageSet.open(tmp_path / "photographed.csv"), ImageSet.open(tmp_path / "drawn.csv")
    for alpha in ("-0.1", "+0.2"):
        assert np.array_equal(one.image(f"test_00000_{alpha}"), other.image(f"test_00001_{alpha}"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable safetensors"),
        (save({"theta": torch.zeros(100)}), "lacks z or class_id"),
        (save({"z": torch.zeros(7)}, {"about": '{"class_id": 0}'}), "for another generator"),
        (save({"z": torch.zeros(100), "residual": torch.zeros(3)}, {"about": '{"class_id": 0}'}), "another generator"),
        (None, "invert it first"),
    ],
)
def test_what_is_no_inverted_photograph_for_this_generator_is_refused(tmp_path, content, message):
    path = tmp_path / "one.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GanalyzeError, match=message):
        Inverted.load(path, 100, None)


def test_images_may_be_stored_as_webp_the_same_bytes_each_time(tmp_path, generator):
    seeds = draw_seeds(ImageSetSettings(seeds_per_class=2), 1, 5)
    for name, image_format in (("a", "webp"), ("b", "webp"), ("c", "png")):
        generate_images(
            generator,
            Transformer.identity(100),
            seeds,
            set_name="test",
            alphas=(0.0,),
            seed=5,
            batch_size=6,
            compute=CPU,
            folder=tmp_path / name / "0",
            image_format=image_format,
        )
        gather([tmp_path / name / "0.csv"], tmp_path / name / "test", tmp_path / name / "test.csv")
    once, again = ((tmp_path / name / "test/shard-0000.zip").read_bytes() for name in "ab")
    assert once == again
    lossy, lossless = (ImageSet.open(tmp_path / name / "test.csv") for name in "bc")
    assert lossy.manifest.file.str.endswith(".webp").all()
    for one, other in zip(lossy.images(), lossless.images(), strict=True):
        assert 0 < np.abs(one.astype(int) - other).mean() < 4
