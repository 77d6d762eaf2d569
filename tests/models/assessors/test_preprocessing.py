"""What assessors do to an image before their network sees it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms.functional import center_crop


@given(size=st.integers(1, 300), larger=st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_the_centre_crop_that_assessors_use_starts_at_half_the_margin_rounded_to_even(size, larger):
    """torchvision's: which of two middles an odd margin gets decides the score's last digits."""
    height, width = (size + margin for margin in larger)
    image = torch.arange(height * width).view(1, height, width)
    top, left = (round(margin / 2) for margin in larger)
    assert torch.equal(center_crop(image, [size]), image[:, top : top + size, left : left + size])


@pytest.mark.parametrize(("size", "start"), [(227, 14), (224, 16)])
def test_crops_of_256_start_where_the_published_preprocessing_has_them(size, start):
    image = torch.arange(256 * 256).view(1, 256, 256)
    assert center_crop(image, [size])[0, 0, 0] == 256 * start + start
