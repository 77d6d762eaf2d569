"""U²-Net-p against onnxruntime's run of the published file (tests/fixtures/networks), and the habits of a segmenter."""

import numpy as np
import pytest
import torch
from skimage.draw import ellipse

from ganalyze.support.errors import GanalyzeError
from tests.networks import load_assessor, load_segmenter


@pytest.fixture(scope="module")
def u2net(weights_dir):
    return load_segmenter("u2netp", weights_dir)


@pytest.fixture(scope="module")
def disc():
    """An image (1, 3, 256, 256) of a bright ellipse, and where it is (256, 256)."""
    inside = np.zeros((256, 256), bool)
    inside[ellipse(120, 130, 70, 50)] = True
    colours = np.where(inside[None], np.array([0.8, 0.2, -0.3])[:, None, None], -0.6)
    return torch.from_numpy(colours).float()[None], inside


def test_probabilities_equal_onnxruntimes(u2net, goldens):
    images = np.random.default_rng(2).standard_normal((2, 3, 320, 320), dtype="float32")
    images[1] += np.hypot(*np.mgrid[-2:2:320j, -2:2:320j]) < 1.2
    found = u2net.probabilities(torch.from_numpy(images))[:, 0, ::4, ::4]
    torch.testing.assert_close(found, torch.from_numpy(goldens["masks"]), rtol=0, atol=1e-4)


def test_a_mask_has_the_images_size_and_covers_what_stands_out(u2net, disc):
    image, inside = disc
    mask = u2net(image)[0]
    assert mask.shape == (256, 256)
    found = mask.numpy() > 0.5
    assert (found & inside).sum() / (found | inside).sum() > 0.9


def test_a_mask_does_not_depend_on_the_other_images(u2net, disc):
    image, _ = disc
    images = torch.cat([image, image.flip(3) / 2, torch.full_like(image, -1)])
    alone = torch.cat([u2net(one[None]) for one in images])
    torch.testing.assert_close(alone, u2net(images), rtol=0, atol=1e-5)


def test_in_bf16_masks_are_float32_and_cover_the_same(u2net, disc):
    image, inside = disc
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        mask = u2net(image.bfloat16())[0]
    assert mask.dtype == torch.float32
    found = mask.numpy() > 0.5
    assert (found & inside).sum() / (found | inside).sum() > 0.9


def test_a_black_image_has_a_mask_of_finite_values(u2net):
    assert torch.isfinite(u2net(torch.full((1, 3, 64, 64), -1.0))).all()


def test_the_size_is_the_masks_mean_and_has_a_gradient(u2net, disc, weights_dir):
    size = load_assessor("object-size-u2netp", weights_dir)
    image = disc[0].clone().requires_grad_()
    torch.testing.assert_close(size(image), u2net(image).mean(dim=(1, 2)))
    size(image).sum().backward()
    assert torch.isfinite(image.grad).all()
    assert image.grad.abs().max() > 0


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "u2netp.onnx").write_bytes(b"\xff" * 40)
    with pytest.raises(GanalyzeError, match=r"u2netp.onnx is not a readable ONNX file"):
        load_segmenter("u2netp", tmp_path)
