"""Every image that is read comes through here: out of a shard or as a file of its own, as RGB."""

import contextlib
import io
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ganalyze.support.errors import GanalyzeError

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
MOST_PIXELS = 100_000_000


def images_in(folder: Path | str) -> dict[str, str]:
    """The images of a folder that end as `EXTENSIONS` have it, by their names without the ending, sorted: their files.

    Hidden files are none of them: macOS lays one beside each image. Raises GanalyzeError where the folder is missing,
    holds no image, or two of one name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise GanalyzeError(f"folder {folder} not found")
    names = sorted(path.name for path in folder.glob("[!.]*") if path.suffix.lower() in EXTENSIONS)
    if not names:
        raise GanalyzeError(f"folder {folder} holds no images: files that end in {', '.join(EXTENSIONS)} count")
    files = {Path(name).stem: name for name in names}
    if len(files) < len(names):
        twice = next(name for name in names if files[Path(name).stem] != name)
        raise GanalyzeError(
            f"folder {folder}: {twice} and {files[Path(twice).stem]} differ in their ending only: rename one"
        )
    return files


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
        """The image as (H, W, 3) uint8 RGB (`decode`). Raises GanalyzeError where it is no readable image."""
        return decode(self.read_bytes(file), str(self._folder / file))


def decode(content: bytes, name: str) -> np.ndarray:
    """The image in a file's bytes, as (H, W, 3) uint8 sRGB, upright; `name` is what errors call it.

    Turned as its EXIF note says; of 16 bits the upper 8; brought to sRGB from the colour profile it carries; what is
    transparent is laid on white. Of several frames the first. Raises GanalyzeError where it is no JPEG, PNG, WebP, TIFF
    or BMP image, broken, of a kind that cannot be shown (floating point), or has more than `MOST_PIXELS`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            return np.asarray(_as_rgb(ImageOps.exif_transpose(image), name))
    except Image.DecompressionBombError:
        raise GanalyzeError(f"{name} has more than {MOST_PIXELS / 1e6:g} million pixels: make it smaller") from None
    except UnidentifiedImageError:
        raise GanalyzeError(f"{name} is not a readable image: {', '.join(FORMATS)} can be read") from None
    except GanalyzeError:
        raise
    except Exception as error:  # a broken file can fail in any way
        raise GanalyzeError(f"{name} is not a readable image: {error}") from None


def _as_rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).clip(0, 65535) // 256).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise GanalyzeError(
            f"{name} holds floating-point values, which have no stated range: store it with 8 or 16 bits"
        )
    profile = image.info.get("icc_profile")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if profile and image.mode in ("RGB", "RGBA", "L", "CMYK"):
        given = image.convert("RGB") if image.mode == "RGBA" else image
        # A profile that cannot be used says nothing; then the values are taken for sRGB, as viewers do.
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(given, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if converted is not None:
                return converted
    return image.convert("RGB")
