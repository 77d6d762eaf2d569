"""NIMA (Talebi & Milanfar, IEEE Transactions on Image Processing 2018): how people rate a photograph, 1 to 10.

A MobileNet (Howard et al. 2017) tells the distribution of the ratings that the photograph would get in the AVA data
set; the score is its mean.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganalyze.images.pixels import resize
from ganalyze.models.assessors.expectation import expected
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.keras import batch_norm, load_keras
from ganalyze.models.weights.loading import load_state

FILE = "weights_mobilenet_aesthetic_0.07.hdf5"
_SIDE = 224  # pixels, of the images that the network sees
_WIDTHS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_HALVING = (2, 4, 6, 12)  # the blocks that halve the image, counted from 1


class NIMA(nn.Module):
    """The network under Keras' layer names.

    All convolutions pad by 1 on each side. So did keras/applications/mobilenet.py of Keras 2.1.6, which wrote the file;
    from Keras-Applications 1.0.4 on, those of stride 2 pad at the bottom and the right alone, and the file gives other
    scores.
    """

    ratings: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.convs: list[str] = []
        self._add("conv1", nn.Conv2d(3, _WIDTHS[0], 3, stride=2, padding=1, bias=False))
        for block, (n_in, n_out) in enumerate(zip(_WIDTHS, _WIDTHS[1:], strict=False), start=1):
            stride = 2 if block in _HALVING else 1
            self._add(f"conv_dw_{block}", nn.Conv2d(n_in, n_in, 3, stride, padding=1, groups=n_in, bias=False))
            self._add(f"conv_pw_{block}", nn.Conv2d(n_in, n_out, 1, bias=False))
        self.dense_1 = nn.Linear(_WIDTHS[-1], 10)
        self.register_buffer("ratings", torch.arange(1.0, 11.0), persistent=False)

    def _add(self, name: str, conv: nn.Conv2d) -> None:
        self.convs.append(name)
        self.add_module(name, conv)
        self.add_module(f"{name}_bn", batch_norm(conv.out_channels))

    def distribution(self, images: Tensor) -> Tensor:
        """(N, 10) probabilities of the ratings 1 to 10, of images (N, 3, H, W) in [-1, 1]."""
        x = resize(images, (_SIDE, _SIDE))
        for name in self.convs:
            x = F.relu6(self.get_submodule(f"{name}_bn")(self.get_submodule(name)(x)))
        return self.dense_1(x.mean(dim=(2, 3))).float().softmax(dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,), 1 to 10, of images (N, 3, H, W) in [-1, 1]."""
        return expected(self.distribution(images), self.ratings)


def load(weights: Weights) -> NIMA:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    model = NIMA()
    layers = [*model.convs, *(f"{name}_bn" for name in model.convs), "dense_1"]
    load_state(model, load_keras(weights.path(FILE), {name: f"{name}/{name}" for name in layers}), FILE)
    return model
