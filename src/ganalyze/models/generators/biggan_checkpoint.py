"""BigGAN from the checkpoints of the GANalyze authors.

The published layers are folded into fewer once, at loading. Images stay the same to float32's rounding:

- A weight under spectral norm (Miyato et al., ICLR 2018) is divided by its largest singular value, as the authors'
  forward estimates it anew for every image: one power iteration from the stored u, whose result is not stored.
- A conditional batch norm with its stored statistics is a scale and a shift, both affine in the condition.
- Doubling the image by repetition and then a 3×3 convolution are one transposed 4×4 convolution of stride 2, with
  less than half of the multiplications; and a 1×1 convolution may come before the doubling.
"""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ganalyze.models.generators.biggan import LAYOUTS, BigGAN, Layout
from ganalyze.models.generators.biggan_layers import fold_norm
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensors
from ganalyze.support.errors import GanalyzeError

_EPSILON = 1e-4  # of the conditional batch norms, and beside the norms of the power iteration


def load(weights: Weights, image_size: int) -> BigGAN:
    """BigGAN for images of 128, 256 (the paper's generator) or 512 pixels.

    Raises GanalyzeError where the weights are missing, broken or of another format.
    """
    path = weights.path(f"biggan-{image_size}.pth")
    state = load_tensors(path)
    _check_origin(state, path)
    layout = LAYOUTS[image_size]
    published = _Published(state, path.name)
    folded = _fold(published, layout)
    width = folded["last.weight"].shape[1]
    with torch.device("meta"):  # the weights come from the file: do not draw 70 million random ones first
        model = BigGAN(image_size, width)
    load_state(model.to_empty(device="cpu"), folded, path.name)
    if published.left:
        raise GanalyzeError(f"{path} does not fit BigGAN-{image_size}: it also has {sorted(published.left)[0]}")
    return model


def _check_origin(state: dict[str, Any], path: Path) -> None:
    """Another conversion of the same network goes by the same file name; it orders and normalises otherwise."""
    others = {"blocks.0.0.conv1.weight": "BigGAN-PyTorch's converter", "embeddings.weight": "pytorch-pretrained-biggan"}
    for key, origin in others.items():
        if key in state:
            raise GanalyzeError(
                f"{path} is a BigGAN written by {origin}, not the GANalyze authors' checkpoint of that name: remove it "
                "and fetch theirs (config/weights.yaml says where)"
            )


class _Published:
    """The checkpoint's tensors by their published names, and which of them nobody has asked for (`left`)."""

    def __init__(self, state: dict[str, Tensor], name: str):
        self._state, self._name = state, name
        # The stored v is never read: v follows from u. Batch counters serve training alone.
        self.left = {key for key in state if not key.endswith(("weight_v", "num_batches_tracked"))}

    def __getitem__(self, key: str) -> Tensor:
        try:
            value = self._state[key]
        except KeyError:
            raise GanalyzeError(
                f"{self._name} is no BigGAN checkpoint of the GANalyze authors: it has no {key}"
            ) from None
        self.left.discard(key)
        return value

    def normalised(self, layer: str) -> Tensor:
        """The weight of a layer over its largest singular value, as one power iteration estimates it."""
        weight, u = self[f"{layer}.module.weight_bar"], self[f"{layer}.module.weight_u"]
        matrix = weight.flatten(1)
        v = _unit(matrix.T @ u)
        u = _unit(matrix @ v)
        return weight / (u @ (matrix @ v))

    def layer(self, layer: str) -> dict[str, Tensor]:
        """A layer's normalised weight, and its bias."""
        return {"weight": self.normalised(layer), "bias": self[f"{layer}.module.bias"]}


def _unit(vector: Tensor) -> Tensor:
    return vector / (vector.norm() + _EPSILON)


def _fold(published: _Published, layout: Layout) -> dict[str, Tensor]:
    """The state of `BigGAN` from the published tensors."""
    parts = {
        "embedding": {"weight": published["linear.weight"].T},
        "first": published.layer("G_linear"),
        "last": published.layer("colorize"),
        "last_norm": {
            name: published[f"ScaledCrossReplicaBN.{name}"]
            for name in ("weight", "bias", "running_mean", "running_var")
        },
    }
    parts["last_norm"]["num_batches_tracked"] = torch.tensor(0)
    for index in range(len(layout.widths) - 1):
        block, theirs = f"blocks.{index}", f"GBlock.{index}"
        parts[f"{block}.norm0.affine"] = _folded_norm(published, f"{theirs}.HyperBN")
        parts[f"{block}.norm1.affine"] = _folded_norm(published, f"{theirs}.HyperBN_1")
        conv0 = published.layer(f"{theirs}.conv0")
        parts[f"{block}.conv0"] = conv0 | {"weight": _doubling(conv0["weight"])}
        parts[f"{block}.conv1"] = published.layer(f"{theirs}.conv1")
        parts[f"{block}.shortcut"] = published.layer(f"{theirs}.conv_sc")
    for ours, theirs in {"query": "theta", "key": "phi", "value": "g", "out": "o_conv"}.items():
        parts[f"attention.{ours}"] = {"weight": published.normalised(f"attention.{theirs}")}
    parts["attention.out"]["weight"] *= published["attention.gamma"]
    return {f"{part}.{name}": value for part, tensors in parts.items() for name, value in tensors.items()}


def _folded_norm(published: _Published, norm: str) -> dict[str, Tensor]:
    mean, variance = (published[f"{norm}.bn.running_{name}"] for name in ("mean", "var"))
    gain, bias = (published.normalised(f"{norm}.{name}_embed") for name in ("gamma", "beta"))
    return fold_norm(mean, variance, gain, bias, _EPSILON)


def _doubling(weight: Tensor) -> Tensor:
    """The transposed 4×4 kernel (in, out, 4, 4) that doubles an image and convolves it with `weight` (out, in, 3, 3):
    each pixel of the small image spreads as the 3×3 kernel does from each of its four copies."""
    spread = F.pad(weight.flip(2, 3).transpose(0, 1), (1, 1, 1, 1))
    copies = (spread[..., row : row + 4, column : column + 4] for row in (0, 1) for column in (0, 1))
    return sum(copies, start=torch.zeros(()))
