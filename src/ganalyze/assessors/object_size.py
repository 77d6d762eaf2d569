"""Size of the subject (paper §2.2, Fig. 8A): the share of the image that its mask covers.

The paper takes the area of Mask R-CNN's mask. An area that counts pixels has no gradient, so the score is that of
the soft mask: the expected share of pixels that show the subject.
"""

import torch
from torch import Tensor, nn

from ganalyze.segmentation.unet import load_unet


class ObjectSize(nn.Module):
    """The mean of a segmenter's soft mask (see `ganalyze.segmentation`)."""

    def __init__(self, segmenter: nn.Module):
        super().__init__()
        self.segmenter = segmenter

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,), 0 to 1, of images (N, 3, H, W) in [-1, 1]."""
        return self.segmenter(images).mean(dim=(1, 2))


def load_with_unet(weights_dir, device: torch.device | str) -> ObjectSize:
    """With the U-Net that the run trained. Raises GanalyzeError where its file is missing or broken."""
    return ObjectSize(load_unet(weights_dir, device))
