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


@torch.no_grad()
def score_pixels(assessor: "Assessor", pixels: np.ndarray, batch_size: int, compute: Compute) -> np.ndarray:
    """The assessor's score of each of N images (N, H, W, 3) uint8: (N,) float32."""
    batches = [pixels[start : start + batch_size] for start in range(0, len(pixels), batch_size)]
    with compute.autocast():
        return np.concatenate([assessor(to_images(batch, compute.device)).float().cpu().numpy() for batch in batches])


def score_images(assessor: "Assessor", images: ImageSet, batch_size: int, compute: Compute) -> np.ndarray:
    """The assessor's score of each image of a set, (N,) float32, in the order of its manifest."""
    scores = np.empty(len(images), np.float32)
    with progress(len(images), "image", f"scores {images.name}") as bar:
        for rows, pixels in images.batches(batch_size, threads=compute.threads_for_images):
            scores[rows.index] = score_pixels(assessor, pixels, batch_size, compute)
            bar.update(len(rows))
    return scores
