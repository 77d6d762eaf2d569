"""What every assessor must do, for those whose published weights cannot be had here, on random ones."""

import pytest
import torch

from tests import published
from tests.networks import load_assessor

WRITERS = {
    "memnet": published.write_memnet,
    "aestheticsnet": published.write_aestheticsnet,
    "aestheticsnet:Light": published.write_aestheticsnet,
    "emonet": published.write_emonet,
    "vitmem": published.write_vitmem,
    "object-size": published.write_mask_rcnn,
}


QUICK = ("memnet", "aestheticsnet")


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in WRITERS]
)
def assessor(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    WRITERS[request.param](folder)
    options = {"min_size": 128} if request.param == "object-size" else {}
    return load_assessor(request.param, folder, options)


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1


def test_scores_depend_neither_on_the_batch_nor_on_the_order_in_it(assessor, images):
    with torch.no_grad():
        together = assessor(images)
        alone = torch.cat([assessor(image[None]) for image in images])
        backwards = assessor(images.flip(0)).flip(0)
    assert together.shape == (3,)
    assert len(together.unique()) == 3
    for other in (alone, backwards):
        torch.testing.assert_close(other, together, rtol=1e-4, atol=1e-4)


def test_the_score_has_a_gradient_with_respect_to_the_image(assessor, images):
    x = images[:1].clone().requires_grad_()
    assessor(x).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert x.grad.abs().max() > 0


def test_in_bf16_scores_are_float32_and_stay_near_those_of_float32(assessor, images):
    with torch.no_grad():
        exact = assessor(images)
        with torch.autocast("cpu", torch.bfloat16):
            rough = assessor(images)
    assert rough.dtype == torch.float32
    assert (rough - exact).abs().max() <= 0.05 * max(1, exact.abs().max())
