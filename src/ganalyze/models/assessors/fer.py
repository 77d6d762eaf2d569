"""Emotional valence of a face from a facial-expression network (mini-Xception trained on FER-2013)."""

from pathlib import Path

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganalyze.images.pixels import resize
from ganalyze.models.assessors.preprocessing import to_grey
from ganalyze.models.weights.files import Weights
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
_BATCH_NORM_EPSILON = 1e-3  # Keras' default, which the published file states


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=_BATCH_NORM_EPSILON)


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
        self.conv1, self.norm1 = SeparableConv(n_in, n_out), _norm(n_out)
        self.conv2, self.norm2 = SeparableConv(n_out, n_out), _norm(n_out)
        self.shortcut, self.shortcut_norm = nn.Conv2d(n_in, n_out, 1, stride=2, bias=False), _norm(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """(N, n_out, ⌈H/2⌉, ⌈W/2⌉) from (N, n_in, H, W)."""
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        y = F.max_pool2d(_pad_same(y, 3, 2, float("-inf")), 3, 2)
        return y + self.shortcut_norm(self.shortcut(x))


class FERValence(nn.Module):
    """Expression probabilities of a 64×64 grey face, weighted by `VALENCE` into one score in [-1, 1].

    The image is taken to be a face that fills the frame, as the demo's generator makes them: no face is searched.
    """

    valence: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(1, 8, 3, bias=False), _norm(8)
        self.conv2, self.norm2 = nn.Conv2d(8, 8, 3, bias=False), _norm(8)
        self.blocks = nn.ModuleList([Block(8, 16), Block(16, 32), Block(32, 64), Block(64, 128)])
        self.classifier = nn.Conv2d(128, len(VALENCE), 3, padding=1)
        self.register_buffer("valence", torch.tensor(list(VALENCE.values())), persistent=False)

    def probabilities(self, images: Tensor) -> Tensor:
        """(N, 7) probabilities, in the order of `VALENCE`, of images (N, 3, H, W) in [-1, 1]."""
        x = resize(to_grey(images), (64, 64))
        x = F.relu(self.norm1(self.conv1(x)))
        x = F.relu(self.norm2(self.conv2(x)))
        for block in self.blocks:
            x = block(x)
        return self.classifier(x).mean(dim=(2, 3)).softmax(dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,) of images (N, 3, H, W) in [-1, 1]."""
        return self.probabilities(images) @ self.valence


def _published_layers() -> dict[str, str]:
    """Our module names, each with the Keras layer that holds its weights.

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
    return layers


def _state_from_keras(path: Path) -> dict[str, Tensor]:
    names = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    names |= {"kernel": "weight", "bias": "bias"}
    names |= {"depthwise_kernel": "depthwise.weight", "pointwise_kernel": "pointwise.weight"}
    state = {}
    try:
        with h5py.File(path) as file:
            for ours, keras in _published_layers().items():
                for name, data in file[f"model_weights/{keras}/{keras}_1"].items():
                    value = np.asarray(data)
                    if name.startswith("depthwise"):
                        value = value.transpose(2, 3, 0, 1)  # Keras (h, w, in, 1), ours (in, 1, h, w)
                    elif value.ndim == 4:
                        value = value.transpose(3, 2, 0, 1)  # Keras (h, w, in, out), ours (out, in, h, w)
                    state[f"{ours}.{names[name.removesuffix(':0')]}"] = torch.from_numpy(value.copy())
    except (OSError, KeyError) as error:
        raise GanalyzeError(f"{path} is not the expected Keras file: {error}; remove it and fetch it again") from None
    return state


def load(weights: Weights) -> FERValence:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    path = weights.path("emotion_model.hdf5")
    model = FERValence()
    counters = {k: v for k, v in model.state_dict().items() if k.endswith("num_batches_tracked")}
    load_state(model, _state_from_keras(path) | counters, path.name)
    return model
