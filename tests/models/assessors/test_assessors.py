"""What every assessor must do: one score an image, whatever its size and whichever images are beside it."""

import pytest
import torch

from ganalyze.support.errors import GanalyzeError
from tests.networks import load_assessor


@pytest.fixture(scope="module", params=["fer-valence", "resmem", "nima-aesthetic", "object-size-u2netp"])
def assessor(request, weights_dir):
    return load_assessor(request.param, weights_dir)


@pytest.fixture(scope="module")
def images():
    return torch.rand(5, 3, 64, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1


@pytest.mark.parametrize("size", [64, 100, 256])
def test_images_of_any_size_get_one_score_each(assessor, size):
    with torch.no_grad():
        scores = assessor(torch.zeros(2, 3, size, size))
    assert scores.shape == (2,)
    assert torch.isfinite(scores).all()


def test_scores_depend_neither_on_the_batch_nor_on_the_order_in_it(assessor, images):
    with torch.no_grad():
        together = assessor(images)
        alone = torch.cat([assessor(image[None]) for image in images])
        pairs = torch.cat([assessor(images[:2]), assessor(images[2:4]), assessor(images[4:])])
        backwards = assessor(images.flip(0)).flip(0)
    for other in (alone, pairs, backwards):
        torch.testing.assert_close(other, together, rtol=1e-5, atol=1e-5)


def test_the_score_has_a_gradient_with_respect_to_the_image(assessor, images):
    x = images[:1].clone().requires_grad_()
    assessor(x).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert x.grad.abs().max() > 0


def test_in_bf16_scores_are_float32_and_stay_near_those_of_float32(assessor, images):
    x = images.clone().requires_grad_()
    with torch.no_grad():
        exact = assessor(images)
    with torch.autocast("cpu", torch.bfloat16):
        rough = assessor(x)
    assert rough.dtype == torch.float32
    assert (rough - exact).abs().max() <= 0.05 * max(1, exact.abs().max())
    rough.sum().backward()
    assert torch.isfinite(x.grad).all()


def test_loading_asks_for_no_gradient_of_the_networks_weights(assessor):
    assert not any(parameter.requires_grad for parameter in assessor.parameters())
    assert not assessor.training


def test_an_unknown_assessor_is_named_with_those_that_are_known(weights_dir):
    with pytest.raises(GanalyzeError, match=r"unknown assessor 'memnett'.*resmem"):
        load_assessor("memnett", weights_dir)
