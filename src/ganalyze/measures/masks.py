"""Masks of image sets, themselves stored like an image set."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ganalyze.images.image_sets import ImageSet, write_manifest
from ganalyze.images.pixels import as_image, to_images
from ganalyze.images.shards import Shard
from ganalyze.models.compute import Compute
from ganalyze.models.segmenters.binary_masks import segment
from ganalyze.support.progress import progress

if TYPE_CHECKING:
    from ganalyze.models.contract import Segmenter


def segment_images(
    segmenter: "Segmenter", images: ImageSet, output: Path, batch_size: int, compute: Compute
) -> np.ndarray:
    """Write the binary masks of a set's images to `output`, a manifest (.csv) with the columns image_id and file, and a
    .zip beside it. White is subject; an image without one has a black mask. Returns the masks' sizes (N,) as shares of
    the image.

    Raises GanalyzeError where the images are of several sizes.
    """
    rows, sizes = [], []
    with (
        Shard(output.with_suffix(".zip")) as shard,
        progress(len(images), "image", f"masks {images.name}") as bar,
    ):

        def made() -> Iterator[tuple[str, np.ndarray]]:
            for batch, pixels in images.batches(batch_size, threads=compute.threads_for_images):
                for name, mask in zip(batch.image_id, segment(segmenter, to_images(pixels), compute), strict=True):
                    rows.append([name, f"{output.stem}.zip/{name}.png"])
                    sizes.append(mask.mean())
                    yield f"{name}.png", as_image(mask)
                bar.update(len(batch))

        shard.add_all(made(), batch_size, compute.threads_for_images)
    write_manifest(pd.DataFrame(rows, columns=["image_id", "file"]), output)
    return np.array(sizes)
