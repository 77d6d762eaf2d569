"""The images of an experiment under names that tell nothing, and a track as the page is told of it.

An image_id says which seed and alpha it is, and whether it is a photograph: what participants must not know. The page
is given names made by a keyed hash instead.

Photographs are shown in the shape of the generated images beside them, so that neither shape nor sharpness tells them
apart: cropped to it centrally, and made smaller; never squeezed, never made larger.
"""

import hashlib
import hmac
import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from PIL import ExifTags, Image, ImageOps

from ganalyze.experiments.tracks import COLUMNS
from ganalyze.images.image_sets import read_manifest
from ganalyze.images.reading import ImageReader, decode, split_file
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.tables import read_table


class Stimuli:
    """Images by their opaque names. Raises GanalyzeError where a manifest cannot be read, the images it lists are not
    there, or an image is in two."""

    def __init__(self, manifests: Iterable[Path], key: bytes):
        self._places: dict[str, tuple[Path, str]] = {}
        self._names: dict[str, str] = {}
        self._photographs: set[str] = set()
        self._size = (0, 0)  # (width, height) of what stands beside a photograph
        for path in manifests:
            manifest = read_manifest(path)
            for file in dict.fromkeys(split_file(file)[0] for file in manifest.file):
                if not (Path(path).parent / file).is_file():
                    raise GanalyzeError(
                        f"{Path(path).parent / file}, of manifest {path}, not found: generate the "
                        "images again (docs/experiments.md)"
                    )
            for image_id, file in zip(manifest.image_id, manifest.file, strict=True):
                if image_id in self._names:
                    raise GanalyzeError(f"image {image_id} of {path} is in another manifest too")
                name = hmac.new(key, f"image\0{image_id}".encode(), hashlib.sha256).hexdigest()[:24]
                self._names[image_id] = name
                self._places[name] = (Path(path).parent, file)

    def check_has(self, tracks: pd.DataFrame) -> None:
        """Raise GanalyzeError unless every image of the tracks is in a manifest, and no photograph smaller than the
        generated images. From then on photographs are read in their size."""
        shown = pd.concat([tracks.image_id, tracks.foil_image_id.dropna()]).unique()
        if missing := [name for name in shown if name not in self._names]:
            what = "photographs: give their manifest with --manifests" if missing[0].startswith("real_") else "images"
            raise GanalyzeError(f"{len(missing)} of the tracks' images are in no manifest, first {missing[0]} ({what})")
        foils = tracks.foil_image_id.dropna().unique()
        if not len(foils):
            return
        self._size = width, height = self._size_of(tracks.image_id.iloc[0])
        for foil in foils:
            got = self._size_of(foil)
            if got[0] < width or got[1] < height:
                raise GanalyzeError(
                    f"photograph {foil} has {got[0]} × {got[1]} pixels, the generated images {width} × {height}: give "
                    "one that is as large at least, since an enlarged one would be told by its blur"
                )
            self._photographs.add(self._names[foil])

    def _size_of(self, image_id: str) -> tuple[int, int]:
        """Width and height of an image, upright."""
        folder, file = self._places[self._names[image_id]]
        with ImageReader(folder) as reader:
            content = reader.read_bytes(file)
        try:
            with Image.open(io.BytesIO(content)) as image:
                lies = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
                return image.size[::-1] if lies else image.size
        except OSError:
            height, width, _ = decode(content, str(folder / file)).shape  # says what is wrong with it
            return width, height

    def name(self, image_id: str) -> str:
        """The opaque name of an image."""
        return self._names[image_id]

    def read(self, name: str) -> bytes | None:
        """The PNG of this opaque name: of a generated image the same pixels however they are stored, of a photograph
        the largest part from its middle, in the generated images' size. None where there is none."""
        if name not in self._places:
            return None
        folder, file = self._places[name]
        with ImageReader(folder) as reader:
            if name not in self._photographs and file.endswith(".png"):
                return reader.read_bytes(file)
            image = Image.fromarray(reader.read(file))
        if name in self._photographs:
            image = ImageOps.fit(image, self._size)
        buffer = io.BytesIO()
        image.save(buffer, "png")
        return buffer.getvalue()


def read_tracks(path: Path | str) -> tuple[pd.DataFrame, str]:
    """A track table and the hash of its file. Raises GanalyzeError where it is missing or no track table."""
    try:
        data = Path(path).read_bytes()
        tracks = read_table(path)
    except FileNotFoundError:
        raise GanalyzeError(f"track table {path} not found: prepare it first (ganalyze build-tracks)") from None
    if missing := [name for name in COLUMNS if name not in tracks]:
        raise GanalyzeError(f"{path} is no track table: it lacks the column(s) {', '.join(missing)}")
    return tracks.astype({"lag": "Int64"}), hashlib.sha256(data).hexdigest()


def for_page(trials: pd.DataFrame, stimuli: Stimuli) -> list[dict]:
    """What the page is told of a track's trials, in order: images, and what it needs for feedback, no more."""
    shown = []
    for trial in trials.itertuples():
        image = stimuli.name(trial.image_id)
        if isinstance(trial.fake_side, str):
            foil = stimuli.name(trial.foil_image_id)
            left, right = (image, foil) if trial.fake_side == "left" else (foil, image)
            practice = trial.phase == "practice"
            shown.append(
                {
                    "left": left,
                    "right": right,
                    "practice": practice,
                    **({"answer": trial.fake_side} if practice else {}),
                }
            )
        else:
            shown.append({"image": image, "repeat": bool(trial.is_repeat)})
    return shown
