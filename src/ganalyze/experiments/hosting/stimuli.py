"""The images of an experiment under names that tell nothing, and a track as the page is told of it.

An image_id says which seed and alpha it is, and whether it is a photograph: what participants must not know. The page
is given names made by a keyed hash instead.
"""

import hashlib
import hmac
import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from PIL import Image

from ganalyze.experiments.tracks import COLUMNS
from ganalyze.images.image_sets import read_manifest
from ganalyze.images.reading import ImageReader, split_file
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.tables import read_table


class Stimuli:
    """Images by their opaque names. Raises GanalyzeError where a manifest cannot be read, the images it lists are not
    there, or an image is in two."""

    def __init__(self, manifests: Iterable[Path], key: bytes):
        self._places: dict[str, tuple[Path, str]] = {}
        self._names: dict[str, str] = {}
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
        """Raise GanalyzeError unless every image of the tracks is in a manifest."""
        shown = pd.concat([tracks.image_id, tracks.foil_image_id.dropna()]).unique()
        if missing := [name for name in shown if name not in self._names]:
            what = "photographs: give their manifest with --manifests" if missing[0].startswith("real_") else "images"
            raise GanalyzeError(f"{len(missing)} of the tracks' images are in no manifest, first {missing[0]} ({what})")

    def name(self, image_id: str) -> str:
        """The opaque name of an image."""
        return self._names[image_id]

    def read(self, name: str) -> bytes | None:
        """The PNG of this opaque name, the same pixels however they are stored; None where there is none."""
        if name not in self._places:
            return None
        folder, file = self._places[name]
        with ImageReader(folder) as reader:
            if file.endswith(".png"):
                return reader.read_bytes(file)
            buffer = io.BytesIO()
            Image.fromarray(reader.read(file)).save(buffer, "png")
            return buffer.getvalue()


def read_tracks(path: Path | str) -> tuple[pd.DataFrame, str]:
    """A track table and the hash of its file. Raises GanalyzeError where it is missing or no track table."""
    try:
        data = Path(path).read_bytes()
        tracks = read_table(path)
    except FileNotFoundError:
        raise GanalyzeError(f"track table {path} not found: prepare it first (scripts/build_tracks.py)") from None
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
