"""Masks of stored image sets, themselves stored like an image set."""

from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ganalyze.compute import Compute
from ganalyze.errors import GanalyzeError
from ganalyze.image_sets import Shard, iterate_images, write_manifest
from ganalyze.pixels import to_images
from ganalyze.progress import progress
from ganalyze.segmentation import THRESHOLD


def segment(segmenter: nn.Module, images: Tensor, compute: Compute) -> np.ndarray:
    """The binary masks (N, H, W) bool of images (N, 3, H, W) in [-1, 1]."""
    with torch.no_grad(), compute.autocast():
        return (segmenter(images.to(compute.device)) > THRESHOLD).cpu().numpy()


def segment_stored(
    segmenter: nn.Module, manifest: pd.DataFrame, manifest_path: Path, output: Path, batch_size: int, compute: Compute
) -> pd.Series:
    """Write the binary masks of a manifest's images to `output`, a manifest (.csv) with the columns image_id and file,
    and a .zip beside it. White is subject; an image without one has a black mask. Returns the masks' sizes (N,) as
    shares of the image.

    Raises GanalyzeError where the images are of several sizes.
    """
    pixels = iterate_images(manifest_path, manifest.file)
    rows, sizes = [], []
    with (
        Shard(output.with_suffix(".zip")) as shard,
        progress(len(manifest), "image", f"masks {manifest_path.stem}") as bar,
    ):
        for start in range(0, len(manifest), batch_size):
            ids = manifest.image_id.astype(str)[start : start + batch_size]
            batch = list(islice(pixels, len(ids)))
            if len({image.shape for image in batch}) > 1:
                raise GanalyzeError(f"{manifest_path} lists images of several sizes: segment each size by itself")
            for name, mask in zip(ids, segment(segmenter, to_images(np.stack(batch)), compute), strict=True):
                shard.add(f"{name}.png", as_image(mask))
                rows.append([name, f"{output.stem}.zip/{name}.png"])
                sizes.append(mask.mean())
            bar.update(len(ids))
    write_manifest(pd.DataFrame(rows, columns=["image_id", "file"]), output)
    return pd.Series(sizes)


def as_image(mask: np.ndarray) -> np.ndarray:
    """A mask (H, W) bool as pixels (H, W) uint8: white is subject."""
    return mask.astype(np.uint8) * 255
