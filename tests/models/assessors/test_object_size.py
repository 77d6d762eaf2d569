"""Object size: the mean of a soft mask."""

import pytest
import torch
from torch import nn

from ganalyze.models.assessors.object_size import ObjectSize, load_with_unet
from ganalyze.models.segmenters.unet import UNet, save_unet
from ganalyze.support.errors import GanalyzeError
from tests.networks import weights_in


class Brightness(nn.Module):
    def forward(self, images):
        return (images.mean(dim=1) + 1) / 2


@pytest.fixture(scope="module")
def assessor(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segmenter")
    torch.manual_seed(0)
    save_unet(UNet(), folder / "segmenter.safetensors", {})
    return load_with_unet(weights_in(folder)).eval()


@pytest.mark.parametrize("white", [0, 16, 40, 64])
def test_the_score_is_the_share_of_subject(white):
    images = -torch.ones(2, 3, 64, 64)
    images[:, :, :white] = 1
    torch.testing.assert_close(ObjectSize(Brightness())(images), torch.full((2,), white / 64))


def test_the_score_is_the_soft_masks_mean(assessor):
    images = torch.rand(3, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        masks = assessor.segmenter(images).numpy()
        assert assessor(images).tolist() == pytest.approx([float(mask.mean()) for mask in masks], abs=1e-6)


@pytest.mark.parametrize("size", [64, 100, 256])
def test_images_of_any_size_get_one_score_each(assessor, size):
    with torch.no_grad():
        scores = assessor(torch.zeros(2, 3, size, size))
    assert scores.shape == (2,)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_scores_do_not_depend_on_the_batch(assessor):
    images = torch.rand(5, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(torch.cat([assessor(x[None]) for x in images]), assessor(images), rtol=0, atol=1e-5)


def test_the_score_has_a_gradient_with_respect_to_the_image(assessor):
    images = (torch.rand(2, 3, 64, 64) * 2 - 1).requires_grad_()
    assessor(images).sum().backward()
    assert torch.isfinite(images.grad).all()
    assert images.grad.abs().max() > 0


def test_without_a_segmenter_it_says_how_to_make_one(tmp_path):
    with pytest.raises(GanalyzeError, match="ganalyze train-segmenter"):
        load_with_unet(weights_in(tmp_path))
