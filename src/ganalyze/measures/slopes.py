"""How steep the score is along directions, without storing an image of them."""

from collections.abc import Sequence

import numpy as np
import torch

from ganalyze.direction.generation import clones_of
from ganalyze.direction.inverted import Inverted
from ganalyze.direction.transformer import Transformer
from ganalyze.measures.scores import score_pixels
from ganalyze.models.compute import Compute
from ganalyze.models.contract import Assessor, Generator
from ganalyze.support.progress import progress


def slopes_along(
    generator: Generator,
    assessor: Assessor,
    transformers: Sequence[Transformer],
    seeds: Sequence[Inverted],
    ends: tuple[float, float],
    batch_size: int,
    compute: Compute,
    label: str,
) -> np.ndarray:
    """Of each of D transformers, (D,): the mean over seeds of (score at the upper end − score at the lower) / (the α
    between). Scores are of 8-bit images, as everywhere."""
    slopes = np.empty(len(transformers))
    with progress(len(transformers) * 2 * len(seeds), "image", label) as bar:
        for index, transformer in enumerate(transformers):
            pixels = clones_of(generator, transformer, seeds, ends, batch_size, compute)
            scores = torch.from_numpy(score_pixels(assessor, pixels, batch_size, compute))
            change = scores.reshape(-1, 2).diff(dim=1)
            slopes[index] = float(change.mean()) / (ends[1] - ends[0])
            bar.update(len(pixels))
    return slopes
