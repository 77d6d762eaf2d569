"""MemNet (Khosla et al., ICCV 2015): how likely people are to remember an image, 0–1. The paper's assessor."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.io import loadmat
from torch import Tensor, nn

from ganalyze.models.assessors.caffenet import CaffeNet, to_bgr
from ganalyze.models.assessors.preprocessing import ten_crops
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensor_pickle
from ganalyze.support.errors import GanalyzeError

_SIDE, _CROP = 256, 227


class MemNet(CaffeNet):
    """A CaffeNet with one output, averaged over ten crops and stretched to the range of human scores.

    mean: the training images' mean (3, 256, 256), BGR, 0 to 255. pixel_scale, resizing: see `to_bgr`. clipped:
    whether scores are cut to [0, 1], as by the authors; then an image beyond has no gradient.
    """

    mean: Tensor

    def __init__(self, mean: Tensor, pixel_scale: int = 256, resizing: str = "tensorflow1", clipped: bool = True):
        super().__init__()
        self.fc8 = nn.Linear(4096, 1)
        self.register_buffer("mean", mean, persistent=False)
        self.pixel_scale, self.resizing, self.clipped = pixel_scale, resizing, clipped

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,) of images (N, 3, H, W) in [-1, 1]."""
        x = to_bgr(images, _SIDE, self.pixel_scale, self.resizing) - self.mean
        raw = self.fc8(self.features(ten_crops(x, _CROP))).float().view(-1, 10).mean(1)
        scores = (raw - 0.7626) * 2 + 0.65  # the authors' numbers
        return scores.clamp(0, 1) if self.clipped else scores


def load(weights: Weights, **options: Any) -> MemNet:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    path = weights.path("memnet_state_dict.p")
    model = MemNet(_mean(weights.path("memnet_mean.mat")), **options)
    load_state(model, load_tensor_pickle(path), path.name)
    return model


def _mean(path: Path) -> Tensor:
    """The mean image (3, 256, 256) in a MATLAB file: (256, 256, 3), or channels first."""
    try:
        mean = np.asarray(loadmat(path)["image_mean"], np.float32)
        if mean.shape[-1] == 3:
            mean = mean.transpose(2, 0, 1)
        return torch.from_numpy(mean.reshape(3, _SIDE, _SIDE).copy())
    except Exception as error:  # a broken file can fail in any way
        raise GanalyzeError(f"{path} is no MATLAB file with a mean image: {error}") from None
