"""Scores of stored images (paper §3.1). People and measurements see the stored 8-bit images, so these are scored."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from ganalyze.images.image_sets import ImageSet
from ganalyze.images.pixels import to_images
from ganalyze.models.compute import Compute
from ganalyze.support.progress import progress

if TYPE_CHECKING:
    from ganalyze.models.contract import Assessor


def score_images(assessor: "Assessor", images: ImageSet, batch_size: int, compute: Compute) -> np.ndarray:
    """The assessor's score of each image of a set, (N,) float32, in the order of its manifest."""
    scores = np.empty(len(images), np.float32)
    with progress(len(images), "image", f"scores {images.name}") as bar:
        for rows, pixels in images.batches(batch_size):
            with torch.no_grad(), compute.autocast():
                batch_scores = assessor(to_images(pixels, compute.device))
            scores[rows.index] = batch_scores.float().cpu()
            bar.update(len(rows))
    return scores
