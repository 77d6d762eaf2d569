"""What the page asks for: a seed or a photograph moved along several directions, and what the networks say of it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from ganalyze.direction.generation import draw_z
from ganalyze.direction.inverted import Inverted
from ganalyze.direction.transformer import Transformer
from ganalyze.images.pixels import to_images, to_pixels
from ganalyze.measures.factors import image_factors, mask_factors
from ganalyze.models.compute import Compute
from ganalyze.models.contract import Assessor, Detector, Generator, Segmenter, parts_of, truncation_of
from ganalyze.models.segmenters.binary_masks import segment
from ganalyze.support.errors import GanalyzeError

_KEPT = 64
T = TypeVar("T")


class Dropped(Exception):
    """A newer request of the same window has come."""


class State(BaseModel):
    """What is shown: a seed or a photograph, how far it is moved along each direction, and which parts of z move."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    seed: int = Field(ge=0, lt=2**31)
    class_id: int = Field(default=0, ge=0)
    photograph: str | None = Field(default=None, max_length=64)
    alphas: dict[str, float] = Field(default={}, max_length=64)
    moves: list[str] | None = Field(default=None, max_length=64)

    @property
    def unmoved(self) -> "State":
        """The same seed as it was."""
        return self.model_copy(update={"alphas": {}, "moves": None})


@dataclass(frozen=True)
class Direction:
    """A study's direction: which assessor trained it, and the smallest and largest α that its images bear."""

    transformer: Transformer
    assessor: str
    low: float
    high: float


@dataclass(frozen=True)
class Picture:
    """An image (H, W, 3) uint8, and what is measured of it: scores by assessor, factors by name (None: no subject)."""

    pixels: np.ndarray
    scores: Mapping[str, float]
    factors: Mapping[str, float | None]


@dataclass
class Networks:
    """The networks of a run, loaded. assessors: by the title of what they score."""

    generator: Generator
    assessors: Mapping[str, Assessor]
    segmenter: Segmenter | None
    detector: Detector | None
    extractor: nn.Module  # for inversion


class Shared(nn.Module):
    """A segmenter that is asked the same question by several, and thinks about it once."""

    def __init__(self, segmenter: Segmenter):
        super().__init__()
        self.segmenter = segmenter
        self._last: tuple[Tensor, Tensor] | None = None

    def forward(self, images: Tensor) -> Tensor:
        """As the segmenter's."""
        if self._last is None or self._last[0] is not images:
            self._last = images, self.segmenter(images)
        return self._last[1]


def share_segmenter(segmenter: Segmenter, assessors: Iterable[Assessor]) -> Shared:
    """The segmenter, in place also of the like that assessors have of their own."""
    shared = Shared(segmenter)
    for assessor in assessors:
        if type(getattr(assessor, "segmenter", None)) is type(segmenter):
            assessor.segmenter = shared  # type: ignore[attr-defined]
    return shared


class _Kept(Generic[T]):
    """The newest few of what was made of states."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, T] = OrderedDict()

    def of(self, state: State, make: Callable[[], T]) -> T:
        """What was made of a state, or is now."""
        key = state.model_dump_json()
        made = self._made[key] = self._made.pop(key) if key in self._made else make()
        if len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return made


class Explorer:
    """Makes pictures of states. One at a time, whoever asks; of one window only the newest."""

    def __init__(self, networks: Networks, directions: Mapping[str, Direction], compute: Compute, seed: int):
        """seed: of the run, from which seeds are drawn."""
        self.networks, self.directions, self.compute, self.seed = networks, directions, compute, seed
        self.photographs: dict[str, Inverted] = {}
        self.machine = threading.Lock()  # for whoever lets the networks run
        self._newest: dict[str, int] = {}
        self._images, self._pictures = _Kept[np.ndarray](), _Kept[Picture]()
        for direction in directions.values():
            direction.transformer.to(compute.device)

    def check(self, state: State) -> None:
        """Raise GanalyzeError where a state names what there is not, or goes farther than a direction's images bear."""
        for name, alpha in state.alphas.items():
            direction = self.directions.get(name)
            if direction is None:
                raise GanalyzeError(f"there is no direction {name[:60]!r}")
            if not direction.low <= alpha <= direction.high:
                raise GanalyzeError(f"α of {name} must be from {direction.low:g} to {direction.high:g}")
        for part in state.moves or ():
            if part not in parts_of(self.networks.generator):
                raise GanalyzeError(f"z has no part {part[:60]!r}")
        if state.class_id >= self.networks.generator.num_classes:
            raise GanalyzeError(f"the generator has {self.networks.generator.num_classes} classes")
        if state.photograph is not None and state.photograph not in self.photographs:
            raise GanalyzeError("this photograph is not here (any more): choose it again")

    def image(self, state: State, window: str = "", number: int = 0) -> np.ndarray:
        """The image of a state, (H, W, 3) uint8. Requests of a window are numbered upwards. Raises Dropped where a
        newer one came meanwhile, GanalyzeError as `check`."""
        with self._turn_of(state, window, number):
            return self._pixels(state)

    def measure(self, state: State, window: str = "", number: int = 0) -> tuple[Picture, Picture]:
        """A state's picture, and that of its unmoved seed, measured. Raises as `image`."""
        with self._turn_of(state, window, number):
            return self._measured(state), self._measured(state.unmoved)

    @contextmanager
    def _turn_of(self, state: State, window: str, number: int) -> Iterator[None]:
        self.check(state)
        self._newest[window] = max(number, self._newest.get(window, number))
        with self.machine:
            if number < self._newest[window]:
                raise Dropped
            yield

    def strip(self, state: State, name: str, count: int) -> list[np.ndarray]:
        """A state at `count` values of α of one direction, from its smallest to its largest, the others as they are."""
        direction = self.directions.get(name)
        if direction is None:
            raise GanalyzeError(f"there is no direction {name[:60]!r}")
        self.check(state)
        alphas = np.linspace(direction.low, direction.high, count)
        states = [state.model_copy(update={"alphas": {**state.alphas, name: float(alpha)}}) for alpha in alphas]
        with self.machine:
            return [self._pixels(one) for one in states]

    def _pixels(self, state: State) -> np.ndarray:
        return self._images.of(state, lambda: to_pixels(self._image(state))[0])

    def _measured(self, state: State) -> Picture:
        return self._pictures.of(state, lambda: self._measure(self._pixels(state)))

    @torch.no_grad()
    def _measure(self, pixels: np.ndarray) -> Picture:
        images = to_images(pixels[None], self.compute.device)  # as they are shown
        with self.compute.autocast():
            scores = {name: float(assessor(images)[0]) for name, assessor in self.networks.assessors.items()}
        factors = image_factors([pixels])
        if self.networks.segmenter:
            factors = factors.join(mask_factors(segment(self.networks.segmenter, images, self.compute)))
        told = {str(name): None if np.isnan(value) else float(value) for name, value in factors.iloc[0].items()}
        return Picture(pixels, scores, told)

    @torch.no_grad()
    def _image(self, state: State) -> Tensor:
        generator, device = self.networks.generator, self.compute.device
        if state.photograph is None:
            drawn = draw_z("explore", state.class_id, state.seed, generator.z_dim, seed=self.seed)
            seed = Inverted(torch.from_numpy(drawn), state.class_id)
        else:
            seed = self.photographs[state.photograph]
        scale, y = truncation_of(generator), torch.tensor([seed.class_id], device=device)
        z = scale * seed.z[None].to(device)
        moved = z.clone()
        for name, alpha in state.alphas.items():  # added up
            moved += self.directions[name].transformer(z, y, torch.tensor([alpha], device=device)) - z
        if state.moves is not None:
            kept = torch.ones_like(z)
            for part in state.moves:
                kept[:, parts_of(generator)[part]] = 0
            moved = moved + kept * (z - moved)
        residual = [] if seed.residual is None else [scale * seed.residual[None].to(device)]
        with self.compute.autocast():
            return generator(moved, y, *residual)
