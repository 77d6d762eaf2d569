"""What BigGAN's two kinds share: conditional batch norm with stored statistics, folded, and self-attention."""

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint

_ROWS = 256  # places whose weights are worked on at once, so that these stay in the processor's cache


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
    value (N, C, h, w), K ≤ C."""
    places = query.shape[2:]
    query, key, value = (x.flatten(2).transpose(1, 2) for x in (query, key, value))
    seen = _plain(query, key, value) if query.is_cpu else _fused(query, key, value)
    return seen.transpose(1, 2).unflatten(2, places)


def _plain(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """(N, H·W, C) from query (N, H·W, K), key (N, h·w, K) and value (N, h·w, C), by matrix products.

    The CPU's fused kernel takes longer: it works on K as if it were C, and is slow at its gradient. Here, too, the
    H·W × h·w weights are never held: for a gradient they are computed again, some rows at a time.
    """
    # In bf16, too, scores are float32, since a weight is off by as large a share as its score is off; and so are the
    # sums of the rows' gradients.
    dtype, fine = value.dtype, torch.promote_types(value.dtype, torch.float32)
    key, value = key.to(fine).transpose(1, 2), value.to(fine)

    def seen(rows: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return (rows.to(fine) @ key).softmax(2).to(dtype) @ value.to(dtype)

    with torch.autocast("cpu", enabled=False):
        parts = query.split(_ROWS, dim=1)
        return torch.cat([checkpoint(seen, rows, key, value, use_reentrant=False) for rows in parts], dim=1)


def _fused(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """The same by torch's fused kernel, which never holds the weights.

    The zeros that lengthen query and key change no product, and let it serve. Where the same sums are asked for in the
    same order (`Compute.prepare`), a gradient takes a kernel that keeps to it: flash attention, or in float32 the plain
    products.
    """
    missing = value.shape[2] - query.shape[2]
    query, key = F.pad(query, (0, missing)), F.pad(key, (0, missing))
    ordered = torch.are_deterministic_algorithms_enabled() and query.requires_grad
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]) if ordered else nullcontext():
        return F.scaled_dot_product_attention(query[:, None], key[:, None], value[:, None], scale=1.0)[:, 0]
