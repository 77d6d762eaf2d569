"""ResMem (Needell & Bainbridge 2022): how likely people are to remember an image, 0–1; and FalseResMem, made alike."""

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import resnet50, resnet152
from torchvision.transforms.functional import center_crop

from ganalyze.images.pixels import resize
from ganalyze.models.assessors.preprocessing import to_unit_range
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensors


class ResMem(nn.Module):
    """An AlexNet-like branch and `features` (N, width) joined by a perceptron; by default the logits of a ResNet-152.

    Layer names are the published checkpoint's. Preprocessing as published: 256×256, centre crop of 227, values in
    [0, 1], no mean subtracted.
    """

    def __init__(self, features: nn.Module | None = None, width: int = 1000) -> None:
        super().__init__()
        self.features = features or resnet152(weights=None)
        self.conv1 = nn.Conv2d(3, 48, 11, stride=4)
        self.conv2 = nn.Conv2d(48, 256, 5, padding=2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1, groups=2)
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=2)
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=2)
        widths = [256 * 6 * 6 + width, 4096, 4096, 2048, 1024, 512, 256, 1]
        for number, (n_in, n_out) in enumerate(zip(widths, widths[1:], strict=False), start=6):
            self.add_module(f"fc{number}", nn.Linear(n_in, n_out))

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,) of images (N, 3, H, W) in [-1, 1]."""
        x = center_crop(resize(to_unit_range(images), (256, 256)), [227])
        branch = F.local_response_norm(F.max_pool2d(F.relu(self.conv1(x)), 3, 2), 5)
        branch = F.local_response_norm(F.max_pool2d(F.relu(self.conv2(branch)), 3, 2), 5)
        for conv in (self.conv3, self.conv4, self.conv5):
            branch = F.relu(conv(branch))
        branch = F.max_pool2d(branch, 3, 2).flatten(1)
        hidden = torch.cat([branch, self.features(x).flatten(1)], dim=1)
        for number in range(6, 12):
            hidden = F.relu(self.get_submodule(f"fc{number}")(hidden))
        return self.get_submodule("fc12")(hidden).float().sigmoid().squeeze(1)


def load(weights: Weights) -> ResMem:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    return _with_weights(ResMem, weights.path("model.pt"))


def load_falseresmem(weights: Weights) -> ResMem:
    """FalseResMem (Mikhailova & Bainbridge 2026): how likely people are to take an image for one that they have seen
    when they have not, 0–1. The same network on the last features of a ResNet-50. Raises as `load`."""

    def network() -> ResMem:
        return ResMem(nn.Sequential(*[*resnet50(weights=None).children()][:-1]), width=2048)

    return _with_weights(network, weights.path("falseresmem.pt"))


def _with_weights(network: Callable[[], ResMem], path: Path) -> ResMem:
    with torch.device("meta"):  # the weights come from the file: do not draw 130 million random ones first
        model = network()
    load_state(model.to_empty(device="cpu"), load_tensors(path), path.name)
    return model
