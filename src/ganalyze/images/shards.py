"""Shards: zips of PNG images, and how an image set is put together from chunks that were made apart."""

import io
import shutil
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
import pandas as pd
from PIL import Image

from ganalyze.images.image_sets import MANIFEST_COLUMNS, read_manifest, write_manifest
from ganalyze.images.reading import ImageReader
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole

SEEDS_PER_SHARD = 100


class Shard:
    """A zip of PNG images open for writing; use as a context manager. Appears whole or not at all."""

    def __init__(self, path: Path | str):
        self._stack = ExitStack()
        self._path = path

    def __enter__(self) -> "Shard":
        temporary = self._stack.enter_context(written_whole(self._path))
        self._zip = self._stack.enter_context(zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._stack.__exit__(kind, error, trace)

    def add(self, name: str, pixels: np.ndarray) -> None:
        """Store `pixels`, (H, W, 3) uint8, as the PNG `name`."""
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, format="PNG")
        self.add_bytes(name, buffer.getvalue())

    def add_bytes(self, name: str, data: bytes) -> None:
        """Store an image that is PNG already."""
        # A ZipInfo has the zip format's earliest date: no clock in the bytes.
        self._zip.writestr(zipfile.ZipInfo(name), data)


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
