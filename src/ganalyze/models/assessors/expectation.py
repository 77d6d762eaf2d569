"""The score that a distribution over classes or ratings stands for."""

import torch
from torch import Tensor


def expected(probabilities: Tensor, values: Tensor) -> Tensor:
    """Scores (N,): the mean of `values` (K,) by probabilities (N, K), in float32 whatever the network's precision."""
    with torch.autocast(probabilities.device.type, enabled=False):
        return probabilities.float() @ values
