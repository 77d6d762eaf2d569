"""The stored form of an image set: shards of PNG images and a manifest (paper §2.2, test set).

An image set is every *seed* (one z with its class y) at every alpha. It lies in two places:

    images/test.csv                the manifest, one row an image (`MANIFEST_COLUMNS`)
    images/test/shard-0000.zip     PNG images, `SEEDS_PER_SHARD` seeds a shard

A shard is an uncompressed zip, so any viewer opens single images, and thousands of images are a few files for
DVC. The manifest's `file` is relative to the manifest and names the member after the shard:
`test/shard-0000.zip/test_00007_+0.2.png`. A `file` that is a plain PNG beside the manifest is read as well.

Everything here is deterministic: the same images give the same bytes.
"""

import io
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from ganalyze.images.reading import ImageReader
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole
from ganalyze.support.tables import read_table, write_table

MANIFEST_COLUMNS = ["image_id", "set", "seed_id", "class_id", "class_name", "z_index", "alpha", "file", "score"]
SEEDS_PER_SHARD = 100


def image_id(set_name: str, seed_id: int, alpha: float) -> str:
    """The name of the clone of a seed at alpha, e.g. `test_00007_+0.2`."""
    return f"{set_name}_{seed_id:05d}_{alpha + 0.0:+g}"


class Shard:
    """A zip of PNG images open for writing; use as a context manager. Appears whole or not at all."""

    def __init__(self, path: Path | str):
        self._stack = ExitStack()
        self._path = path

    def __enter__(self) -> "Shard":
        temporary = self._stack.enter_context(written_whole(self._path))
        self._zip = self._stack.enter_context(zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED))
        return self

    def __exit__(self, *exc) -> bool | None:
        return self._stack.__exit__(*exc)

    def add(self, name: str, pixels: np.ndarray) -> None:
        """Store `pixels`, (H, W, 3) uint8, as the PNG `name`."""
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, format="PNG")
        self.add_bytes(name, buffer.getvalue())

    def add_bytes(self, name: str, data: bytes) -> None:
        """Store an image that is PNG already."""
        # A ZipInfo has the zip format's earliest date: no clock in the bytes.
        self._zip.writestr(zipfile.ZipInfo(name), data)


def write_manifest(manifest: pd.DataFrame, path: Path | str) -> None:
    """Write a manifest as CSV, in whole or not at all."""
    write_table(manifest, path)


def read_manifest(path: Path | str) -> pd.DataFrame:
    """Read a manifest and check it.

    Raises GanalyzeError where the file is missing or empty, lacks a column, or names an image twice.
    """
    path = Path(path)
    if not path.is_file():
        raise GanalyzeError(f"manifest {path} not found: generate the image set first (scripts/generate_images.py)")
    manifest = read_table(path, dtype={"image_id": str})
    missing = [column for column in ("image_id", "file") if column not in manifest]
    if missing:
        raise GanalyzeError(f"manifest {path} lacks the column(s) {', '.join(missing)}")
    if manifest.empty:
        raise GanalyzeError(f"manifest {path} lists no images")
    twice = manifest.image_id[manifest.image_id.duplicated()]
    if len(twice):
        raise GanalyzeError(f"manifest {path} names {len(twice)} image(s) twice, first {twice.iloc[0]}")
    return manifest


def gain(manifest: pd.DataFrame) -> pd.Series:
    """Of a scored set, per seed_id: the score at the largest α minus the score at the smallest."""
    table = manifest.pivot(index="seed_id", columns="alpha", values="score")
    return table[table.columns.max()] - table[table.columns.min()]


def seeds_per_batch(batch_size: int, alphas: int) -> int:
    """How many whole seeds the networks see at once, for at most `batch_size` images; at least one."""
    return max(1, batch_size // alphas)


def iterate_images(manifest_path: Path | str, files: Sequence[str]) -> Iterator[np.ndarray]:
    """Yield the images of a manifest one after the other, (H, W, 3) uint8."""
    with ImageReader(Path(manifest_path).parent) as reader:
        for file in files:
            yield reader.read(file)


def gather(parts: Sequence[Path | str], folder: Path | str, manifest_path: Path | str) -> None:
    """Join the manifests of separately made chunks, and their images, into one image set.

    The shards' contents depend on the seeds alone, so the set is the same, byte for byte, however many chunks
    it was made in. `folder` is replaced as a whole.
    """
    folder, manifest_path = Path(folder), Path(manifest_path)
    pieces = [read_manifest(part).assign(_part=str(part)) for part in parts]
    manifest = pd.concat(pieces).sort_values(["seed_id", "alpha"], ignore_index=True)
    twice = manifest[manifest.image_id.duplicated()]
    if len(twice):
        raise GanalyzeError(f"{twice.image_id.iloc[0]} is in more than one chunk: remove {folder} and generate again")

    shard = manifest.seed_id // SEEDS_PER_SHARD
    building = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(building, ignore_errors=True)
    files = pd.Series(index=manifest.index, dtype=str)
    with ExitStack() as stack:
        readers = {part: stack.enter_context(ImageReader(Path(part).parent)) for part in map(str, parts)}
        for number, rows in manifest.groupby(shard):
            name = f"shard-{number:04d}.zip"
            with Shard(building / name) as out:
                for row in rows.itertuples():
                    out.add_bytes(f"{row.image_id}.png", readers[manifest.at[row.Index, "_part"]].read_bytes(row.file))
                    files[row.Index] = f"{folder.name}/{name}/{row.image_id}.png"
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)
    write_manifest(manifest.assign(file=files)[[c for c in MANIFEST_COLUMNS if c in manifest]], manifest_path)
