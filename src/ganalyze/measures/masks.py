"""Masks of stored image sets, themselves stored like an image set."""

from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from torch import nn

from ganalyze.images.image_sets import Shard, iterate_images, write_manifest
from ganalyze.images.pixels import as_image, to_images
from ganalyze.models.compute import Compute
from ganalyze.models.segmenters.binary_masks import segment
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.progress import progress


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
