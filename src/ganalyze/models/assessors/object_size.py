"""Size of the subject (paper §2.2, Fig. 8A): the share of the image that its mask covers.

The paper takes the area of Mask R-CNN's mask. An area that counts pixels has no gradient, so the score is that of
the soft mask: the expected share of pixels that show the subject.
"""

from typing import Any

from torch import Tensor, nn

from ganalyze.models.segmenters import mask_rcnn, u2net
from ganalyze.models.segmenters.unet import load_unet
from ganalyze.models.weights.files import Weights


class ObjectSize(nn.Module):
    """The mean of a segmenter's soft mask (see `ganalyze.models.segmenters`).

    An image in which the segmenter finds nothing has size 0 and no gradient; `without_subject` counts them.
    """

    def __init__(self, segmenter: nn.Module):
        super().__init__()
        self.segmenter = segmenter
        self.without_subject = 0

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,), 0 to 1, of images (N, 3, H, W) in [-1, 1]."""
        masks = self.segmenter(images)
        self.without_subject += int((masks.detach().amax(dim=(1, 2)) == 0).sum())
        return masks.mean(dim=(1, 2))


def load_with_unet(weights: Weights) -> ObjectSize:
    """With the U-Net that the run trained. Raises GanalyzeError where its file is missing or broken."""
    return ObjectSize(load_unet(weights))


def load_with_u2netp(weights: Weights) -> ObjectSize:
    """With U²-Net-p. Raises GanalyzeError where its weights are missing or do not fit."""
    return ObjectSize(u2net.load(weights))


def load_with_mask_rcnn(weights: Weights, **options: Any) -> ObjectSize:
    """With Mask R-CNN, as the paper. Raises GanalyzeError where its weights are missing or do not fit."""
    return ObjectSize(mask_rcnn.load(weights, **options))
