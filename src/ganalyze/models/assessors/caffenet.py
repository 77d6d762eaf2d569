"""The network that MemNet and AestheticsNet share up to its seventh layer: AlexNet as Caffe defines it."""

import torch.nn.functional as F
from torch import Tensor, nn

from ganalyze.images.pixels import resize
from ganalyze.models.assessors.preprocessing import resize_tensorflow1, to_pixel_range


class CaffeNet(nn.Module):
    """AlexNet (Krizhevsky et al., NIPS 2012) with its convolutions in two groups and its response normalisation.
    Layer names are the published files'."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, stride=4)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=2)
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=2)
        self.fc6 = nn.Linear(256 * 6 * 6, 4096)
        self.fc7 = nn.Linear(4096, 4096)

    def features(self, x: Tensor) -> Tensor:
        """The seventh layer (N, 4096) of images (N, 3, 227, 227), BGR, 0 to 255 less their mean."""
        for conv in (self.conv1, self.conv2):
            # Caffe and torch divide alpha by the five channels, TensorFlow does not.
            x = F.local_response_norm(F.max_pool2d(F.relu(conv(x)), 3, 2), 5, alpha=1e-4, beta=0.75, k=1.0)
        for conv in (self.conv3, self.conv4, self.conv5):
            x = F.relu(conv(x))
        x = F.max_pool2d(x, 3, 2).flatten(1)
        return F.relu(self.fc7(F.relu(self.fc6(x))))


def to_bgr(images: Tensor, size: int, pixel_scale: int, resizing: str) -> Tensor:
    """Images (N, 3, H, W) in [-1, 1] as Caffe's networks take them: BGR, 0 to 255, `size`×`size`.

    pixel_scale: see `to_pixel_range`. resizing: "tensorflow1", as the authors', or "antialiased".
    """
    images = to_pixel_range(images, pixel_scale).flip(1)
    if images.shape[-2:] == (size, size):
        return images
    return resize_tensorflow1(images, size) if resizing == "tensorflow1" else resize(images, (size, size))
