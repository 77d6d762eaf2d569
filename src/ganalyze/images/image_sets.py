"""The stored form of an image set: shards of PNG images and a manifest (paper §2.2, test set).

An image set is every *seed* (one z with its class y) at every alpha. It lies in two places:

    images/test.csv                the manifest, one row an image (`MANIFEST_COLUMNS`)
    images/test/shard-0000.zip     PNG or WebP images, `shards.SEEDS_PER_SHARD` seeds a shard

A shard is an uncompressed zip, so any viewer opens single images, and thousands of images are a few files for
DVC. The manifest's `file` is relative to the manifest and names the member after the shard:
`test/shard-0000.zip/test_00007_+0.2.png`. A `file` that is a plain image beside the manifest is read as well.

Everything here is deterministic: the same images give the same bytes.
"""

from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from ganalyze.images.reading import ImageReader, decode
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.intervals import normal_interval
from ganalyze.support.tables import read_table, write_table
from ganalyze.support.threads import map_ahead

MANIFEST_COLUMNS = ["image_id", "set", "seed_id", "class_id", "class_name", "z_index", "alpha", "file", "score"]


def image_id(set_name: str, seed_id: int, alpha: float) -> str:
    """The name of the clone of a seed at alpha, e.g. `test_00007_+0.2`."""
    return f"{set_name}_{seed_id:05d}_{alpha + 0.0:+g}"


def evenly_spaced(count: int, total: int) -> list[int]:
    """The places of `count` of `total` things in the middles of equal parts, or of all where there are fewer."""
    count = min(count, total)
    return [int((i + 0.5) * total / count) for i in range(count)]


def write_manifest(manifest: pd.DataFrame, path: Path | str) -> None:
    """Write a manifest as CSV, in whole or not at all."""
    write_table(manifest, path)


def read_manifest(path: Path | str) -> pd.DataFrame:
    """Read a manifest and check it.

    Raises GanalyzeError where the file is missing or empty, lacks a column, or names an image twice.
    """
    path = Path(path)
    if not path.is_file():
        raise GanalyzeError(f"manifest {path} not found: generate the image set first (ganalyze generate-images)")
    manifest = read_table(path)
    missing = [column for column in ("image_id", "file") if column not in manifest]
    if missing:
        raise GanalyzeError(f"manifest {path} lacks the column(s) {', '.join(missing)}")
    if manifest.empty:
        raise GanalyzeError(f"manifest {path} lists no images")
    twice = manifest.image_id[manifest.image_id.duplicated()]
    if len(twice):
        raise GanalyzeError(f"manifest {path} names {len(twice)} image(s) twice, first {twice.iloc[0]}")
    return manifest


class ImageSet:
    """An image set: its manifest, in order, and the folder that its files are relative to."""

    def __init__(self, manifest: pd.DataFrame, folder: Path | str, name: str = "images"):
        self.manifest = manifest.reset_index(drop=True)
        self.folder = Path(folder)
        self.name = name

    @classmethod
    def open(cls, path: Path | str) -> "ImageSet":
        """The image set of a manifest. Raises GanalyzeError where it is missing or no manifest (`read_manifest`)."""
        path = Path(path)
        return cls(read_manifest(path), path.parent, path.stem)

    def __len__(self) -> int:
        return len(self.manifest)

    @property
    def alphas(self) -> tuple[float, ...]:
        """The alphas of its images, ascending. Raises GanalyzeError where the manifest does not tell them."""
        if "alpha" not in self.manifest:
            raise GanalyzeError(f"the manifest of {self.name} lacks the column alpha")
        return tuple(sorted(self.manifest.alpha.unique()))

    def at(self, alphas: Collection[float]) -> "ImageSet":
        """Its images at some alphas. Raises GanalyzeError where there are none."""
        if not set(self.alphas) & set(alphas):
            raise GanalyzeError(f"the image set {self.name} has no image at alpha {', '.join(map(str, alphas))}")
        return ImageSet(self.manifest[self.manifest.alpha.isin(alphas)], self.folder, self.name)

    def images(self) -> Iterator[np.ndarray]:
        """Its images one after the other, each (H, W, 3) uint8."""
        with ImageReader(self.folder) as reader:
            yield from map(reader.read, self.manifest.file)

    def batches(
        self,
        batch_size: int,
        prepare: Callable[[str, np.ndarray], np.ndarray] | None = None,
        threads: int = 1,
    ) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
        """Rows of the manifest and their images (n, H, W, 3) uint8, n at most `batch_size`, in order: what a network is
        given at once. prepare: makes an image, whose file it is told, fit the others. threads: which read the next
        batch meanwhile.

        Raises GanalyzeError where the images of a batch are of several sizes.
        """

        def decoded(stored: tuple[str, bytes]) -> np.ndarray:
            file, content = stored
            image = decode(content, str(self.folder / file))
            return prepare(file, image) if prepare else image

        with ImageReader(self.folder) as reader:
            stored = ((file, reader.read_bytes(file)) for file in self.manifest.file)
            images = map_ahead(decoded, stored, batch_size, threads)
            for start in range(0, len(self), batch_size):
                rows = self.manifest.iloc[start : start + batch_size]
                batch = list(islice(images, len(rows)))
                if len({image.shape for image in batch}) > 1:
                    raise GanalyzeError(
                        f"the image set {self.name} has images of several sizes: take each size by itself"
                    )
                yield rows, np.stack(batch)

    @cached_property
    def _reader(self) -> ImageReader:
        return ImageReader(self.folder)

    @cached_property
    def _files(self) -> "pd.Series[str]":
        return self.manifest.set_index("image_id").file

    def image(self, name: str) -> np.ndarray:
        """The image (H, W, 3) uint8 of an image_id."""
        return self._reader.read(self._files[name])

    def mean_scores(self) -> pd.DataFrame:
        """Of a scored set, a row an alpha: alpha, n (seeds), mean, and its 95 % confidence interval over seeds, ci_low,
        ci_high."""
        by_alpha = self.manifest.groupby("alpha").score
        n, mean = by_alpha.count(), by_alpha.mean()
        low, high = normal_interval(mean, by_alpha.std() / n**0.5)
        return pd.DataFrame({"n": n, "mean": mean, "ci_low": low, "ci_high": high}).reset_index()

    def gains(self) -> pd.Series:
        """`gains` of a scored set."""
        return gains(self.manifest)


def gains(scores: pd.DataFrame) -> pd.Series:
    """Of scores (seed_id, alpha, score), per seed_id: the score at the largest α minus the score at the smallest."""
    table = scores.pivot(index="seed_id", columns="alpha", values="score")
    return table[table.columns.max()] - table[table.columns.min()]
