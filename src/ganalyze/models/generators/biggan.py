"""BigGAN (Brock, Donahue & Simonyan, ICLR 2019), not deep, from the checkpoints of the GANalyze authors.

The published layers are folded into fewer once, at loading. Images stay the same to float32's rounding:

- A weight under spectral norm (Miyato et al., ICLR 2018) is divided by its largest singular value, as the authors'
  forward estimates it anew for every image: one power iteration from the stored u, whose result is not stored.
- A conditional batch norm with its stored statistics is a scale and a shift, both affine in the condition.
- Doubling the image by repetition and then a 3×3 convolution are one transposed 4×4 convolution of stride 2, with
  less than half of the multiplications; and a 1×1 convolution may come before the doubling.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganalyze.models.generators.biggan_layers import ConditionalNorm, attend, fold_norm
from ganalyze.models.imagenet import class_names
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensors
from ganalyze.support.errors import GanalyzeError

_CLASS_DIM = 128  # length of a class's embedding


@dataclass(frozen=True)
class Layout:
    """code: length of z's share for each stage. widths: channels between blocks, in units of the network's width.
    attention: the block that self-attention goes before. last_epsilon: of the last batch norm."""

    code: int
    widths: tuple[int, ...]
    attention: int
    last_epsilon: float


LAYOUTS = {
    128: Layout(20, (16, 16, 8, 4, 2, 1), 4, 1e-4),
    256: Layout(20, (16, 16, 8, 8, 4, 2, 1), 5, 1e-4),
    512: Layout(16, (16, 16, 8, 8, 4, 2, 1, 1), 4, 1e-5),  # torch's default where the others say 1e-4
}
_EPSILON = 1e-4  # of the conditional batch norms, and beside the norms of the power iteration


class Block(nn.Module):
    """Doubles the image: two norms and convolutions beside a 1×1 shortcut."""

    def __init__(self, n_in: int, n_out: int, condition: int):
        super().__init__()
        self.norm0, self.norm1 = ConditionalNorm(n_in, condition), ConditionalNorm(n_out, condition)
        self.conv0 = nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1)
        self.conv1 = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.shortcut = nn.Conv2d(n_in, n_out, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        y = self.conv0(self.norm0(x, condition).relu_())
        y = self.conv1(self.norm1(y, condition).relu_())
        return y + F.interpolate(self.shortcut(x), scale_factor=2)


class SelfAttention(nn.Module):
    """Every place looks at all places of the halved image (Zhang et al., ICML 2019); added to the input."""

    def __init__(self, channels: int):
        super().__init__()
        self.query, self.key = (nn.Conv2d(channels, channels // 8, 1, bias=False) for _ in range(2))
        self.value = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.out = nn.Conv2d(channels // 2, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        key, value = (F.max_pool2d(conv(x), 2) for conv in (self.key, self.value))
        return x + self.out(attend(self.query(x), key, value))


class BigGAN(nn.Module):
    """The generator for images of 128, 256 or 512 pixels. z is cut into one code for the first layer and one for
    each block; a block's condition is its code beside the embedding of the class.

    `width` is 96 in the published networks.
    """

    num_classes = 1000

    def __init__(self, image_size: int, width: int = 96):
        super().__init__()
        layout = LAYOUTS[image_size]
        self.image_size, self.class_names = image_size, class_names()
        self.code, self.attention_before = layout.code, layout.attention
        self.z_dim = layout.code * len(layout.widths)
        widths = [width * factor for factor in layout.widths]
        condition = layout.code + _CLASS_DIM
        self.embedding = nn.Embedding(self.num_classes, _CLASS_DIM)
        self.first = nn.Linear(layout.code, 4 * 4 * widths[0])
        self.blocks = nn.ModuleList(Block(a, b, condition) for a, b in zip(widths, widths[1:], strict=False))
        self.attention = SelfAttention(widths[layout.attention])
        self.last_norm = nn.BatchNorm2d(widths[-1], eps=layout.last_epsilon)
        self.last = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Images (N, 3, image_size, image_size) in [-1, 1] from z (N, z_dim) and class indices y (N,)."""
        first, *codes = z.split(self.code, dim=1)
        embedding = self.embedding(y)
        x = self.first(first).unflatten(1, (4, 4, -1)).permute(0, 3, 1, 2)
        for index, (block, code) in enumerate(zip(self.blocks, codes, strict=True)):
            if index == self.attention_before:
                x = self.attention(x)
            x = block(x, torch.cat([code, embedding], dim=1))
        return torch.tanh(self.last(self.last_norm(x).relu_()))


# --- from the authors' checkpoint ---------------------------------------------------------------------------


def load_128(weights: Weights) -> BigGAN:
    """BigGAN-128. Raises GanalyzeError where the weights are missing, broken or of another format."""
    return _load(weights, 128)


def load_256(weights: Weights) -> BigGAN:
    """BigGAN-256, the paper's generator. Raises GanalyzeError as `load_128`."""
    return _load(weights, 256)


def load_512(weights: Weights) -> BigGAN:
    """BigGAN-512. Raises GanalyzeError as `load_128`."""
    return _load(weights, 512)


def _load(weights: Weights, image_size: int) -> BigGAN:
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


def _check_origin(state: dict, path) -> None:
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

    def __init__(self, state: dict, name: str):
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
    return sum(spread[..., row : row + 4, column : column + 4] for row in (0, 1) for column in (0, 1))
