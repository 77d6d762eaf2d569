"""ViTMem (Hagen & Espeseth 2023): how likely people are to remember an image, 0–1, by a vision transformer."""

import timm
from torch import Tensor, nn
from torchvision.transforms.functional import center_crop

from ganalyze.images.pixels import resize
from ganalyze.models.assessors.preprocessing import to_unit_range
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensors


class ViTMem(nn.Module):
    """A ViT-B/16 with one output. Preprocessing as published: 256×256, centre crop of 224, values in [0, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.vit = timm.create_model("vit_base_patch16_224_miil", pretrained=False, num_classes=1)

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,) of images (N, 3, H, W) in [-1, 1]."""
        x = center_crop(resize(to_unit_range(images), (256, 256)), [224])
        return self.vit(x).float().sigmoid().squeeze(1)


def load(weights: Weights) -> ViTMem:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    path = weights.path("vitmem_base_patch16_224_miil_v1-f580d24a.pth")
    model = ViTMem()
    load_state(model, load_tensors(path), path.name)
    return model
