"""EmoNet (Goetschalckx et al., ICCV 2019, §4): how positive the emotions are that an image evokes."""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models import resnet50

from ganalyze.images.pixels import resize
from ganalyze.models.assessors.preprocessing import standardised, ten_crops, to_pixel_range
from ganalyze.models.imagenet import MEAN, STD
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensors
from ganalyze.support.errors import GanalyzeError

_SIDE, _CROP = 256, 224


class EmoNet(nn.Module):
    """A ResNet-50 with one output, averaged over ten crops. pixel_scale: see `to_pixel_range`."""

    def __init__(self, network: nn.Module, pixel_scale: int = 255):
        super().__init__()
        self.network, self.pixel_scale = network, pixel_scale

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,) of images (N, 3, H, W) in [-1, 1]."""
        x = resize(to_pixel_range(images, self.pixel_scale) / 255, (_SIDE, _SIDE))
        return self.network(ten_crops(standardised(x, MEAN, STD), _CROP)).float().view(-1, 10).mean(1)


def load(weights: Weights, **options: Any) -> EmoNet:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    path = weights.path("EmoNet_valence_moments_resnet50_5_best.pth.tar")
    published = load_tensors(path).get("state_dict")
    if not isinstance(published, dict):
        raise GanalyzeError(f"{path} is not EmoNet's file: it has no state_dict")
    # The published names carry two wrappers, and the last layer's of another library.
    state = {name.split(".", 2)[-1].replace("last_linear", "fc"): value for name, value in published.items()}
    with torch.device("meta"):
        network = resnet50(num_classes=1)
    load_state(network.to_empty(device="cpu"), state, path.name)
    return EmoNet(fold_norms(network.eval()), **options)


def fold_norms(resnet: nn.Module) -> nn.Module:
    """Take a torchvision ResNet's batch norms into the convolutions before them; the output stays the same."""
    for module in [*resnet.modules()]:
        layers = dict(module.named_children())
        pairs = [(name, name.replace("conv", "bn")) for name in layers if name.startswith("conv")]
        if isinstance(module, nn.Sequential) and len(layers) == 2 and isinstance(layers.get("1"), nn.BatchNorm2d):
            pairs = [("0", "1")]  # a block's shortcut
        for conv, norm in pairs:
            fused = fuse_conv_bn_eval(cast(nn.Conv2d, layers[conv]), cast(nn.BatchNorm2d, layers[norm]))
            setattr(module, conv, fused)
            setattr(module, norm, nn.Identity())
    return resnet
