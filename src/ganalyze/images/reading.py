"""Every image that is read comes through here: out of a shard or as a file of its own, as RGB."""

import io
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, UnidentifiedImageError

from ganalyze.support.errors import GanalyzeError


def split_file(file: str) -> tuple[str, str | None]:
    """Split a manifest's `file` into the path on disk and the member inside it (None for a plain file)."""
    parts = PurePosixPath(file).parts
    for index, part in enumerate(parts[:-1]):
        if part.endswith(".zip"):
            return str(PurePosixPath(*parts[: index + 1])), str(PurePosixPath(*parts[index + 1 :]))
    return file, None


class ImageReader:
    """Opens the images of a manifest by their `file`; keeps the current shard open. A context manager."""

    def __init__(self, folder: Path | str):
        self._folder = Path(folder)
        self._shard_path: str | None = None
        self._shard: zipfile.ZipFile | None = None

    def __enter__(self) -> "ImageReader":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._shard:
            self._shard.close()

    def read_bytes(self, file: str) -> bytes:
        """The stored file itself. Raises GanalyzeError where shard or member is missing or broken."""
        path, member = split_file(file)
        if member is None:
            try:
                return (self._folder / path).read_bytes()
            except FileNotFoundError:
                raise GanalyzeError(f"image {self._folder / path} not found") from None
        try:
            return self._open(path).read(member)
        except FileNotFoundError:
            raise GanalyzeError(f"shard {self._folder / path} not found: generate the image set again") from None
        except (KeyError, zipfile.BadZipFile) as error:
            raise GanalyzeError(f"cannot read {member} from {self._folder / path}: {error}") from None

    def _open(self, path: str) -> zipfile.ZipFile:
        if self._shard is None or path != self._shard_path:
            if self._shard:
                self._shard.close()
            self._shard_path, self._shard = None, zipfile.ZipFile(self._folder / path)
            self._shard_path = path
        return self._shard

    def read(self, file: str) -> np.ndarray:
        """The image as (H, W, 3) uint8 RGB. Raises GanalyzeError where it is no readable image."""
        try:
            with Image.open(io.BytesIO(self.read_bytes(file))) as image:
                return np.asarray(image.convert("RGB"))
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise GanalyzeError(f"{self._folder / file} is not a readable image: {error}") from None
