"""The U-Net that imitates GrabCut: its masks, and its file."""

import numpy as np
import pytest
import torch
from skimage.draw import disk

from ganalyze.models.segmenters.binary_masks import segment
from ganalyze.models.segmenters.distillation import iou
from ganalyze.models.segmenters.unet import UNet, load_unet, save_unet
from ganalyze.support.errors import GanalyzeError
from tests.networks import CPU, load_segmenter, weights_in

from .conftest import as_images, heads


def test_the_unet_is_under_a_megabyte(tmp_path):
    save_unet(UNet(), tmp_path / "segmenter.safetensors", {})
    assert (tmp_path / "segmenter.safetensors").stat().st_size < 1e6


@pytest.mark.parametrize("size", [(64, 64), (32, 32), (100, 80), (256, 256)])
def test_images_of_any_size_get_soft_masks_of_that_size(trained, size):
    with torch.no_grad():
        masks = trained(torch.rand(2, 3, *size) * 2 - 1)
    assert masks.shape == (2, *size)
    assert masks.min() >= 0
    assert masks.max() <= 1


def test_discs_it_has_not_seen_are_segmented(trained):
    pixels = np.full((3, 64, 64, 3), 60, np.uint8)
    masks = np.zeros((3, 64, 64), bool)
    for index, radius in enumerate((19, 22, 25)):
        masks[index][disk((33, 31), radius)] = True
    pixels[masks] = 190
    assert min(iou(segment(trained, as_images(pixels), CPU), masks)) > 0.9


def test_a_larger_image_of_the_same_has_the_same_share_of_subject(trained):
    pixels, _ = heads(4, seed=9)
    with torch.no_grad():
        small = trained(as_images(pixels)).mean(dim=(1, 2))
        large = trained(as_images(pixels.repeat(4, axis=1).repeat(4, axis=2))).mean(dim=(1, 2))
    torch.testing.assert_close(large, small, rtol=0.01, atol=0)


def test_soft_masks_do_not_depend_on_the_batch(trained):
    images = as_images(heads(7, seed=3)[0])
    with torch.no_grad():
        together, alone = trained(images), torch.cat([trained(image[None]) for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [64, 128])
def test_the_gradient_with_respect_to_the_image_is_finite_and_not_zero(trained, size):
    images = (torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1).requires_grad_()
    trained(images).mean().backward()
    assert torch.isfinite(images.grad).all()
    assert (images.grad.abs().amax(dim=(1, 2, 3)) > 0).all()


def test_what_is_saved_is_loaded_and_saved_alike(trained, tmp_path):
    save_unet(trained, tmp_path / "segmenter.safetensors", {"iou_mean": 0.9, "seed": 5})
    loaded = load_segmenter("unet", tmp_path)
    images = as_images(heads(2)[0])
    with torch.no_grad():
        assert torch.equal(loaded(images), trained(images))
    save_unet(loaded, tmp_path / "again.safetensors", {"iou_mean": 0.9, "seed": 5})
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "segmenter.safetensors").read_bytes()
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_the_file_is_found_in_the_second_of_two_folders(trained, tmp_path):
    save_unet(trained, tmp_path / "run" / "segmenter.safetensors", {})
    load_unet(weights_in(tmp_path / "weights", tmp_path / "run"))


def test_a_missing_segmenter_says_how_to_make_one(tmp_path):
    with pytest.raises(GanalyzeError, match=r"segmenter\.safetensors not found.*ganalyze train-segmenter"):
        load_segmenter("unet", tmp_path)


@pytest.mark.parametrize("content", [b"", b"no safetensors", None])
def test_a_broken_file_is_one_clear_error(trained, tmp_path, content):
    path = tmp_path / "segmenter.safetensors"
    save_unet(trained, path, {})
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    with pytest.raises(GanalyzeError, match=r"not a readable safetensors file|are empty"):
        load_unet(weights_in(tmp_path))


def test_weights_of_another_network_are_named(tmp_path):
    save_unet(UNet((4, 8)), tmp_path / "segmenter.safetensors", {})
    with pytest.raises(GanalyzeError, match=r"segmenter\.safetensors does not fit the network"):
        load_unet(weights_in(tmp_path))
