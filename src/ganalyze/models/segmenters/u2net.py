"""U²-Net (Qin et al., Pattern Recognition 2020) in its small form, U²-Net-p: what stands out from its background."""

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganalyze.images.pixels import resize
from ganalyze.models.assessors.preprocessing import standardised, to_unit_range
from ganalyze.models.imagenet import MEAN, STD
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state
from ganalyze.support.errors import GanalyzeError

FILE = "u2netp.onnx"
_SIDE = 320  # pixels, of the images that the network sees
_INSIDE, _OUTSIDE = 16, 64  # channels within a block and between blocks


def _conv(n_in: int, n_out: int, dilation: int = 1) -> nn.Sequential:
    """A 3×3 convolution, whose batch normalisation the published file holds folded into it, and a ReLU."""
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=dilation, dilation=dilation), nn.ReLU())


class Block(nn.Module):
    """A U-Net of `depth` levels within the network, added to what it starts from. The deepest ones of the network are
    `dilated`: they keep the size of their images and look further instead."""

    def __init__(self, depth: int, n_in: int, dilated: bool = False):
        super().__init__()
        dilations = [2**level if dilated else 1 for level in range(depth - 1)]
        down, up = [_OUTSIDE] + [_INSIDE] * (depth - 2), [_INSIDE] * (depth - 2) + [_OUTSIDE]
        self.first = _conv(n_in, _OUTSIDE)
        self.down = nn.ModuleList(_conv(n, _INSIDE, dilation) for n, dilation in zip(down, dilations, strict=True))
        self.bottom = _conv(_INSIDE, _INSIDE, 2 ** (depth - 1) if dilated else 2)
        self.up = nn.ModuleList(_conv(2 * _INSIDE, n, d) for n, d in zip(up, reversed(dilations), strict=True))
        self.dilated = dilated

    def forward(self, x: Tensor) -> Tensor:
        """(N, 64, H, W) from (N, n_in, H, W)."""
        start = x = self.first(x)
        levels: list[Tensor] = []
        for conv in self.down:
            x = conv(_halved(x) if levels and not self.dilated else x)
            levels.append(x)
        x = self.bottom(x)
        for conv, level in zip(self.up, reversed(levels), strict=True):
            x = conv(torch.cat([_as_large(x, level), level], dim=1))
        return x + start


def _halved(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2, ceil_mode=True)


def _as_large(x: Tensor, other: Tensor) -> Tensor:
    return F.interpolate(x, other.shape[-2:], mode="bilinear", align_corners=False)


class U2NetP(nn.Module):
    """A U-Net of blocks, six down and five up; each level on the way up guesses the mask, and the guesses are weighed.

    An image is divided by its own maximum before ImageNet's mean is subtracted, as the network was trained.
    """

    def __init__(self) -> None:
        super().__init__()
        depths = (7, 6, 5, 4, 4, 4)
        self.down = nn.ModuleList(Block(d, 3 if i == 0 else _OUTSIDE, dilated=i > 3) for i, d in enumerate(depths))
        self.up = nn.ModuleList(Block(depths[i], 2 * _OUTSIDE, dilated=i > 3) for i in reversed(range(5)))
        self.guesses = nn.ModuleList(nn.Conv2d(_OUTSIDE, 1, 3, padding=1) for _ in depths)
        self.weighing = nn.Conv2d(len(depths), 1, 1)

    def probabilities(self, x: Tensor) -> Tensor:
        """(N, 1, H, W), 0 to 1, of images (N, 3, H, W) as the network sees them, 320 pixels high and wide."""
        levels: list[Tensor] = []
        for block in self.down:
            x = block(_halved(x) if levels else x)
            levels.append(x)
        outputs = [levels.pop()]
        for block, level in zip(self.up, reversed(levels), strict=True):
            outputs.append(block(torch.cat([_as_large(outputs[-1], level), level], dim=1)))
        guesses = [guess(output) for guess, output in zip(self.guesses, reversed(outputs), strict=True)]
        return self.weighing(torch.cat([_as_large(guess, guesses[0]) for guess in guesses], dim=1)).float().sigmoid()

    def forward(self, images: Tensor) -> Tensor:
        """Soft masks (N, H, W) of images (N, 3, H, W) in [-1, 1], of any size."""
        x = resize(to_unit_range(images), (_SIDE, _SIDE))
        x = x / x.amax(dim=(1, 2, 3), keepdim=True).clamp_min(1e-6)  # an image may be black
        masks = self.probabilities(standardised(x, MEAN, STD))
        return resize(masks, (images.shape[-2], images.shape[-1])).squeeze(1)


def load(weights: Weights) -> U2NetP:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    path = weights.path(FILE)
    try:
        graph = onnx.load(path).graph
    except Exception as error:  # protobuf's own kinds
        raise GanalyzeError(f"{path} is not a readable ONNX file: {error}; remove it and fetch it again") from None
    values = {tensor.name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    # The file names few of its layers, but lists them as they run, which is how they stand above.
    names = [name for node in graph.node if node.op_type == "Conv" for name in node.input[1:]]
    model = U2NetP()
    load_state(model, dict(zip(model.state_dict(), (values[name] for name in names), strict=False)), FILE)
    return model.to(memory_format=torch.channels_last)  # a third faster on a CPU
