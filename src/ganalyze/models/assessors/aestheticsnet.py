"""AestheticsNet (Kong et al., ECCV 2016): how beautiful a photograph is, and eleven attributes of it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms.functional import center_crop

from ganalyze.models.assessors import ATTRIBUTES
from ganalyze.models.assessors.caffenet import CaffeNet, to_bgr
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensor_pickle
from ganalyze.support.errors import GanalyzeError

_SIDE = 227


class AestheticsNet(CaffeNet):
    """A CaffeNet with a branch for each attribute; the main score comes from all branches merged.

    mean: the training images' mean (3, 227, 227), BGR, 0 to 255. head: one of `ATTRIBUTES`; without, the main score.
    pixel_scale, resizing: see `to_bgr`.
    """

    mean: Tensor

    def __init__(self, mean: Tensor, head: str = "", pixel_scale: int = 256, resizing: str = "tensorflow1"):
        super().__init__()
        self.fc8_new = nn.Linear(4096, 512)
        for name in ATTRIBUTES:
            self.add_module(f"fc8_{name}", nn.Linear(4096, 256))
            self.add_module(f"fc9_{name}", nn.Linear(256, 1))
        self.fc10_Merge = nn.Linear(512 + 256 * len(ATTRIBUTES), 128)
        self.fc11_score = nn.Linear(128, 1)
        self.register_buffer("mean", mean, persistent=False)
        self.head, self.pixel_scale, self.resizing = head, pixel_scale, resizing

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,), about 0 to 1, of images (N, 3, H, W) in [-1, 1]."""
        x = self.features(to_bgr(images, _SIDE, self.pixel_scale, self.resizing) - self.mean)
        if self.head:
            branch = F.relu(self.get_submodule(f"fc8_{self.head}")(x))
            return self.get_submodule(f"fc9_{self.head}")(branch).float().squeeze(1)
        branches = [self.fc8_new, *(self.get_submodule(f"fc8_{name}") for name in ATTRIBUTES)]
        merged = torch.cat([F.relu(branch(x)) for branch in branches], dim=1)
        return self.fc11_score(F.relu(self.fc10_Merge(merged))).float().squeeze(1)


def load(weights: Weights, **options: Any) -> AestheticsNet:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    path = weights.path("aestheticsnet_state_dict.p")
    model = AestheticsNet(_mean(weights.path("mean_AADB_regression_warp256_lore.npy")), **options)
    load_state(model, load_tensor_pickle(path), path.name)
    return model


def _mean(path: Path) -> Tensor:
    """The centre of the mean image (3, 256, 256)."""
    try:
        mean = np.load(path, allow_pickle=False).astype(np.float32).reshape(3, 256, 256)
    except (OSError, ValueError) as error:
        raise GanalyzeError(f"{path} is no file of a mean image: {error}") from None
    return center_crop(torch.from_numpy(mean), [_SIDE]).contiguous()
