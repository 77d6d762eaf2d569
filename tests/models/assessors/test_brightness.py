"""Brightness as a score: the image factor of that name, with its gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ganalyze.images.pixels import to_images
from ganalyze.measures.factors import image_factors
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.compute import Compute
from ganalyze.models.weights.files import Weights

BRIGHTNESS = ASSESSORS.load("brightness", Weights(), Compute(device="cpu"))
sides = st.integers(1, 9)
pixels = st.tuples(st.integers(1, 3), sides, sides).flatmap(lambda shape: arrays(np.uint8, (*shape, 3)))


@given(pixels)
def test_it_is_the_factor_of_that_name(pixels):
    np.testing.assert_allclose(BRIGHTNESS(to_images(pixels)), image_factors(pixels).brightness, atol=1e-6)


@pytest.mark.parametrize(("level", "score"), [(-1, 0), (0, 0.5), (1, 1)])
def test_black_is_0_and_white_is_1(level, score):
    assert BRIGHTNESS(torch.full((2, 3, 4, 5), float(level))).tolist() == pytest.approx([score, score], abs=1e-6)


def test_the_gradient_is_half_the_luma_weight_of_each_colour_shared_by_the_pixels():
    images = torch.rand(2, 3, 4, 5).mul(2).sub(1).requires_grad_()
    BRIGHTNESS(images).sum().backward()
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None] / 2 / (4 * 5)
    torch.testing.assert_close(images.grad, weights.expand(2, 3, 4, 5))


def test_in_half_precision_it_is_as_exact_as_the_image():
    images = torch.rand(2, 3, 64, 64).mul(2).sub(1).bfloat16()
    torch.testing.assert_close(BRIGHTNESS(images), BRIGHTNESS(images.float()))
