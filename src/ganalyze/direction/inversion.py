"""Inverting a photograph: finding a z whose image it is (the paper's own wish, §5).

1. Starts: some z drawn as seeds are, of each class in question, and z = 0. The one whose image is nearest goes on.
2. Descent by Adam on z. A generator with several w of its own (StyleGAN: one a style) has one z for all of them so far.
3. Where the generator takes a residual, that too, held near 0. It meets what no z makes; T leaves it as it is.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from ganalyze.direction.inverted import Inverted
from ganalyze.direction.likeness import Distance, Target
from ganalyze.images.pixels import to_images
from ganalyze.models.contract import Generator, residual_shape_of, truncation_of
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole
from ganalyze.support.progress import progress
from ganalyze.support.randomness import stream, truncated_normal
from ganalyze.support.settings import Positive, Settings

_FEATURES = 1.5  # what the distance of features counts beside that of pixels
_Z_HELD, _RESIDUAL_HELD = 0.03, 0.15  # what their mean squares count
CLASSES = 5  # the likeliest ones that are tried
_CHECKPOINT_EVERY = 20  # steps
_REST = 60  # steps over which z and residual come to rest at the end
FAR = 1.8  # a distance of features at which one would not recognise the photograph


class Inversion(Settings):
    """How a photograph is inverted."""

    steps: Positive = Field(default=200, description="of Adam, on z and the residual together")
    z_steps: Positive = Field(default=50, description="of them, before the residual joins")
    starts: Positive = Field(default=16, description="random z a class, of which the nearest goes on")
    learning_rate: float = Field(default=0.15, gt=0, le=10, description="of z")
    residual_learning_rate: float = Field(default=0.07, gt=0, le=10, description="of the residual")


class Latent(nn.Module):
    """A z and, where the generator takes one, a residual, that are to be found."""

    def __init__(self, generator: Generator, z: Tensor, class_id: int):
        super().__init__()
        self.generator = [generator]  # in a list, so that its weights are none of ours
        shape = residual_shape_of(generator)
        self.repeats = generator.z_dim // len(z)
        self.z = nn.Parameter(z.clone())
        self.residual = nn.Parameter(torch.zeros(shape, device=z.device)) if shape else None
        self.y = torch.tensor([class_id], device=z.device)

    def image(self) -> Tensor:
        """Its image (1, 3, H, W)."""
        scale, residual = truncation_of(self.generator[0]), self.residual
        z = scale * self.z.repeat(self.repeats)[None]
        return self.generator[0](z, self.y, *([] if residual is None else [scale * residual[None]]))

    def loss(self, distance: Distance) -> Tensor:
        """What is to become small: its image's distance (1,), and a penalty that keeps both near what the generator
        knows."""
        penalty = _Z_HELD * self.z.square().mean()
        if self.residual is not None:
            penalty = penalty + _RESIDUAL_HELD * self.residual.square().mean()
        return distance.pixels + _FEATURES * distance.features + penalty


@dataclass(frozen=True)
class Found:
    """An inverted photograph, its image (1, 3, H, W), and how far that is from the photograph: in the end, and before
    the residual joined."""

    inverted: Inverted
    image: Tensor
    distance: Distance
    before_residual: Distance

    @property
    def is_poor(self) -> bool:
        """Whether one would hardly recognise the photograph."""
        return float(self.distance.features) > FAR


def invert(
    generator: Generator,
    pixels: np.ndarray,
    extractor: nn.Module,
    settings: Inversion,
    *,
    seed: int,
    classes: Sequence[int] = (0,),
    about: dict[str, Any] | None = None,
    label: str = "inversion",
    on_step: Callable[[int], None] = lambda step: None,
    checkpoint: Path | None = None,
) -> Found:
    """Invert an image (H, W, 3) uint8 of the generator's size. classes: those in question.

    on_step: is told the number of each step that is done. checkpoint: a file from which a search that was cut off goes
    on, and ends with the same bytes. The same image, settings and seed give the same z. Raises GanalyzeError where the
    image has another size, or the image that is found is not finite.
    """
    size = generator.image_size
    if pixels.shape != (size, size, 3):
        raise GanalyzeError(f"an image to invert must be {size}×{size} pixels, this one is {pixels.shape[:2]}")
    device = next(extractor.parameters()).device
    target = Target(to_images(pixels[None], device), extractor)
    latent = _nearest_start(generator, target, settings, classes, seed, device)
    groups: list[dict[str, Any]] = [
        {"params": [latent.z]},
        *([{"params": [latent.residual]}] if latent.residual is not None else []),
    ]
    optimizer = torch.optim.Adam(groups)
    search = _Search(checkpoint, sha256_of_pixels(pixels), settings, seed, classes, about or {})
    done, before = search.restore(latent, optimizer)
    with progress(settings.steps, "step", label, initial=done) as bar:
        for step in range(done, settings.steps):
            rest = min(1.0, (settings.steps - step) / _REST)
            joined = step >= settings.z_steps
            for group, rate in zip(
                optimizer.param_groups, (settings.learning_rate, settings.residual_learning_rate * joined), strict=False
            ):
                group["lr"] = rate * rest
            distance = target.distance(latent.image())
            if joined and before is None:
                before = Distance(*(value.detach() for value in distance))
            optimizer.zero_grad()
            latent.loss(distance).sum().backward()
            optimizer.step()
            bar.set_postfix(distance=f"{float(distance.features.detach()):.3f}", refresh=False)
            bar.update()
            if (step + 1) % _CHECKPOINT_EVERY == 0:
                search.save(latent, optimizer, step + 1, before)
            on_step(step + 1)
    with torch.no_grad():
        image = latent.image()
        distance = target.distance(image)
    if not torch.isfinite(image).all():
        raise GanalyzeError("the image that was found is not finite: lower the learning rate")
    z = latent.z.detach().repeat(latent.repeats).cpu()
    residual = None if latent.residual is None else latent.residual.detach().cpu()
    inverted = Inverted(z, int(latent.y), residual, about or {})
    return Found(inverted, image, distance, before or distance)


class _Search:
    """How far a search is, in a file. What is searched for, and how, must be the file's own for it to be used."""

    def __init__(self, path: Path | None, *of: Any):
        self.path = path
        self.of = repr(of)

    def save(self, latent: Latent, optimizer: torch.optim.Optimizer, step: int, before: Distance | None) -> None:
        if self.path is None:
            return
        state = {"of": self.of, "latent": latent.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        with written_whole(self.path) as temporary:
            torch.save(state | {"before": list(before or ())}, temporary)

    def restore(self, latent: Latent, optimizer: torch.optim.Optimizer) -> tuple[int, Distance | None]:
        """How many steps were done, and the distance before the residual joined."""
        if self.path is None or not self.path.exists():
            return 0, None
        try:
            saved = torch.load(self.path, weights_only=True, map_location="cpu")
        except Exception:  # torch raises half a dozen kinds for a broken file; whichever, we start over
            return 0, None
        if saved.get("of") != self.of:
            return 0, None
        latent.load_state_dict(saved["latent"])
        optimizer.load_state_dict(saved["optimizer"])
        return saved["step"], Distance(*saved["before"]) if saved["before"] else None


@torch.no_grad()
def _nearest_start(
    generator: Generator,
    target: Target,
    settings: Inversion,
    classes: Sequence[int],
    seed: int,
    device: torch.device,
) -> Latent:
    shape = residual_shape_of(generator)
    length = shape[-1] if shape else generator.z_dim
    nearest, least = None, float("inf")
    for class_id in classes:
        rng = stream(seed, "inversion", int(class_id))
        drawn = truncated_normal(rng, (settings.starts, length)) / 2  # halfway to the mean, where most photographs are
        for z in (torch.zeros(length), *torch.from_numpy(drawn)):
            latent = Latent(generator, z.to(device), class_id)
            loss = float(latent.loss(target.distance(latent.image())))
            if loss < least:
                nearest, least = latent, loss
    if nearest is None:
        raise GanalyzeError("the generator makes no finite image to start from")
    return nearest


@torch.no_grad()
def likeliest_classes(pixels: np.ndarray, extractor: nn.Module, num_classes: int) -> list[int]:
    """The classes that an image (H, W, 3) uint8 is likeliest of, by EfficientNet-Lite0's guess, likeliest first.

    Raises GanalyzeError where the generator's classes are not ImageNet's, which it knows.
    """
    if num_classes == 1:
        return [0]
    device = next(extractor.parameters()).device
    _, logits = extractor(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].to(device))
    if logits.shape[1] != num_classes:
        raise GanalyzeError(f"the generator has {num_classes} classes, which are not ImageNet's: say which one it is")
    return logits[0].topk(CLASSES).indices.tolist()


def sha256_of_pixels(pixels: np.ndarray) -> str:
    """A hash of an image's pixels, by which it is known again."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
