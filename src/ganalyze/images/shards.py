"""Shards: zips of images, and how an image set is put together from chunks that were made apart."""

import io
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Literal

import numpy as np
import pandas as pd
from PIL import Image

from ganalyze.images.image_sets import MANIFEST_COLUMNS, read_manifest, write_manifest
from ganalyze.images.reading import ImageReader
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole
from ganalyze.support.threads import map_ahead

SEEDS_PER_SHARD = 100
# png is lossless. webp takes an eighth of the room, and what is measured are the stored images, whichever it is.
ImageFormat = Literal["png", "webp"]
_OPTIONS: dict[str, dict[str, Any]] = {"png": {}, "webp": {"quality": 90, "method": 4}}


def place_in_set(set_name: str, seed_id: int, image: str, image_format: str) -> str:
    """Where an image set has the image of an image_id, as its manifest's `file` says."""
    return f"{set_name}/shard-{seed_id // SEEDS_PER_SHARD:04d}.zip/{image}.{image_format}"


class Shard:
    """A zip of images open for writing; use as a context manager. Appears whole or not at all."""

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
        """Store `pixels`, (H, W, 3) uint8, under `name`, whose suffix says in which `ImageFormat`."""
        self.add_bytes(*_encoded((name, pixels)))

    def add_all(self, images: Iterable[tuple[str, np.ndarray]], ahead: int, threads: int = 1) -> None:
        """`add` names and pixels one after the other. They are encoded beside what makes them, at most `ahead` of them
        waiting (`map_ahead`)."""
        for name, data in map_ahead(_encoded, images, ahead, threads):
            self.add_bytes(name, data)

    def add_bytes(self, name: str, data: bytes) -> None:
        """Store an image that is encoded already."""
        # A ZipInfo has the zip format's earliest date: no clock in the bytes.
        self._zip.writestr(zipfile.ZipInfo(name), data)


def _encoded(image: tuple[str, np.ndarray]) -> tuple[str, bytes]:
    name, pixels = image
    buffer = io.BytesIO()
    image_format = PurePosixPath(name).suffix[1:]
    Image.fromarray(pixels).save(buffer, image_format, **_OPTIONS[image_format])
    return name, buffer.getvalue()


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

    building = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(building, ignore_errors=True)
    places = [
        place_in_set(folder.name, row.seed_id, row.image_id, PurePosixPath(row.file).suffix[1:])
        for row in manifest.itertuples()
    ]
    with ExitStack() as stack:
        readers = {part: stack.enter_context(ImageReader(Path(part).parent)) for part in map(str, parts)}
        for shard, rows in manifest.assign(place=places).groupby(lambda index: PurePosixPath(places[index]).parts[1]):
            with Shard(building / shard) as out:
                for row in rows.itertuples():
                    data = readers[manifest.at[row.Index, "_part"]].read_bytes(row.file)
                    out.add_bytes(PurePosixPath(row.place).name, data)
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)
    write_manifest(manifest.assign(file=places)[[c for c in MANIFEST_COLUMNS if c in manifest]], manifest_path)
