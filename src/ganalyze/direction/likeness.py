"""How near an image is to another: their mean absolute difference at four sizes, and the distance of features of
EfficientNet-Lite0, as perceptual losses have it (Johnson, Alahi & Fei-Fei 2016)."""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EXTRACTOR = "efficientnet-lite0"  # whose features are compared
_SIDE = 224  # pixels, of the images that it sees
_LEVELS = (0, 1, 2)  # of its feature pyramid, fine to coarse
_SCALES = (1, 2, 4, 8)  # of images of at most 256 pixels, whose pixels are compared


class Distance(NamedTuple):
    """How far images are from a target: pixels (mean absolute difference of values in [-1, 1], summed over sizes), and
    features (mean squared difference of features of mean square 1, summed over levels)."""

    pixels: Tensor  # (N,)
    features: Tensor  # (N,)


class Target:
    """An image (1, 3, H, W) in [-1, 1] that others are compared with. extractor: `EXTRACTOR`, loaded."""

    def __init__(self, image: Tensor, extractor: nn.Module):
        self.image = image
        self._network: Any = extractor.network
        self._smallest = max(1, image.shape[-1] // 256)
        with torch.no_grad():
            self._features = self._features_of(image)

    def distance(self, images: Tensor) -> Distance:
        """Of images (N, 3, H, W), differentiable."""
        pixels = sum(
            (F.avg_pool2d(images, k) - F.avg_pool2d(self.image, k)).abs().mean(dim=(1, 2, 3))
            for k in (self._smallest * scale for scale in _SCALES)
            if k <= images.shape[-1]
        )
        pairs = zip(self._features_of(images), self._features, strict=True)
        features = sum((own - aim).square().mean(dim=(1, 2, 3)) for own, aim in pairs)
        return Distance(torch.as_tensor(pixels), torch.as_tensor(features))

    def _features_of(self, images: Tensor) -> list[Tensor]:
        x = F.interpolate((images + 1) * 127.5, (_SIDE, _SIDE), mode="bilinear", antialias=True, align_corners=False)
        levels = self._network.forward_intermediates(
            (x - 127) / 128, indices=list(_LEVELS), intermediates_only=True, stop_early=True
        )
        return [level * (level.square().mean(dim=1, keepdim=True) + 1e-6).rsqrt() for level in levels]
