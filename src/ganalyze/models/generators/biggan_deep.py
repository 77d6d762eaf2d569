"""BigGAN-deep (Brock, Donahue & Simonyan, ICLR 2019) in Hugging Face's conversion, pytorch-pretrained-biggan.

The package's network, with what does not change between images folded once: spectral norm into the weights, and
each batch norm's statistics at one truncation. The checkpoint has statistics for 51 truncations, 0 to 1. Between
two of them the package gives the nearer one the smaller weight; here they are interpolated linearly. At the 51
themselves both agree.
"""

import torch
import torch.nn.functional as F
from pytorch_pretrained_biggan import BigGAN, BigGANConfig
from pytorch_pretrained_biggan.model import BigGANBatchNorm, SelfAttn
from torch import Tensor, nn
from torch.nn.utils import remove_spectral_norm

from ganalyze.models.generators.biggan_layers import ConditionalNorm, attend, fold_norm
from ganalyze.models.imagenet import class_names
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensors
from ganalyze.support.errors import GanalyzeError


class _Norm(nn.Module):
    """A batch norm at one truncation, called as the package calls its own."""

    def __init__(self, norm: nn.Module):
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor, truncation: float, condition: Tensor | None = None) -> Tensor:
        return self.norm(x) if condition is None else self.norm(x, condition)


class _Attention(nn.Module):
    """The package's self-attention by torch's fused kernel."""

    def __init__(self, theirs: SelfAttn):
        super().__init__()
        self.query, self.key = theirs.snconv1x1_theta, theirs.snconv1x1_phi
        self.value, self.out, self.gamma = theirs.snconv1x1_g, theirs.snconv1x1_o_conv, theirs.gamma

    def forward(self, x: Tensor) -> Tensor:
        key, value = (F.max_pool2d(conv(x), 2) for conv in (self.key, self.value))
        return x + self.gamma * self.out(attend(self.query(x), key, value))


class BigGANDeep(nn.Module):
    """The generator at one truncation, 0 to 1: z is to be drawn from a normal truncated to ±2 times `truncation`."""

    def __init__(self, published: BigGAN, truncation: float):
        """Takes `published` over and folds it."""
        super().__init__()
        config = published.config
        self.z_dim, self.num_classes, self.image_size = config.z_dim, config.num_classes, config.output_dim
        self.class_names, self.truncation = class_names(), truncation
        self.network = published
        _fold(published.eval(), truncation)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Images (N, 3, image_size, image_size) in [-1, 1] from z (N, z_dim) and class indices y (N,)."""
        return self.network(z, F.one_hot(y, self.num_classes).to(z.dtype), self.truncation)


def load(weights: Weights, image_size: int, truncation: float = 1.0) -> BigGANDeep:
    """BigGAN-deep for images of 128, 256 or 512 pixels.

    Raises GanalyzeError where its weights or layout are missing, broken or do not fit.
    """
    layout = weights.path(f"biggan-deep-{image_size}-config.json")
    path = weights.path(f"biggan-deep-{image_size}-pytorch_model.bin")
    try:
        published = BigGAN(BigGANConfig.from_json_file(layout))
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise GanalyzeError(f"{layout} is no layout of a BigGAN-deep ({error}): remove it and fetch it again") from None
    load_state(published, load_tensors(path), path.name)
    return BigGANDeep(published, truncation)


def _fold(module: nn.Module, truncation: float) -> None:
    """Replace, in place and all the way down, what need not be computed for every image."""
    for name, child in module.named_children():
        if isinstance(child, BigGANBatchNorm):
            setattr(module, name, _Norm(_norm_at(child, truncation)))
            continue
        _fold(child, truncation)
        if hasattr(child, "weight_orig"):
            remove_spectral_norm(child)
        if isinstance(child, SelfAttn):
            setattr(module, name, _Attention(child))
        if isinstance(child, nn.ReLU):
            child.inplace = True


def _norm_at(theirs: BigGANBatchNorm, truncation: float) -> nn.Module:
    mean, variance = (_interpolated(table, truncation) for table in (theirs.running_means, theirs.running_vars))
    if theirs.conditional:
        for layer in (theirs.scale, theirs.offset):
            remove_spectral_norm(layer)
        gain, bias = theirs.scale.weight, theirs.offset.weight
        norm = ConditionalNorm(len(mean), gain.shape[1])
        load_state(norm.affine, fold_norm(mean, variance, gain, bias, theirs.eps), "a batch norm")
        return norm.eval()
    last = nn.BatchNorm2d(len(mean), eps=theirs.eps)
    state = {"weight": theirs.weight, "bias": theirs.bias, "running_mean": mean, "running_var": variance}
    load_state(last, state | {"num_batches_tracked": torch.tensor(0)}, "the last batch norm")
    return last.eval()


def _interpolated(table: Tensor, truncation: float) -> Tensor:
    """The row of a table (steps, channels) at `truncation`; its rows lie evenly from 0 to 1."""
    # Rounded, since 0.58 / 0.02 is a little less than 29.
    place = round(truncation * (len(table) - 1), 6)
    low = min(int(place), len(table) - 2)
    return torch.lerp(table[low], table[low + 1], place - low)
