"""Emotional valence of a face from a facial-expression network (mini-Xception trained on FER-2013)."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganalyze.images.pixels import resize
from ganalyze.models.assessors.expectation import expected
from ganalyze.models.assessors.preprocessing import to_grey
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.keras import batch_norm, load_keras
from ganalyze.models.weights.loading import load_state
from ganalyze.support.errors import GanalyzeError

# The network's seven expressions, in the order of its outputs, and the valence we give each: the sign is that of
# the emotion; surprise may be either, so it counts a little; a neutral face is neither.
VALENCE = {
    "angry": -1.0,
    "disgust": -1.0,
    "fear": -1.0,
    "happy": 1.0,
    "sad": -1.0,
    "surprise": 0.2,
    "neutral": 0.0,
}


def _pad_same(x: Tensor, kernel: int, stride: int, value: float) -> Tensor:
    """Pad as Keras' padding="same": output extent is ceil(input / stride), any odd pixel goes to the end."""
    pads: list[int] = []
    for extent in (x.shape[-1], x.shape[-2]):
        total = max((-(-extent // stride) - 1) * stride + kernel - extent, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


class SeparableConv(nn.Module):
    """A depthwise 3×3 and a pointwise convolution, no biases."""

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        self.depthwise = nn.Conv2d(n_in, n_in, 3, padding=1, groups=n_in, bias=False)
        self.pointwise = nn.Conv2d(n_in, n_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_out, H, W) from (N, n_in, H, W)."""
        return self.pointwise(self.depthwise(x))


class Block(nn.Module):
    """Two separable convolutions and a pooling beside a strided shortcut; halves the image."""

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        self.conv1, self.norm1 = SeparableConv(n_in, n_out), batch_norm(n_out)
        self.conv2, self.norm2 = SeparableConv(n_out, n_out), batch_norm(n_out)
        self.shortcut, self.shortcut_norm = nn.Conv2d(n_in, n_out, 1, stride=2, bias=False), batch_norm(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_out, ⌈H/2⌉, ⌈W/2⌉) from (N, n_in, H, W)."""
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        y = F.max_pool2d(_pad_same(y, 3, 2, float("-inf")), 3, 2)
        return y + self.shortcut_norm(self.shortcut(x))


class FERValence(nn.Module):
    """Expression probabilities of a 64×64 grey face, weighted by `VALENCE` into one score in [-1, 1].

    No face is searched. region: where it is in the image, as (top, bottom, left, right) in shares of height and width;
    the whole image if not told. temperature: what the network's logits are divided by (Guo et al., ICML 2017); above 1
    it is less sure of an expression, and the score of a face that clearly smiles can still rise.
    """

    valence: Tensor

    def __init__(self, region: Sequence[float] = (0, 1, 0, 1), temperature: float = 1):
        super().__init__()
        top, bottom, left, right = region
        if not (0 <= top < bottom <= 1 and 0 <= left < right <= 1):
            raise GanalyzeError(f"region {list(region)}: top must be above bottom, left before right, all from 0 to 1")
        self.region, self.temperature = tuple(region), temperature
        self.conv1, self.norm1 = nn.Conv2d(1, 8, 3, bias=False), batch_norm(8)
        self.conv2, self.norm2 = nn.Conv2d(8, 8, 3, bias=False), batch_norm(8)
        self.blocks = nn.ModuleList([Block(8, 16), Block(16, 32), Block(32, 64), Block(64, 128)])
        self.classifier = nn.Conv2d(128, len(VALENCE), 3, padding=1)
        self.register_buffer("valence", torch.tensor(list(VALENCE.values())), persistent=False)

    def probabilities(self, images: Tensor) -> Tensor:
        """(N, 7) probabilities, in the order of `VALENCE`, of images (N, 3, H, W) in [-1, 1]."""
        height, width = images.shape[-2:]
        top, bottom, left, right = self.region
        face = images[..., round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
        x = resize(to_grey(face), (64, 64))
        x = F.relu(self.norm1(self.conv1(x)))
        x = F.relu(self.norm2(self.conv2(x)))
        for block in self.blocks:
            x = block(x)
        return (self.classifier(x).float().mean(dim=(2, 3)) / self.temperature).softmax(dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,) of images (N, 3, H, W) in [-1, 1]."""
        return expected(self.probabilities(images), self.valence)


def _published_layers() -> dict[str, str]:
    """Our module names, each with the file's group that holds its weights.

    Keras numbered the layers as its author's script made them: a block's shortcut before its two convolutions.
    """
    layers = {"conv1": "conv2d_1", "norm1": "batch_normalization_1"}
    layers |= {"conv2": "conv2d_2", "norm2": "batch_normalization_2", "classifier": "conv2d_7"}
    for block in range(4):
        layers[f"blocks.{block}.shortcut"] = f"conv2d_{3 + block}"
        layers[f"blocks.{block}.conv1"] = f"separable_conv2d_{1 + 2 * block}"
        layers[f"blocks.{block}.conv2"] = f"separable_conv2d_{2 + 2 * block}"
        for offset, norm in enumerate(("shortcut_norm", "norm1", "norm2")):
            layers[f"blocks.{block}.{norm}"] = f"batch_normalization_{3 + 3 * block + offset}"
    return {ours: f"model_weights/{keras}/{keras}_1" for ours, keras in layers.items()}


def load(weights: Weights, **options: Any) -> FERValence:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    path = weights.path("emotion_model.hdf5")
    model = FERValence(**options)
    load_state(model, load_keras(path, _published_layers()), path.name)
    return model
