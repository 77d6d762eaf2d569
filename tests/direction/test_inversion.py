"""Inversion, on small generators whose images are known: what was generated is found, the same each time."""

import numpy as np
import pytest
import torch

from ganalyze.direction.inversion import Inversion, invert, likeliest_classes
from ganalyze.direction.likeness import EXTRACTOR, Target
from ganalyze.images.pixels import to_pixels
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.randomness import stream, truncated_normal
from tests import published
from tests.networks import CPU, load_generator, weights_in

QUICK = Inversion(steps=30, z_steps=20, starts=4)


@pytest.fixture(scope="module")
def extractor(weights_dir):
    return EXTRACTORS.load(EXTRACTOR, weights_in(weights_dir), CPU)


@pytest.fixture(scope="module")
def dcgan(weights_dir):
    return load_generator("dcgan-digiface", weights_dir)


@torch.no_grad()
def made(generator, seed=1, class_id=0):
    z = torch.from_numpy(truncated_normal(stream(seed, "test"), (1, generator.z_dim)))
    return to_pixels(generator(z * getattr(generator, "truncation", 1.0), torch.tensor([class_id])))[0]


def test_a_generated_image_comes_out_nearer_than_any_start(dcgan, extractor):
    pixels = made(dcgan)
    found = invert(dcgan, pixels, extractor, Inversion(steps=80, z_steps=60, starts=8), seed=0)
    start = invert(dcgan, pixels, extractor, Inversion(steps=1, z_steps=1, starts=8), seed=0)
    assert float(found.distance.features) < 0.7 * float(start.distance.features)
    assert float(found.distance.pixels) < 0.7 * float(start.distance.pixels)
    assert found.inverted.z.shape == (100,)
    assert found.inverted.residual is None
    again = to_pixels(dcgan(found.inverted.z[None], torch.zeros(1, dtype=torch.long)))[0]
    assert np.array_equal(again, to_pixels(found.image)[0])


def test_the_same_image_gives_the_same_z_and_tells_every_step(dcgan, extractor):
    steps = []
    one, other = (invert(dcgan, made(dcgan), extractor, QUICK, seed=3, on_step=steps.append) for _ in range(2))
    assert torch.equal(one.inverted.z, other.inverted.z)
    assert steps == [*range(1, 31)] * 2
    assert not torch.equal(one.inverted.z, invert(dcgan, made(dcgan), extractor, QUICK, seed=4).inverted.z)


class Killed(Exception):
    pass


def test_a_search_that_was_cut_off_goes_on_and_ends_with_the_same_z(dcgan, extractor, tmp_path):
    settings = Inversion(steps=50, z_steps=20, starts=2)
    whole = invert(dcgan, made(dcgan), extractor, settings, seed=3)
    path = tmp_path / "search.pt"

    def cut_off(step):
        if step == 47:
            raise Killed

    with pytest.raises(Killed):
        invert(dcgan, made(dcgan), extractor, settings, seed=3, on_step=cut_off, checkpoint=path)
    steps = []
    found = invert(dcgan, made(dcgan), extractor, settings, seed=3, on_step=steps.append, checkpoint=path)
    assert steps == [*range(41, 51)]
    assert torch.equal(found.inverted.z, whole.inverted.z)
    assert torch.equal(found.before_residual.features, whole.before_residual.features)


@pytest.mark.parametrize("other", ["another image", "another seed", "a broken file"])
def test_a_checkpoint_of_another_search_is_not_gone_on_from(dcgan, extractor, tmp_path, other):
    path, steps = tmp_path / "search.pt", []
    invert(dcgan, made(dcgan), extractor, QUICK, seed=3, checkpoint=path)
    if other == "a broken file":
        path.write_bytes(path.read_bytes()[:100])
    pixels, seed = made(dcgan, seed=2 if other == "another image" else 1), 4 if other == "another seed" else 3
    invert(dcgan, pixels, extractor, QUICK, seed=seed, checkpoint=path, on_step=steps.append)
    assert steps == [*range(1, 31)]


@pytest.mark.slow
def test_of_a_generator_with_classes_the_class_is_found_among_those_in_question(tmp_path, extractor):
    published.write_biggan(tmp_path, 128, 8)
    biggan = load_generator("biggan-128", tmp_path)
    found = invert(biggan, made(biggan, class_id=7), extractor, QUICK, seed=0, classes=(2, 7, 400))
    assert found.inverted.class_id in (2, 7, 400)
    assert found.inverted.z.shape == (120,)
    likeliest = likeliest_classes(made(biggan), extractor, biggan.num_classes)
    assert len(set(likeliest)) == 5
    assert all(0 <= one < 1000 for one in likeliest)


def test_classes_that_are_not_imagenets_must_be_said(dcgan, extractor):
    assert likeliest_classes(made(dcgan), extractor, 1) == [0]
    with pytest.raises(GanalyzeError, match="say which"):
        likeliest_classes(made(dcgan), extractor, 7)


def test_distance_is_0_to_itself_and_grows_with_what_is_changed(dcgan, extractor):
    image = torch.from_numpy(made(dcgan)).permute(2, 0, 1)[None] / 127.5 - 1
    target = Target(image, extractor)
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
    near, far = target.distance(torch.cat([image + 0.05 * noise, image + 0.5 * noise])).features
    assert float(target.distance(image).features) == pytest.approx(0, abs=1e-6)
    assert 0 < near < far


def test_an_image_of_another_size_is_refused(dcgan, extractor):
    with pytest.raises(GanalyzeError, match="must be 64×64"):
        invert(dcgan, np.zeros((32, 32, 3), np.uint8), extractor, QUICK, seed=0)


@pytest.mark.slow
def test_a_residual_meets_what_no_z_makes(weights_dir, extractor):
    faces = load_generator("mobilestylegan-ffhq", weights_dir)
    pixels = made(faces)[:, ::-1].copy()
    found = invert(faces, pixels, extractor, Inversion(), seed=0)
    alone = invert(faces, pixels, extractor, Inversion(z_steps=200), seed=0)
    assert found.inverted.residual.shape == (23, 512)
    assert alone.inverted.residual.abs().max() == 0
    assert float(found.distance.features) < 0.8 * float(alone.distance.features)
