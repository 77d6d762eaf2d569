"""Making and scoring image sets (paper §2.2): every seed at every alpha.

A set can be made in chunks, as separate jobs. Networks always see the same batches, whole seeds one after the
other, however the set is cut, so pixels and scores do not depend on the number of chunks.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ganalyze.direction.transformer import Rescaling, transform
from ganalyze.images.image_sets import Shard, image_id, seeds_per_batch, write_manifest
from ganalyze.images.pixels import to_pixels
from ganalyze.models.compute import Compute
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.progress import progress
from ganalyze.support.randomness import normal_tails, stream, truncated_normal


@dataclass(frozen=True)
class ImageSetOptions:
    """What an image set holds, and how it is cut.

    name: of the set ("test"). classes: how many of the generator's classes, drawn at random. seeds_per_class: z
    vectors a class. alphas: the grid. seed: of the run. batch_size: images the networks see at once, at most. tails:
    whether z comes from the tails of the normal distribution that the others are truncated to.
    """

    name: str
    classes: int
    seeds_per_class: int
    alphas: tuple[float, ...]
    seed: int
    batch_size: int
    tails: bool = False

    def __post_init__(self) -> None:
        for name in ("classes", "seeds_per_class", "batch_size"):
            if getattr(self, name) < 1:
                raise GanalyzeError(f"{name} of image set {self.name!r}: got {getattr(self, name)}, must be above 0")
        if len(set(self.alphas)) < len(self.alphas):
            raise GanalyzeError(f"alphas of image set {self.name!r}: a value is given twice")

    @property
    def seeds_per_batch(self) -> int:
        return seeds_per_batch(self.batch_size, len(self.alphas))


def draw_seeds(options: ImageSetOptions, num_classes: int) -> pd.DataFrame:
    """The set's seeds: seed_id, class_id, z_index, ordered by class. The same for every study of a run, so that
    Fig. 10 can show one seed under each direction; and the sets of a run have the same classes.

    Raises GanalyzeError where more classes are asked for than there are.
    """
    if options.classes > num_classes:
        raise GanalyzeError(
            f"image set {options.name!r} asks for {options.classes} classes, the generator has {num_classes}"
        )
    classes = np.sort(stream(options.seed, "classes").permutation(num_classes)[: options.classes])
    class_id = np.repeat(classes, options.seeds_per_class)
    z_index = np.tile(np.arange(options.seeds_per_class), options.classes)
    return pd.DataFrame({"seed_id": np.arange(len(class_id)), "class_id": class_id, "z_index": z_index})


def draw_z(options: ImageSetOptions, class_id: int, z_index: int, z_dim: int) -> np.ndarray:
    """The z (z_dim,) of one seed; it depends on class and index, not on which other seeds are in the set."""
    draw = normal_tails if options.tails else truncated_normal
    return draw(stream(options.seed, options.name, int(class_id), int(z_index)), (z_dim,))


def chunk_of(seeds: pd.DataFrame, options: ImageSetOptions, chunk: int, chunks: int) -> pd.DataFrame:
    """The seeds of chunk `chunk` (from 0) of `chunks`: whole batches, as even as they go."""
    if not 0 <= chunk < chunks:
        raise GanalyzeError(f"chunk {chunk} of {chunks}: must be from 0 to {chunks - 1}")
    batch = seeds.seed_id // options.seeds_per_batch
    mine = np.array_split(batch.unique(), chunks)[chunk]
    if not len(mine):
        raise GanalyzeError(f"image set {options.name!r} has {batch.nunique()} batches: too few for {chunks} chunks")
    return seeds[batch.isin(mine)]


def generate_images(
    generator: nn.Module,
    theta: Tensor,
    seeds: pd.DataFrame,
    options: ImageSetOptions,
    compute: Compute,
    folder: Path,
    rescaling: Rescaling = "none",
) -> None:
    """Write the clones of `seeds` at every alpha to `folder`.zip, and their manifest, without scores, to `folder`.csv.

    `folder` is a path without suffix. theta and rescaling as `transform` takes them; "per_batch" rescales the seeds of
    a batch together, one alpha at a time.
    """
    alphas = torch.tensor(options.alphas, device=compute.device)
    theta = theta.to(compute.device)
    truncation = getattr(generator, "truncation", 1.0)
    rows = []
    with (
        Shard(folder.with_suffix(".zip")) as shard,
        progress(len(seeds) * len(alphas), "image", f"images {folder.stem}") as bar,
    ):
        for _, batch in seeds.groupby(seeds.seed_id // options.seeds_per_batch):
            z = np.stack([draw_z(options, row.class_id, row.z_index, generator.z_dim) for row in batch.itertuples()])
            z = truncation * torch.from_numpy(z).to(compute.device)
            y = torch.tensor(batch.class_id.to_list(), device=compute.device)
            clones = [transform(z, y, alpha.expand(len(z)), theta, rescaling) for alpha in alphas]
            with torch.no_grad(), compute.autocast():
                images = generator(torch.stack(clones, dim=1).flatten(0, 1), y.repeat_interleave(len(alphas)))
            clones = ((row, alpha) for row in batch.itertuples() for alpha in options.alphas)
            for (row, alpha), pixels in zip(clones, to_pixels(images), strict=True):
                name = image_id(options.name, row.seed_id, alpha)
                shard.add(f"{name}.png", pixels)
                class_name = generator.class_names[row.class_id]
                rows.append(
                    [
                        name,
                        options.name,
                        row.seed_id,
                        row.class_id,
                        class_name,
                        row.z_index,
                        alpha,
                        f"{folder.stem}.zip/{name}.png",
                    ]
                )
            bar.update(len(images))
    columns = ["image_id", "set", "seed_id", "class_id", "class_name", "z_index", "alpha", "file"]
    write_manifest(pd.DataFrame(rows, columns=columns), folder.with_suffix(".csv"))
