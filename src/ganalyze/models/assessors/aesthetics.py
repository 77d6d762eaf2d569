"""A proxy of aesthetics: four hand-made features of a good photograph, none of it learnt from people.

It stands in where no network trained on people's ratings can be had, and must be called a proxy wherever it shows.
The features are those that computational aesthetics has used since Datta, Joshi, Li & Wang ("Studying aesthetics in
photographic images", ECCV 2006). Each is brought to 0–1 smoothly, so that every image has a gradient. They count alike:
without ratings to fit weights to, equal ones are the robust choice (Dawes, "The robust beauty of improper linear
models", American Psychologist 1979).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganalyze.images.pixels import resize
from ganalyze.models.assessors.preprocessing import to_grey, to_unit_range
from ganalyze.models.weights.files import Weights

SIDE = 64  # pixels; sharpness depends on the scale, so every image is measured at this one
# The faces of the demo's generator have a weighted mean of 0.46 ± 0.08: a logistic of this centre and width spreads
# them over 0–1, as an assessor trained on ratings would, so that a change of 0.4 in score leaves the image whole.
CENTRE, WIDTH = 0.45, 0.05
WEIGHTS = {"colorfulness": 0.25, "contrast": 0.25, "exposure": 0.25, "clarity": 0.25}
_TINY = 1e-6  # keeps roots and ratios of flat images differentiable


def colorfulness(images: Tensor) -> Tensor:
    """(N,) 0 (grey) to 1: 1 − exp(−M3 / 45), M3 of Hasler & Süsstrunk ("Measuring colourfulness in natural images",
    SPIE 2003) for RGB of 0–255; 45 is what their viewers call "quite colourful". Images (N, 3, H, W) in [0, 1]."""
    red, green, blue = (255 * images).flatten(2).unbind(1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue], dim=1)
    deviation = (opponents.var(dim=2, correction=0).sum(dim=1) + _TINY).sqrt()
    mean = (opponents.mean(dim=2).square().sum(dim=1) + _TINY).sqrt()
    return 1 - torch.exp(-(deviation + 0.3 * mean) / 45)


def contrast(grey: Tensor) -> Tensor:
    """(N,) 0 (flat) to 1 (half black, half white): twice the root-mean-square contrast, the standard deviation of
    luma (Peli, "Contrast in complex images", JOSA A 1990). Luma (N, 1, H, W) in [0, 1]."""
    return 2 * (grey.flatten(1).var(dim=1, correction=0) + _TINY).sqrt()


def exposure(grey: Tensor) -> Tensor:
    """(N,) 0 to 1 (all mid-grey): mean over the pixels of exp(−(luma − 0.5)² / (2 · 0.2²)), the well-exposedness of
    Mertens, Kautz & Van Reeth ("Exposure fusion", Pacific Graphics 2007). Luma (N, 1, H, W) in [0, 1]."""
    return torch.exp(-(grey - 0.5).square() / (2 * 0.2**2)).mean(dim=(1, 2, 3))


def clarity(grey: Tensor) -> Tensor:
    """(N,) 0 to 1: how sharp the centre is beside the rest, c / (c + r), where c and r are the mean squared Laplacian
    (the energy of fine detail) of the central quarter of the image and of the pixels around it; 0.5 is equally sharp.

    A sharp subject before a soft background is Datta et al.'s low depth of field indicator, which takes the central
    quarter too, and Luo & Tang's clarity contrast ("Photo and video quality evaluation", ECCV 2008).
    Luma (N, 1, H, W) in [0, 1].
    """
    kernel = grey.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]
    detail = F.conv2d(F.pad(grey, (1, 1, 1, 1), mode="replicate"), kernel).square()
    height, width = detail.shape[-2:]
    middle = detail[..., height // 4 : height - height // 4, width // 4 : width - width // 4]
    centre = middle.mean(dim=(1, 2, 3))
    pixels_around = height * width - middle[0, 0].numel()
    around = (detail.sum(dim=(1, 2, 3)) - middle.sum(dim=(1, 2, 3))) / pixels_around
    return (centre + _TINY) / (centre + around + 2 * _TINY)


class AestheticsProxy(nn.Module):
    """The logistic of the four features' weighted mean, 0 to 1. There is nothing to learn or to load."""

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """Each feature's (N,) values, in the order of `WEIGHTS`, of images (N, 3, H, W) in [-1, 1]."""
        images = resize(to_unit_range(images), (SIDE, SIDE))
        grey = to_grey(images)
        return {
            "colorfulness": colorfulness(images),
            "contrast": contrast(grey),
            "exposure": exposure(grey),
            "clarity": clarity(grey),
        }

    def forward(self, images: Tensor) -> Tensor:
        """Scores (N,), 0 to 1, of images (N, 3, H, W) in [-1, 1]."""
        parts = (WEIGHTS[name] * value for name, value in self.features(images).items())
        mean = sum(parts, start=torch.zeros(()))
        return torch.sigmoid((mean - CENTRE) / WIDTH)


def load(weights: Weights) -> AestheticsProxy:
    """The proxy; it needs no weights."""
    return AestheticsProxy()
