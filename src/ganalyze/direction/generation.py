"""Making image sets (paper §2.2): every seed at every alpha.

A set can be made in chunks, as separate jobs. The generator always sees the same batches, whole seeds one after the
other, however the set is cut, so pixels do not depend on the number of chunks.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ganalyze.direction.inverted import Inverted
from ganalyze.direction.settings import ImageSetSettings, seeds_per_batch
from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import evenly_spaced, image_id, write_manifest
from ganalyze.images.pixels import to_pixels
from ganalyze.images.shards import ImageFormat, Shard, place_in_set
from ganalyze.models.compute import Compute
from ganalyze.models.contract import Generator, truncation_of
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.progress import progress
from ganalyze.support.randomness import normal_tails, stream, truncated_normal


def draw_seeds(settings: ImageSetSettings, num_classes: int, seed: int) -> pd.DataFrame:
    """The set's seeds: seed_id, class_id, z_index, ordered by class. The same for every study of a run (`seed`), so
    that Fig. 10 can show one seed under each direction; and the sets of a run have the same classes.

    Raises GanalyzeError where more classes are asked for than there are.
    """
    if settings.classes > num_classes:
        raise GanalyzeError(f"the image set asks for {settings.classes} classes, the generator has {num_classes}")
    classes = np.sort(stream(seed, "classes").permutation(num_classes)[: settings.classes])
    class_id = np.repeat(classes, settings.seeds_per_class)
    z_index = np.tile(np.arange(settings.seeds_per_class), settings.classes)
    return pd.DataFrame({"seed_id": np.arange(len(class_id)), "class_id": class_id, "z_index": z_index})


def draw_z(set_name: str, class_id: int, z_index: int, z_dim: int, *, seed: int, tails: bool = False) -> np.ndarray:
    """The z (z_dim,) of one seed of a set; it depends on class and index, not on which other seeds are in the set.

    tails: z comes from the tails of the normal distribution that it is otherwise truncated to.
    """
    draw = normal_tails if tails else truncated_normal
    return draw(stream(seed, set_name, int(class_id), int(z_index)), (z_dim,))


def drawn_seeds(seeds: pd.DataFrame, set_name: str, z_dim: int, *, seed: int, tails: bool = False) -> list[Inverted]:
    """The z and class of seeds as `draw_seeds` gives them (see `draw_z`)."""
    return [
        Inverted(
            torch.from_numpy(draw_z(set_name, row.class_id, row.z_index, z_dim, seed=seed, tails=tails)), row.class_id
        )
        for row in seeds.itertuples()
    ]


def spaced_seeds(
    settings: ImageSetSettings, count: int, set_name: str, generator: Generator, seed: int
) -> list[Inverted]:
    """The z and class of `count` seeds of a set, at even spaces. Raises as `draw_seeds`."""
    seeds = draw_seeds(settings, generator.num_classes, seed)
    return drawn_seeds(seeds.iloc[evenly_spaced(count, len(seeds))], set_name, generator.z_dim, seed=seed)


def chunk_of(seeds: pd.DataFrame, chunk: int, chunks: int, seeds_per_batch: int) -> pd.DataFrame:
    """The seeds of chunk `chunk` (from 0) of `chunks`: whole batches, as even as they go.

    Raises GanalyzeError where there is no such chunk, or there are fewer batches than chunks.
    """
    if not 0 <= chunk < chunks:
        raise GanalyzeError(f"chunk {chunk} of {chunks}: must be from 0 to {chunks - 1}")
    batch = seeds.seed_id // seeds_per_batch
    mine = np.array_split(batch.unique(), chunks)[chunk]
    if not len(mine):
        raise GanalyzeError(f"the image set has {batch.nunique()} batches: too few for {chunks} chunks")
    return seeds[batch.isin(mine)]


def list_clones(
    seeds: pd.DataFrame, set_name: str, alphas: Sequence[float], class_names: Sequence[str]
) -> pd.DataFrame:
    """A row an image, seed after seed, each at every alpha: `MANIFEST_COLUMNS` up to alpha.

    Raises GanalyzeError where an alpha is there twice.
    """
    if len(set(alphas)) < len(alphas):
        raise GanalyzeError(f"alphas of image set {set_name!r}: a value is given twice")
    rows = seeds.merge(pd.Series(alphas, name="alpha", dtype=float), how="cross")
    names = [image_id(set_name, row.seed_id, row.alpha) for row in rows.itertuples()]
    classes = [class_names[class_id] for class_id in rows.class_id]
    return rows.assign(image_id=names, set=set_name, class_name=classes)[
        ["image_id", "set", "seed_id", "class_id", "class_name", "z_index", "alpha"]
    ]


def list_images(
    seeds: pd.DataFrame,
    set_name: str,
    alphas: Sequence[float],
    class_names: Sequence[str],
    image_format: ImageFormat,
) -> pd.DataFrame:
    """The manifest that an image set will have, whether its images are made or not."""
    clones = list_clones(seeds, set_name, sorted(alphas), class_names)
    files = [place_in_set(set_name, row.seed_id, row.image_id, image_format) for row in clones.itertuples()]
    return clones.assign(file=files)


def generate_images(
    generator: Generator,
    transformer: Transformer,
    seeds: pd.DataFrame,
    *,
    set_name: str,
    alphas: tuple[float, ...],
    seed: int,
    batch_size: int,
    tails: bool = False,
    inverted: Sequence[Inverted] = (),
    compute: Compute,
    folder: Path,
    image_format: ImageFormat = "png",
) -> None:
    """Write the clones of `seeds` at every alpha to `folder`.zip, and their manifest, without scores, to `folder`.csv.

    seeds: as `draw_seeds` gives them, or a chunk. seed: of the run. batch_size: images the generator sees at once, at
    most. inverted: the photographs that are the seeds, by seed_id; without any, z are drawn. `folder` is a path without
    suffix. Rescaling per batch rescales the seeds of a batch together, one alpha at a time. Raises GanalyzeError where
    an alpha is there twice.
    """
    rows = list_clones(seeds, set_name, alphas, generator.class_names)
    names = iter(rows.image_id)
    transformer.to(compute.device)
    with (
        Shard(folder.with_suffix(".zip")) as shard,
        progress(len(seeds) * len(alphas), "image", f"images {folder.stem}") as bar,
    ):

        def made() -> Iterator[tuple[str, np.ndarray]]:
            for _, batch in seeds.groupby(seeds.seed_id // seeds_per_batch(batch_size, len(alphas))):
                if inverted:
                    seeds_of_batch = [inverted[seed_id] for seed_id in batch.seed_id]
                else:
                    seeds_of_batch = drawn_seeds(batch, set_name, generator.z_dim, seed=seed, tails=tails)
                images = clones_of(generator, transformer, seeds_of_batch, alphas, batch_size, compute)
                for pixels in images:
                    yield f"{next(names)}.{image_format}", pixels
                bar.update(len(images))

        shard.add_all(made(), batch_size, compute.threads_for_images)
    files = [f"{folder.stem}.zip/{name}.{image_format}" for name in rows.image_id]
    write_manifest(rows.assign(file=files), folder.with_suffix(".csv"))


@torch.no_grad()
def clones_of(
    generator: Generator,
    transformer: Transformer,
    seeds: Sequence[Inverted],
    alphas: tuple[float, ...],
    batch_size: int,
    compute: Compute,
) -> np.ndarray:
    """The images of each of N seeds at every alpha, seed after seed, (N · alphas, H, W, 3) uint8."""
    z = truncation_of(generator) * torch.stack([seed.z for seed in seeds]).to(compute.device)
    y = torch.tensor([seed.class_id for seed in seeds], device=compute.device)
    steps = torch.tensor(alphas, device=compute.device)
    clones = torch.stack([transformer(z, y, alpha.expand(len(y))) for alpha in steps], dim=1)
    each = [clones.flatten(0, 1), y.repeat_interleave(len(alphas))]
    if residuals := [seed.residual for seed in seeds if seed.residual is not None]:
        each.append(
            truncation_of(generator) * torch.stack(residuals).to(compute.device).repeat_interleave(len(alphas), 0)
        )
    parts = zip(*(values.split(batch_size) for values in each), strict=True)
    with compute.autocast():
        return np.concatenate([to_pixels(generator(*part)) for part in parts])
