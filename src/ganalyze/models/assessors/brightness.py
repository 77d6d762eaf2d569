"""Brightness: the image factor of that name (`ganalyze.measures.factors`, paper §3.2) as a score with a gradient, so
that a direction can hold it or change it."""

from torch import Tensor, nn

from ganalyze.models.assessors.preprocessing import to_grey, to_unit_range
from ganalyze.models.weights.files import Weights


class Brightness(nn.Module):
    """The mean of the grey image, Rec. 601 luma. There is nothing to learn or to load."""

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,), 0 (black) to 1 (white), of images (N, 3, H, W) in [-1, 1]."""
        return to_grey(to_unit_range(images)).mean(dim=(1, 2, 3))


def load(weights: Weights) -> Brightness:
    """The measure; it needs no weights."""
    return Brightness()
