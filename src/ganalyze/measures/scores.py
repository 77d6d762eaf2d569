"""Scores of stored images (paper §3.1). People and measurements see the stored 8-bit images, so these are scored."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from ganalyze.images.image_sets import iterate_images, seeds_per_batch
from ganalyze.images.pixels import to_images
from ganalyze.models.compute import Compute
from ganalyze.support.progress import progress


def score_images(
    assessor: nn.Module, manifest: pd.DataFrame, manifest_path: Path, batch_size: int, compute: Compute
) -> np.ndarray:
    """The assessor's score of each stored image of a manifest, (N,) float32.

    People and measurements see the stored 8-bit images, so these are what is scored.
    """
    scores = np.empty(len(manifest), np.float32)
    batch = manifest.seed_id // seeds_per_batch(batch_size, manifest.alpha.nunique())
    with progress(len(manifest), "image", f"scores {manifest_path.stem}") as bar:
        for _, rows in manifest.groupby(batch.to_numpy()):
            pixels = np.stack(list(iterate_images(manifest_path, rows.file)))
            with torch.no_grad(), compute.autocast():
                batch_scores = assessor(to_images(pixels, compute.device))
            scores[manifest.index.get_indexer(rows.index)] = batch_scores.float().cpu()
            bar.update(len(rows))
    return scores
