"""What a model must be and return, whoever made it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import numpy as np
from torch import Tensor


class Generator(Protocol):
    """G(z, y) (paper §2.1): from a noise vector and a class to an image.

    z_dim: length of z. num_classes, class_names: what y chooses from. image_size: height and width, in pixels. A
    generator whose z is to be drawn on another scale than 1 has `truncation` as well; one whose z has parts that work
    on different scales of the image has `z_parts`: their names, coarse to fine, each with its slice of z. One that can
    add to a z what no z has takes `residual` (N, *residual_shape) as well: photographs are met more closely with it.
    """

    z_dim: int
    num_classes: int
    class_names: Sequence[str]
    image_size: int

    def __call__(self, z: Tensor, y: Tensor, *residual: Tensor) -> Tensor:
        """Images (N, 3, image_size, image_size) in [-1, 1] from z (N, z_dim) float and y (N,) class indices."""
        ...


class Assessor(Protocol):
    """A(image) (paper §2.1): from an image to a score of the property of interest. It carries its own preprocessing."""

    def __call__(self, images: Tensor) -> Tensor:
        """Scores (N,) of images (N, 3, H, W) in [-1, 1], of any size, differentiable with respect to the images."""
        ...


class Face(NamedTuple):
    """A face in an image. Places are in pixels, (x, y), from the image's upper left corner."""

    box: np.ndarray  # (4,): left, upper, right, lower
    probability: float
    landmarks: np.ndarray  # (5, 2): the eyes, the nose, the corners of the mouth, the image's left ones first


class Detector(Protocol):
    """Finds faces."""

    def faces(self, pixels: np.ndarray) -> list[Face]:
        """The faces in an image (H, W, 3) uint8, the largest first."""
        ...


class Segmenter(Protocol):
    """Tells which pixels of an image show its subject."""

    def __call__(self, images: Tensor) -> Tensor:
        """Soft masks (N, H, W), 0 to 1, of images (N, 3, H, W) in [-1, 1]: each pixel's probability of showing the
        subject, differentiable with respect to the images."""
        ...


def truncation_of(generator: Generator) -> float:
    """What to multiply a z by before the generator takes it."""
    return getattr(generator, "truncation", 1.0)


def parts_of(generator: Generator) -> Mapping[str, slice]:
    """The parts of its z by name; none where it names none."""
    return getattr(generator, "z_parts", {})


def residual_shape_of(generator: Generator) -> tuple[int, ...] | None:
    """The shape of what can be added to one z, or None where nothing can."""
    return getattr(generator, "residual_shape", None)


@contextmanager
def uncounted(*assessors: Assessor) -> Iterator[None]:
    """What assessors see meanwhile is a trial: images without a subject do not count (`report_without_subject`)."""
    counts = [getattr(assessor, "without_subject", None) for assessor in assessors]
    yield
    for assessor, count in zip(assessors, counts, strict=True):
        if count is not None:
            assessor.without_subject = count  # type: ignore[attr-defined]


def report_without_subject(assessor: Assessor) -> None:
    """Say in how many of the images that an assessor has seen it found no subject, where it looks for one."""
    if missed := getattr(assessor, "without_subject", 0):
        logging.getLogger(__name__).info("no subject was found in %d images: their score is 0", missed)
