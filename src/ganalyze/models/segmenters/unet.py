"""A small U-Net (Ronneberger, Fischer & Brox, MICCAI 2015) that finds the subject, and its stored form."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ganalyze.images.pixels import resize
from ganalyze.models.registry import UNET_FILE
from ganalyze.models.segmenters.grabcut import SIDE
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole


def _block(n_in: int, n_out: int) -> nn.Sequential:
    """Two 3×3 convolutions; the image keeps its size."""
    layers: list[nn.Module] = []
    for n in (n_in, n_out):
        layers += [nn.Conv2d(n, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """A U-Net over 64, 32, 16 and 8 pixels, half a megabyte of weights. Images of other sizes are resized to 64×64,
    and their masks back."""

    def __init__(self, widths: Sequence[int] = (8, 16, 32, 64)):
        super().__init__()
        self.down = nn.ModuleList(_block(n_in, n_out) for n_in, n_out in pairwise((3, *widths)))
        self.up = nn.ModuleList(_block(n_in + n_out, n_out) for n_in, n_out in pairwise(reversed(widths)))
        self.last = nn.Conv2d(widths[0], 1, 1)
        self.to(memory_format=torch.channels_last)  # a third faster on a CPU

    def logits(self, images: Tensor) -> Tensor:
        """Log odds (N, 64, 64) of the pixels of images (N, 3, 64, 64)."""
        x = images
        skipped: list[Tensor] = []
        for block in self.down:
            x = block(F.max_pool2d(x, 2) if skipped else x)
            skipped.append(x)
        skipped.pop()
        for block in self.up:
            x = block(torch.cat([F.interpolate(x, scale_factor=2), skipped.pop()], dim=1))
        return self.last(x).squeeze(1)

    def forward(self, images: Tensor) -> Tensor:
        """Soft masks (N, H, W) of images (N, 3, H, W) in [-1, 1]."""
        logits = self.logits(resize(images, (SIDE, SIDE)))
        height, width = images.shape[-2:]
        return resize(logits[:, None], (height, width)).squeeze(1).sigmoid()


def load_unet(weights: Weights) -> UNet:
    """The U-Net of the run, as `save_unet` stored it under the name `UNET_FILE`.

    Raises GanalyzeError where the file is missing, broken or of another network.
    """
    if not any((folder / UNET_FILE).is_file() for folder in weights.weights_dir):
        # Of other files `path` says to fetch them; this one nobody offers, a run makes its own.
        raise GanalyzeError(
            f"segmenter {UNET_FILE} not found in {weights.folders}: train it first (ganalyze train-segmenter)"
        )
    path = weights.path(UNET_FILE)
    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise GanalyzeError(f"segmenter {path} is not a readable safetensors file: {error}") from None
    model = UNet()
    load_state(model, state, path.name)
    return model


def save_unet(model: UNet, path: Path | str, about: Mapping[str, Any]) -> None:
    """Store the U-Net as safetensors, with how it was trained and how good it is (`about`) in the metadata."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    with written_whole(path) as temporary:
        save_file(state, temporary, metadata={"about": json.dumps(about)})
