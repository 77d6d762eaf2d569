"""What BigGAN's two kinds share: conditional batch norm with stored statistics, folded, and self-attention."""

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel


class ConditionalNorm(nn.Module):
    """A batch norm whose gain and bias depend on a condition: with stored statistics, a scale and a shift that are
    affine in the condition."""

    def __init__(self, channels: int, condition: int):
        super().__init__()
        self.affine = nn.Linear(condition, 2 * channels)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Normalised x (N, channels, H, W) under condition (N, condition)."""
        scale, shift = self.affine(condition).to(x.dtype)[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(shift, x, scale)


def fold_norm(mean: Tensor, variance: Tensor, gain: Tensor, bias: Tensor, epsilon: float) -> dict[str, Tensor]:
    """The state of `ConditionalNorm.affine`. mean, variance (channels,); gain G and bias B (channels, condition):
    (x − μ)/σ · (1 + Gc) + Bc = x · (1 + Gc)/σ + Bc − μ(1 + Gc)/σ for the condition c."""
    over = 1 / (variance + epsilon).sqrt()
    scale = over[:, None] * gain
    return {
        "weight": torch.cat([scale, bias - mean[:, None] * scale]),
        "bias": torch.cat([over, -mean * over]),
    }


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """softmax(queryᵀ key) over places, applied to value: (N, C, H, W) from query (N, K, H, W), key (N, K, h, w) and
    value (N, C, h, w), K ≤ C.

    The zeros that lengthen query and key change no product, and let torch's fused kernel serve, which never holds the
    H·W × h·w weights: half a gigabyte for two images of BigGAN-256. Where the same sums are asked for in the same order
    (`Compute.prepare`), a gradient takes a kernel that keeps to it: flash attention, or in float32 the plain products.
    """
    places = query.shape[2:]
    missing = value.shape[1] - query.shape[1]
    query, key, value = (x.flatten(2).transpose(1, 2)[:, None] for x in (query, key, value))
    query, key = F.pad(query, (0, missing)), F.pad(key, (0, missing))
    ordered = torch.are_deterministic_algorithms_enabled() and query.requires_grad
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]) if ordered else nullcontext():
        seen = F.scaled_dot_product_attention(query, key, value, scale=1.0)
    return seen[:, 0].transpose(1, 2).unflatten(2, places)
