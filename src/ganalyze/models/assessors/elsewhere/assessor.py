"""An assessor made of any network: images as the network takes them, a score from what it returns."""

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.transforms.functional import center_crop

from ganalyze.images.pixels import resize
from ganalyze.models.assessors.elsewhere.settings import Elsewhere
from ganalyze.models.assessors.expectation import expected
from ganalyze.support.errors import GanalyzeError

# How far from 1 a sum of probabilities may be that were computed in bf16.
_ROUNDING = 0.02


class AssessorFromElsewhere(nn.Module):
    """A network between the preprocessing and the reading of its scores that a configuration states.

    name: what errors call it. takes: the shape (N, 3, H, W) of what the network takes, None where any number will do;
    with N = 1 it is shown one image at a time. Raises GanalyzeError where the network takes something else.

    The network stays in evaluation mode: one that was exported knows no other.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, name: str, network: nn.Module, settings: Elsewhere, takes: tuple[int | None, ...] = (None, 3, None, None)
    ):
        super().__init__()
        shape = tuple("any" if extent is None else extent for extent in takes)
        if len(takes) == 4 and takes[3] == 3 and takes[1] not in (3, None):
            raise GanalyzeError(f"{name} takes {shape}, colours last: export it with colours first, (N, 3, H, W)")
        if len(takes) != 4 or takes[1] not in (3, None):
            raise GanalyzeError(f"{name} takes {shape}, wanted images (N, 3, H, W)")
        if takes[0] not in (1, None):
            raise GanalyzeError(f"{name} takes {takes[0]} images at once: export it for any number of them, or for one")
        self.name, self.network, self.settings, self.takes = name, network, settings, takes
        for key in ("mean", "std"):
            values = torch.tensor(getattr(settings, key)).view(3, 1, 1)
            self.register_buffer(key, values, persistent=False)
        super().train(False)

    def train(self, mode: bool = True) -> "AssessorFromElsewhere":
        """Nothing changes."""
        return self

    def prepared(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) in [-1, 1] as the network takes them. Raises GanalyzeError where they cannot be."""
        x, settings = images.float(), self.settings
        if settings.size:
            x = resize(x, (settings.size, settings.size))
        if settings.crop:
            if settings.crop > min(x.shape[-2:]):
                raise GanalyzeError(
                    f"{self.name}: crop is {settings.crop}, but images are {x.shape[-2]}×{x.shape[-1]} pixels: set size"
                )
            x = center_crop(x, [settings.crop, settings.crop])
        black, white = settings.range
        x = (black + (x + 1) * ((white - black) / 2) - self.mean) / self.std
        wanted = self.takes[-2:]
        if any(extent not in (given, None) for extent, given in zip(wanted, x.shape[-2:], strict=True)):
            told = "×".join("any" if extent is None else str(extent) for extent in wanted)
            raise GanalyzeError(
                f"{self.name} takes images of {told} pixels, these are {x.shape[-2]}×{x.shape[-1]}: set size, or size "
                "and crop"
            )
        return x

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,) of images (N, 3, H, W) in [-1, 1]."""
        x = self.prepared(images)
        if self.takes[0] is None:
            return self._scores(self.network(x), len(x))
        return torch.cat([self._scores(self.network(image), 1) for image in x.split(1)])

    def _scores(self, returned: Any, count: int) -> Tensor:
        """(count,) of what the network returned for so many images."""
        settings = self.settings
        x = self._chosen(returned)
        if x.ndim == 0 or len(x) != count:
            raise GanalyzeError(f"{self.name} returned {tuple(x.shape)} for {count} images, wanted ({count}, …)")
        if x.ndim == 1:
            x = x[:, None]
        x = x.float()
        if settings.softmax:
            x = x.softmax(dim=1)
        if getattr(settings, "mean_over_pixels", False):
            if x.ndim < 3:
                raise GanalyzeError(f"{self.name} returned {tuple(x.shape)}, no maps: leave mean_over_pixels out")
            x = (x[:, None] if x.ndim == 3 else x).flatten(2).mean(dim=2)
        if settings.values is None:
            if x[0].numel() != 1:
                raise GanalyzeError(
                    f"{self.name} returned {tuple(x.shape)}, wanted one value an image: of a distribution over classes "
                    "set values, of maps mean_over_pixels: true"
                )
            return x.flatten()
        return self._expected(x, settings.values)

    def _chosen(self, returned: Any) -> Tensor:
        """The one tensor that counts."""
        output = getattr(self.settings, "output", None)
        several = list(returned) if isinstance(returned, list | tuple) else [returned]
        if output is None and len(several) != 1:
            raise GanalyzeError(f"{self.name} returned {len(several)} tensors: say which, e.g. output: 0 (the first)")
        if (output or 0) >= len(several):
            raise GanalyzeError(f"{self.name}: output is {output}, but it returned {len(several)}, counted from 0")
        x = several[output or 0]
        if not isinstance(x, Tensor):
            raise GanalyzeError(f"{self.name} returned a {type(x).__name__}, wanted a tensor, or several in a tuple")
        return x

    def _expected(self, x: Tensor, values: tuple[float, ...]) -> Tensor:
        if x.shape[1:] != (len(values),):
            raise GanalyzeError(
                f"{self.name} returned {tuple(x.shape)}, but there are {len(values)} values: one a class"
            )
        if x.min() < -_ROUNDING or (x.sum(dim=1) - 1).abs().max() > _ROUNDING:
            raise GanalyzeError(
                f"{self.name} returned values that are no probabilities (their sum is {float(x[0].sum()):.3g}): if "
                "they are logits, set softmax: true"
            )
        return expected(x, x.new_tensor(values))
