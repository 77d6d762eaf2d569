"""MobileStyleGAN (Belousov 2021), distilled from StyleGAN2 trained on FFHQ: photographic faces.

Its z is not the noise that the network was trained with. There a straight line bends: the mapping network normalises
its noise, so that moving along one direction soon changes nothing. In the space P before the mapping's last
nonlinearity (Zhu et al. 2020, Improved StyleGAN embedding: where are the good latents?) what noise becomes is nearly
Gaussian. So p = μ + L z, with μ the mean and L L^T the covariance of p: z is normal, as the paper's, and
T(z, α) = z + αθ stays as it is.

StyleGAN's styles work from coarse to fine. z has three parts, one for the coarse styles (pose, shape), one for the
middle ones (features) and one for the fine ones (colours, light), each with a p of its own. A photograph that no z
makes is met more closely where every style may differ from its part's z by a residual.
"""

import math
from itertools import pairwise
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state
from ganalyze.models.weights.openvino import constants
from ganalyze.support.randomness import stream

_MAPPING = ("MappingNetwork.xml", "MappingNetwork.bin")
_SYNTHESIS = ("SynthesisNetwork.xml", "SynthesisNetwork.bin")
WIDTH = 512  # of noise, p and w
NATIVE_SIZE = 512  # pixels; a last wavelet step would give 1024
PARTS = {"coarse": 7, "middle": 6, "fine": 10}  # styles that each part of z makes, of 23
_CHANNELS = (512, 512, 512, 512, 512, 256, 128, 64)  # after the first convolution and after each block
_SLOPE = 0.2  # of all leaky ReLUs
_NOISES = 32768  # from which μ and L are estimated


class Mapping(nn.Module):
    """From noise to p."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(8))

    def forward(self, noise: Tensor) -> Tensor:
        """p (N, 512) from noise (N, 512)."""
        x = F.normalize(noise, dim=1) * math.sqrt(WIDTH)
        for layer in self.layers[:-1]:
            x = to_w(layer(x))
        return self.layers[-1](x)


def to_w(p: Tensor) -> Tensor:
    """w, from which styles are made, of p."""
    return F.leaky_relu(p, _SLOPE) * math.sqrt(2)


class Styled(nn.Module):
    """Scales the channels of an image by a style made from w."""

    def __init__(self, channels: int):
        super().__init__()
        self.modulation = nn.Linear(WIDTH, channels)

    def styled(self, x: Tensor, w: Tensor, scale: float = 1) -> Tensor:
        """(N, channels, H, W) from the like and w (N, 512); scale: of all channels."""
        return x * (scale * self.modulation(w))[:, :, None, None]


class StyledConv(Styled):
    """A convolution of styled channels: a depthwise 3×3 and a 1×1 one, or the plain one of `kernel`. Then noise, which
    is the same for every image, of `size` pixels."""

    def __init__(self, n_in: int, n_out: int, size: int, kernel: int = 1):
        super().__init__(n_in)
        self.weight_dw = nn.Parameter(torch.empty(n_in, 1, 3, 3)) if kernel == 1 else None
        self.weight = nn.Parameter(torch.empty(n_out, n_in, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(n_out))
        self.noise = nn.Parameter(torch.empty(1, 1, size, size))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """(N, n_out, H, W) from x (N, n_in, H, W) and w (N, 512)."""
        x = self.styled(x, w)
        if self.weight_dw is not None:
            x = F.conv2d(x, self.weight_dw, padding=1, groups=x.shape[1])
        x = F.conv2d(x, self.weight, self.bias, padding=self.weight.shape[-1] // 2)
        return F.leaky_relu_(x.add_(self.noise.to(x.dtype)), _SLOPE)


class ToImage(Styled):
    """A 1×1 convolution of styled channels to the wavelet bands of an image."""

    def __init__(self, n_in: int):
        super().__init__(n_in)
        self.weight, self.bias = nn.Parameter(torch.empty(12, n_in, 1, 1)), nn.Parameter(torch.empty(12))

    def forward(self, x: Tensor, w: Tensor, bands: int = 12) -> Tensor:
        """The first `bands` of 12 (N, bands, H, W), halved, from x (N, n_in, H, W) and w (N, 512)."""
        return F.conv2d(self.styled(x, w), self.weight[:bands], self.bias[:bands]) / 2


class Block(nn.Module):
    """Doubles the image by an inverse wavelet transform, then two convolutions; three styles."""

    def __init__(self, n_in: int, n_out: int, size: int):
        super().__init__()
        self.up = Styled(n_in)
        self.conv1 = StyledConv(n_in // 4, n_out, size)
        self.conv2 = StyledConv(n_out, n_out, size)

    def forward(self, x: Tensor, w: list[Tensor]) -> Tensor:
        """(N, n_out, 2·H, 2·W) from x (N, n_in, H, W) and three w (N, 512)."""
        x = inverse_haar(self.up.styled(x, w[0], scale=0.5))
        return self.conv2(self.conv1(x, w[1]), w[2])


def inverse_haar(x: Tensor) -> Tensor:
    """Images (N, C, 2·H, 2·W) of their halved wavelet bands (N, 4·C, H, W): C low ones, then three details of each."""
    x = x.permute(0, 2, 3, 1)  # channels last, in which format the convolutions are fastest
    low, details = x[..., : x.shape[-1] // 4], x[..., x.shape[-1] // 4 :].unflatten(-1, (-1, 3))
    rows, columns, both = details.unbind(-1)
    upper, lower, across, crossed = low + rows, low - rows, columns + both, columns - both
    pairs = [torch.stack([upper + across, upper - across], 3), torch.stack([lower + crossed, lower - crossed], 3)]
    return torch.stack(pairs, 2).flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)


class Synthesis(nn.Module):
    """From 23 w, one a style, to an image of 512 pixels. Layer names are the published file's."""

    def __init__(self) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.empty(1, WIDTH, 4, 4))
        self.conv1 = StyledConv(WIDTH, _CHANNELS[0], size=4, kernel=3)
        self.layers = nn.ModuleList(Block(a, b, 8 * 2**i) for i, (a, b) in enumerate(pairwise(_CHANNELS)))
        self.to_img = ToImage(_CHANNELS[-1])

    def bands(self, w: list[Tensor], bands: int = 12) -> Tensor:
        """The first `bands` of the 12 wavelet bands of the image of 1024 pixels, halved: (N, bands, 512, 512)."""
        x = self.conv1(self.input.expand(len(w[0]), -1, -1, -1), w[0])
        for index, block in enumerate(self.layers):
            x = block(x, w[1 + 3 * index : 4 + 3 * index])
        return self.to_img(x, w[-1], bands)

    def forward(self, w: list[Tensor]) -> Tensor:
        """Images (N, 3, 512, 512): the halved low bands, which are the mean of each 2×2 of the 1024 pixels."""
        return self.bands(w, 3)


class MobileStyleGAN(nn.Module):
    """The generator, from z in P.

    truncation: what z is multiplied by; smaller is nearer to the average face. image_size: 512, or 256, each pixel the
    mean of four.
    """

    num_classes = 1
    class_names = ("face",)
    z_dim = WIDTH * len(PARTS)
    z_parts: ClassVar = {part: slice(WIDTH * i, WIDTH * (i + 1)) for i, part in enumerate(PARTS)}
    residual_shape = (sum(PARTS.values()), WIDTH)
    mean: Tensor
    spread: Tensor

    def __init__(self, image_size: int = 256, truncation: float = 0.7):
        super().__init__()
        self.image_size, self.truncation = image_size, truncation
        self.synthesis = Synthesis()
        self.register_buffer("mean", torch.zeros(WIDTH))  # μ
        self.register_buffer("spread", torch.zeros(WIDTH, WIDTH))  # L

    def forward(self, z: Tensor, y: Tensor, residual: Tensor | None = None) -> Tensor:
        """Images (N, 3, image_size, image_size) in [-1, 1] from z (N, 1536); y is ignored, there is one class.

        residual (N, 23, 512): of each style, added to its part of z.
        """
        styles = zip(z.split(WIDTH, dim=1), PARTS.values(), strict=True)
        if residual is None:  # all styles of a part are the same
            w = [to_w(self.mean + part @ self.spread.T) for part, count in styles for _ in range(count)]
        else:
            each = torch.stack([part for part, count in styles for _ in range(count)], dim=1) + residual
            w = list(to_w(self.mean + each @ self.spread.T).unbind(dim=1))
        return F.avg_pool2d(self.synthesis(w), NATIVE_SIZE // self.image_size).clamp(-1, 1)


def gaussian_of(mapping: Mapping) -> tuple[Tensor, Tensor]:
    """μ (512,) and L (512, 512), lower triangular: the mean of p and the Cholesky factor of its covariance."""
    noise = torch.from_numpy(stream(0, "mobilestylegan").standard_normal((_NOISES, WIDTH), dtype="float32"))
    with torch.no_grad():
        p = torch.cat([mapping(part) for part in noise.split(4096)]).double()
    return p.mean(0).float(), torch.linalg.cholesky(torch.cov(p.T)).float()


def load(weights: Weights, **options: Any) -> MobileStyleGAN:
    """The generator with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    with torch.device("meta"):  # the weights come from the files: do not draw random ones first
        generator = MobileStyleGAN(**options)
    mean, spread = gaussian_of(load_mapping(weights))
    state = {f"synthesis.{name}": value for name, value in _synthesis_state(weights).items()}
    load_state(generator.to_empty(device="cpu"), {**state, "mean": mean, "spread": spread}, _SYNTHESIS[0])
    return generator


def load_mapping(weights: Weights) -> Mapping:
    """The mapping network. Raises GanalyzeError where its files are missing or do not fit."""
    kinds = {"MatMul": "weight", "Reshape": "bias"}  # what uses which
    found = [(kinds[c.used_by], c.value) for c in constants(*map(weights.path, _MAPPING)) if c.used_by in kinds]
    mapping = Mapping()
    load_state(mapping, {f"layers.{i // 2}.{kind}": value for i, (kind, value) in enumerate(found)}, _MAPPING[0])
    return mapping


def _synthesis_state(weights: Weights) -> dict[str, Tensor]:
    """The weights of the synthesis network by name. In the file kernels and noises have none: they come right before
    the bias that they go with. A number that multiplies what a modulation gives comes right after it."""
    state: dict[str, Tensor] = {}
    unnamed: dict[str, Tensor] = {}
    modulation = ""
    for constant in constants(*map(weights.path, _SYNTHESIS)):
        name, value = constant.name, constant.value
        if name.startswith("m."):
            name = name.removeprefix("m.").replace(".conv.", ".").replace("input.input", "input")
            name = name.replace("layers.6.to_img", "to_img")
            layer = name.rpartition(".")[0]
            if layer.endswith("modulation"):
                modulation = layer
            elif name.endswith(".bias"):
                state |= {f"{layer}.{kind}": other for kind, other in unnamed.items()}
                unnamed = {}
            state[name] = _as_ours(name, value)
        elif constant.used_by == "Convolution":
            unnamed["weight"] = value
        elif constant.used_by == "Add":
            unnamed["noise"] = value
        elif constant.used_by == "Multiply":
            state[f"{modulation}.weight"] *= value.squeeze()
            state[f"{modulation}.bias"] *= value.squeeze()
    return state


def _as_ours(name: str, value: Tensor) -> Tensor:
    """Without the extents of 1 that the file gives biases, and depthwise kernels."""
    if name.endswith("bias"):
        return value.flatten()
    return value.flatten(0, 1) if name.endswith("weight_dw") else value
