"""Whether a model returns what the contract says (`ganalyze.models.contract`), tried on two images before long work.

A head of shape (N, 1) trains on an N × N broadcast, images of 0 to 255 are all white: nothing would fail, and all
numbers would be wrong. Each check raises GanalyzeError with what was returned and what was wanted.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from ganalyze.images.image_sets import ImageSet
from ganalyze.images.pixels import to_images
from ganalyze.models.compute import Compute
from ganalyze.models.contract import Assessor, Generator, Segmenter, parts_of, truncation_of, uncounted
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.randomness import stream, truncated_normal

# Of the largest value: what another order of sums and coarser arithmetic (bf16) may make of the same one.
_ROUNDING = 0.02


def check_generator(generator: Generator, name: str, compute: Compute) -> Tensor:
    """Its two images (2, 3, image_size, image_size), of which each must be in [-1, 1], depend on its z, and be the same
    without the other."""
    for attribute in ("z_dim", "num_classes", "class_names", "image_size"):
        if not hasattr(generator, attribute):
            raise GanalyzeError(f"{name} lacks the attribute {attribute} (docs/add-your-own.md)")
    if len(generator.class_names) != generator.num_classes:
        raise GanalyzeError(
            f"{name} has {len(generator.class_names)} class_names for num_classes {generator.num_classes}"
        )
    for part, where in parts_of(generator).items():
        if not 0 <= where.start < where.stop <= generator.z_dim:
            raise GanalyzeError(f"{name}: its part {part} is z[{where.start}:{where.stop}] of {generator.z_dim} values")
    z, y = _two_seeds(generator, compute)
    size = generator.image_size
    images = _tried(generator, name, "z", (3, size, size), [z, y], compute)
    low, high = float(images.min()), float(images.max())
    if low < -1.001 or high > 1.001:
        raise GanalyzeError(f"{name} returned values from {low:.3g} to {high:.3g}, wanted -1 to 1")
    if low >= 0:
        raise GanalyzeError(
            f"{name} returned values from {low:.3g} to {high:.3g}, none below 0, wanted -1 (black) to 1 (white): "
            "if its images are from 0 to 1, return 2 * images - 1"
        )
    if torch.equal(images[0], images[1]):
        raise GanalyzeError(f"{name} returned the same image for two z")
    return images


def first_two(images: ImageSet, compute: Compute) -> Tensor:
    """The first two images of a set, as assessors and segmenters take them (2, 3, H, W); of one alone, it twice."""
    _, pixels = next(images.batches(2))
    return to_images(pixels[[0, -1]], compute.device)


def check_assessor(assessor: Assessor, name: str, images: Tensor, compute: Compute) -> None:
    """images (2, 3, H, W) in [-1, 1]: each must have a score of its own, finite, and the same without the other."""
    with uncounted(assessor):
        _tried(assessor, name, "image", (), [images], compute)


def check_segmenter(segmenter: Segmenter, name: str, images: Tensor, compute: Compute) -> None:
    """images (2, 3, H, W) in [-1, 1]: each must have a mask of its own, 0 to 1, and the same without the other."""
    masks = _tried(segmenter, name, "image", tuple(images.shape[2:]), [images], compute)
    low, high = float(masks.min()), float(masks.max())
    if low < -0.001 or high > 1.001:
        raise GanalyzeError(f"{name} returned values from {low:.3g} to {high:.3g}, wanted probabilities, 0 to 1")


def check_gradient(generator: Generator, assessor: Assessor, names: tuple[str, str], compute: Compute) -> None:
    """That the score of the generator's image says in which way z would have to change. names: of the two."""
    z, y = _two_seeds(generator, compute)
    z.requires_grad_()
    counted = getattr(assessor, "without_subject", 0)
    with compute.autocast(), _not_compiled(compute):
        images = _called(generator, names[0], [z, y])
        scores = _called(assessor, names[1], [images])
    if counted != getattr(assessor, "without_subject", 0):
        assessor.without_subject = counted  # type: ignore[attr-defined]
        return  # an image without a subject has no gradient
    for name, values, of in ((names[0], images, "z"), (names[1], scores, "the images")):
        if not values.requires_grad:
            raise GanalyzeError(f"{name} cannot be trained with: what it returns has no gradient with respect to {of}")
    try:
        (gradient,) = torch.autograd.grad(scores.float().sum() * compute.loss_scale, z)
    except RuntimeError as error:
        raise GanalyzeError(f"{' with '.join(names)} cannot be trained with: {_first_line(error)}") from None
    if not torch.isfinite(gradient).all():
        raise GanalyzeError(
            f"the gradient of {names[1]} of images of {names[0]} is not finite: no direction can be learnt"
        )


def _two_seeds(generator: Generator, compute: Compute) -> tuple[Tensor, Tensor]:
    z = truncated_normal(stream(0, "two images"), (2, generator.z_dim))
    y = torch.tensor([0, generator.num_classes - 1])
    return truncation_of(generator) * torch.from_numpy(z).to(compute.device), y.to(compute.device)


@torch.no_grad()
def _tried(
    model: Callable[..., Tensor], name: str, of: str, shape: Sequence[int], inputs: list[Tensor], compute: Compute
) -> Tensor:
    """What a model returns for two inputs (`of`: what they are), (2, *shape)."""
    with compute.autocast(), _not_compiled(compute):
        both = _called(model, name, inputs)
        wanted = (2, *shape)
        if tuple(both.shape) != wanted:
            raise GanalyzeError(f"{name} returned {tuple(both.shape)}, wanted {wanted}")
        if not both.is_floating_point():
            kind = str(both.dtype).removeprefix("torch.")
            raise GanalyzeError(f"{name} returned {kind}, wanted floating-point numbers")
        both = both.float()
        if not torch.isfinite(both).all():
            raise GanalyzeError(f"{name} returned {float(both[~torch.isfinite(both)][0])}, wanted finite numbers")
        alone = torch.cat([_called(model, name, [values[i : i + 1] for values in inputs]).float() for i in (0, 1)])
    difference = (both - alone).abs().flatten(1) if both.ndim > 1 else (both - alone).abs()[:, None]
    if difference.mean(1).max() > _ROUNDING * both.abs().max():
        raise GanalyzeError(
            f"{name} returned another value for the same {of} beside another and alone: it must be the same whatever "
            "else is in the batch, and at every call"
        )
    return both


def _not_compiled(compute: Compute) -> AbstractContextManager[Any]:
    """To compile for two images takes minutes."""
    return torch.compiler.set_stance("force_eager") if compute.compile else nullcontext()  # it takes a second to import


def _called(model: Callable[..., Tensor], name: str, inputs: list[Tensor]) -> Tensor:
    """What a model returns; whatever goes wrong in it is told in one line."""
    try:
        returned = model(*inputs)
    except (GanalyzeError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        shapes = " and ".join(str(tuple(values.shape)) for values in inputs)
        raise GanalyzeError(f"{name} failed on {shapes}: {type(error).__name__}: {_first_line(error)}") from None
    if not isinstance(returned, Tensor):
        raise GanalyzeError(f"{name} returned a {type(returned).__name__}, wanted a tensor")
    return returned


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]
