"""The Inception of 2015 (Szegedy et al., CVPR 2016), which published FID, IS and KID are made with, in torch-fidelity's
conversion."""

from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_tensors
from ganalyze.support.errors import GanalyzeError


def load(weights: Weights) -> FeatureExtractorInceptionV3:
    """The network with the layers for FID, (N, 2048), and Inception Score, (N, 1008). Raises GanalyzeError where the
    weights are missing or do not fit."""
    path = weights.path("weights-inception-2015-12-05-6726825d.pth")
    # torch-fidelity unpickles whatever the file asks for. A file that holds tensors and nothing else asks for nothing.
    load_tensors(path)
    try:
        return FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"], str(path))
    except RuntimeError as error:
        raise GanalyzeError(f"{path.name} does not fit the network: {str(error).splitlines()[0]}") from None
