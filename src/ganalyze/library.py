"""What a notebook or a program of one's own needs, offered as `ganalyze.NAME`: networks by name, a direction, images
moved along it, their scores, a picture.

`compute` says where and how networks run: by default those that are loaded on the CPU, the others where they are, with
as many threads as torch has. The process then keeps the memory that networks have used. Random things come from `seed`:
the same seed, the same results.
"""

import io
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from pydantic import ValidationError

from ganalyze.direction.faces import align_face
from ganalyze.direction.generation import clones_of, draw_seeds, drawn_seeds
from ganalyze.direction.inversion import Found, Inversion, likeliest_classes, sha256_of_pixels
from ganalyze.direction.inversion import invert as invert_aligned
from ganalyze.direction.inverted import Inverted
from ganalyze.direction.likeness import EXTRACTOR
from ganalyze.direction.settings import ImageSetSettings, Training, TransformerSettings
from ganalyze.direction.training import train_direction as train
from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import ImageSet
from ganalyze.images.pixels import resize
from ganalyze.images.reading import ImageReader
from ganalyze.measures.scores import score_images, score_pixels
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.choices import AssessorChoice, GeneratorChoice
from ganalyze.models.compute import Compute, keep_memory
from ganalyze.models.conformance import check_gradient
from ganalyze.models.contract import Assessor, Generator
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.registry import Card
from ganalyze.models.weights.catalogue import CATALOGUE, load_catalogue
from ganalyze.models.weights.files import WEIGHTS_DIR, Weights, fetch
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import CLONE
from ganalyze.support.randomness import stream
from ganalyze.support.settings import one_error

ALPHAS = (-0.2, -0.1, 0.0, 0.1, 0.2)
# The demo's, for memorability (0–1). α is in the score's own units: another scale asks for another alpha_max.
TRAINING = {"samples": 144, "batch_size": 4, "at_once": 2, "learning_rate": 0.07, "alpha_max": 0.3}


def load_generator(
    name: str = "mobilestylegan-ffhq",
    *,
    compute: Compute | None = None,
    weights_dir: Path | str | None = None,
    **options: Any,
) -> Generator:
    """A generator by its name in configurations (`ganalyze.models.generators`, or `module:object`), ready to run.

    options: of its own, e.g. image_size. Weights that are missing are fetched, to `weights_dir` (default: in a clone
    its folder weights/, else the user's cache), which is logged. Raises GanalyzeError where the name or an option is
    unknown, weights cannot be had, or the network does not return what it must (`ganalyze.models.contract`).
    """
    choice = GeneratorChoice(generator=name, generator_options=options)
    return choice.load_generator(_weights_of(GENERATORS[name], weights_dir), _prepared(compute))


def load_assessor(
    name: str, *, compute: Compute | None = None, weights_dir: Path | str | None = None, **options: Any
) -> Assessor:
    """An assessor by its name (`ganalyze.models.assessors`, or `module:object`), as `load_generator` does it. It is
    tried on noise."""
    choice, compute = AssessorChoice(assessor=name, assessor_options=options), _prepared(compute)
    noise = torch.from_numpy(stream(0, "noise").uniform(-1, 1, (2, 3, 8, 8))).float().to(compute.device)
    return choice.load_assessor(_weights_of(ASSESSORS[name], weights_dir), compute, resize(noise, (256, 256)))


def train_direction(
    generator: Generator,
    assessor: Assessor,
    *,
    seed: int = 0,
    compute: Compute | None = None,
    checkpoint: Path | str | None = None,
    **settings: Any,
) -> Transformer:
    """The direction along which the assessor's score of the generator's images rises by α (paper Eq. 1).

    settings: any of `ganalyze.direction.settings.Training` and `TransformerSettings`, by default those of `TRAINING`,
    e.g. samples (z vectors seen in all), alpha_max (in the units of the score), moves (parts of z, e.g. ["fine"]).
    checkpoint: a file from which a training that was cut off goes on. Networks of one's own are as
    `ganalyze.models.contract` says, in evaluation mode, without gradients of their parameters.

    Raises GanalyzeError where a setting is unknown or not allowed, the networks have no gradient, or nothing is learnt.
    """
    transformer_settings = {name: settings.pop(name) for name in TransformerSettings.model_fields if name in settings}
    training, kind = _valid(Training, TRAINING | settings), _valid(TransformerSettings, transformer_settings)
    compute = _compute_of(generator, compute)
    check_gradient(generator, assessor, ("the generator", "the assessor"), compute)
    path = Path(checkpoint) if checkpoint else None
    transformer, *_ = train(generator, assessor, training, kind, compute, study="direction", seed=seed, checkpoint=path)
    transformer.about = {"samples": training.samples}
    return transformer.requires_grad_(False)


def images_along(
    generator: Generator,
    direction: Transformer,
    alphas: Sequence[float] = ALPHAS,
    seeds: int | Sequence[Inverted] = 6,
    *,
    seed: int = 0,
    batch_size: int = 4,
    compute: Compute | None = None,
) -> np.ndarray:
    """Images of seeds moved along a direction: (seeds, alphas, H, W, 3) uint8.

    seeds: how many new ones, which no training has seen, each of a class of its own as far as there are classes; or
    photographs, as `invert` finds them. batch_size: images the generator makes at once. Raises GanalyzeError where the
    direction is for another generator.
    """
    if (length := direction.theta.shape[-1]) != generator.z_dim:
        raise GanalyzeError(f"the direction is for a z of {length} values, this generator's has {generator.z_dim}")
    if isinstance(seeds, int):
        classes = min(seeds, generator.num_classes)
        settings = _valid(ImageSetSettings, {"classes": classes, "seeds_per_class": -(-seeds // max(classes, 1))})
        rows = draw_seeds(settings, generator.num_classes, seed)[:seeds]
        seeds = drawn_seeds(rows, "test", generator.z_dim, seed=seed)
    compute = _compute_of(generator, compute)
    images = clones_of(generator, direction.to(compute.device), seeds, tuple(map(float, alphas)), batch_size, compute)
    return images.reshape(len(seeds), len(alphas), *images.shape[1:])


def score(
    assessor: Assessor, images: np.ndarray | ImageSet, *, batch_size: int = 8, compute: Compute | None = None
) -> np.ndarray:
    """The assessor's score of each image, float32: of pixels (…, H, W, 3) uint8 shaped (…), of an image set (N,), in
    the order of its manifest."""
    compute = _compute_of(assessor, compute)
    if isinstance(images, ImageSet):
        return score_images(assessor, images, batch_size, compute)
    if images.dtype != np.uint8 or images.ndim < 3 or images.shape[-1] != 3:
        raise GanalyzeError(f"images must be (…, H, W, 3) uint8, these are {images.shape} {images.dtype}")
    each = images.reshape(-1, *images.shape[-3:])
    return score_pixels(assessor, each, batch_size, compute).reshape(images.shape[:-3])


def show(images: np.ndarray, scores: np.ndarray | None = None, alphas: Sequence[float] | None = None) -> Image.Image:
    """A picture of images (rows, columns, H, W, 3) uint8, which a notebook displays and `.save(path)` keeps.

    scores (rows, columns) stand below each, alphas (columns,) above the first row.
    """
    rows, columns = images.shape[:2]
    figure = Figure(figsize=(1.5 * columns, 1.65 * rows), layout="constrained")  # pyplot's state is the user's own
    panels = figure.subplots(rows, columns, squeeze=False)
    for (row, column), ax in np.ndenumerate(panels):
        ax.imshow(images[row, column])
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        if alphas is not None and row == 0:
            ax.set_title(f"α = {alphas[column]:g}", fontsize=9)
        if scores is not None:
            ax.set_xlabel(f"{scores[row, column]:.3g}", fontsize=8)
    stored = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stored)
    return Image.open(stored)


def invert(
    generator: Generator,
    photograph: Path | str | np.ndarray,
    *,
    eyes: Sequence[Sequence[float]] | None = None,
    detector: str | None = "mtcnn",
    seed: int = 0,
    compute: Compute | None = None,
    weights_dir: Path | str | None = None,
    **settings: Any,
) -> Found:
    """A photograph, a file or pixels (H, W, 3) uint8, as the generator makes it: `images_along` takes its `.inverted`.

    Its largest face is cut out as FFHQ's are, found by `detector` or by its eyes ((x, y), (x, y)) in pixels; with
    detector=None its middle square. settings: any of `ganalyze.direction.inversion.Inversion`. Raises GanalyzeError
    where the photograph cannot be read or shows no face.
    """
    inversion, compute = _valid(Inversion, settings), _compute_of(generator, compute)
    if isinstance(photograph, np.ndarray):
        pixels, name = photograph, "the photograph"
    else:
        path = Path(photograph)
        pixels, name = ImageReader(path.parent).read(path.name), path.name
    finder = None
    if detector and eyes is None:
        finder = DETECTORS.load(detector, _weights_of(DETECTORS[detector], weights_dir), compute)
    aligned, words = align_face(pixels, generator.image_size, finder, eyes, name)
    extractor = EXTRACTORS.load(EXTRACTOR, _weights_of(EXTRACTORS[EXTRACTOR], weights_dir), compute)
    classes = likeliest_classes(aligned, extractor, generator.num_classes)
    about = {"photograph": sha256_of_pixels(aligned)}
    found = invert_aligned(generator, aligned, extractor, inversion, seed=seed, classes=classes, about=about)
    for warning in (words, f"the reconstruction of {name} is poor" if found.is_poor else ""):
        if warning:
            logging.getLogger(__name__).warning(warning)
    return found


def _valid(cls: Any, values: dict[str, Any]) -> Any:
    try:
        return cls(**values)
    except ValidationError as error:
        raise one_error(error, cls, "settings") from None


def _prepared(compute: Compute | None) -> Compute:
    keep_memory()
    return (compute or Compute(threads=torch.get_num_threads())).prepare()


def _compute_of(network: Any, compute: Compute | None) -> Compute:
    """How to go on with a network: as is said, else where its parameters are."""
    if compute is None and isinstance(network, torch.nn.Module):
        first = next(network.parameters(), None)
        compute = first if first is None else Compute(device=str(first.device), threads=torch.get_num_threads())
    return _prepared(compute)


def _weights_of(card: Card, weights_dir: Path | str | None) -> Weights:
    """Where a model's weights are: those that are missing are fetched."""
    folder = Path(weights_dir) if weights_dir else CLONE / WEIGHTS_DIR if CLONE else WEIGHTS_DIR
    catalogue = load_catalogue(CATALOGUE)
    for name in card.files:
        if name in catalogue and not (folder / name).is_file():
            logging.getLogger(__name__).warning(
                "%s is fetched into %s (licence: %s)", name, folder, catalogue[name].licence
            )
            fetch(name, catalogue, folder)
    return Weights(weights_dir=(folder,))
