"""EfficientNet-Lite0 as a feature extractor in torch-fidelity's form.

Importing this module registers it with torch-fidelity, so that `torch_fidelity.calculate_metrics` knows it too.
"""

from pathlib import Path
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import register_feature_extractor

from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensors
from ganalyze.support.errors import GanalyzeError

NAME = "efficientnet-lite0"  # among torch-fidelity's extractors


class EfficientNetLite0(FeatureExtractorBase):
    """EfficientNet-Lite0 (Tan & Le, ICML 2019): pooled features "1280", and "logits" of ImageNet's 1,000 classes.

    Images of any size are resized to 224×224 (bicubic, antialiased) and scaled to (x - 127) / 128, as the network
    was trained (tensorflow/tpu, models/official/efficientnet/lite). No margin is cropped off: all of the image is
    measured, as with the Inception.
    """

    def __init__(
        self, name: str, features_list: list[str], feature_extractor_weights_path: str | None = None, **kwargs: Any
    ):
        super().__init__(name, features_list)
        path = Path(feature_extractor_weights_path or "efficientnet-lite0-57934424.pth")
        state = load_tensors(path)
        network = timm.create_model("tf_efficientnet_lite0")
        # The file and timm list the same layers in the same order, but name them differently: `_blocks.4._bn0.bias`
        # is `blocks.2.1.bn1.bias`. So: by place, if the last parts of the names agree; shapes are checked as always.
        if [key.split(".")[-1] for key in state] != [key.split(".")[-1] for key in network.state_dict()]:
            raise GanalyzeError(f"{path.name} does not fit the network: it is not EfficientNet-Lite0")
        load_state(network, dict(zip(network.state_dict(), state.values(), strict=True)), path.name)
        self.network: Any = network.to(memory_format=torch.channels_last)  # half again as fast on a CPU

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The requested features, each (N, 1280) or (N, 1000) float32, of images (N, 3, H, W) uint8."""
        x = F.interpolate(images.float(), (224, 224), mode="bicubic", antialias=True).clamp(0, 255)
        x = self.network.forward_features(((x - 127) / 128).contiguous(memory_format=torch.channels_last))
        pooled = self.network.forward_head(x, pre_logits=True)
        features = {"1280": pooled, "logits": self.network.get_classifier()(pooled)}
        return tuple(features[name] for name in self.features_list)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        """The layers there are."""
        return "1280", "logits"

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """The layer that one of torch-fidelity's measures takes."""
        return "logits" if metric == "isc" else "1280"

    @staticmethod
    def can_be_compiled() -> bool:
        """Not tried."""
        return False


register_feature_extractor(NAME, EfficientNetLite0)


def load(weights: Weights) -> EfficientNetLite0:
    """The network with the layers for FID and Inception Score. Raises GanalyzeError where the weights are missing or
    do not fit."""
    path = weights.path("efficientnet-lite0-57934424.pth")
    return EfficientNetLite0(NAME, list(EfficientNetLite0.get_provided_features_list()), str(path))
