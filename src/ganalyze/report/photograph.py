"""The report of one photograph, moved along every direction of a run: a page that opens offline, strips and films. No
torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from PIL import Image

from ganalyze.figures.style import alpha_label, number
from ganalyze.images.image_sets import ImageSet
from ganalyze.images.notes import save_gif, save_png
from ganalyze.images.reading import ImageReader
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.generators import GENERATORS
from ganalyze.report.pictures import as_data_uri, picture
from ganalyze.report.template import render
from ganalyze.support.files import written_whole
from ganalyze.support.tables import read_table

TILE = 192  # pixels, of a picture on the page
SHOWN = 5  # pictures a direction
_DIFFERENCE = 0.35  # of the range of values: what a difference map shows as its brightest


def report_photograph(folder: Path, assessors: Mapping[str, str], generator: str) -> None:
    """Write report.html and, for each study, STUDY.png and STUDY.gif into `folder`, which holds what
    scripts/invert_image.py and scripts/move_photograph.py wrote. assessors: names, by study.

    Raises GanalyzeError where something of it is missing.
    """
    photograph, reconstruction = map(ImageReader(folder).read, ("photograph.png", "reconstruction.png"))
    quality = read_table(folder / "inverted.csv").iloc[0]
    studies = [_study(folder, study, assessor, reconstruction) for study, assessor in assessors.items()]
    page = render(
        "photograph.html.j2",
        name=folder.name,
        photograph=picture(photograph, 2 * TILE),
        reconstruction=picture(reconstruction, 2 * TILE),
        difference=difference_map(photograph, reconstruction),
        quality=quality,
        studies=studies,
        generator=GENERATORS[generator],
    )
    with written_whole(folder / "report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")


def _study(folder: Path, study: str, assessor: str, reconstruction: np.ndarray) -> dict[str, Any]:
    images = ImageSet.open(folder / f"{study}.csv")
    card = ASSESSORS[assessor]
    clones = images.manifest.dropna(subset="alpha").sort_values("alpha")
    frames = [images.image(name) for name in clones.image_id]
    save_gif(frames, folder / f"{study}.gif")
    every = np.linspace(0, len(clones) - 1, SHOWN).round().astype(int)
    save_png(np.concatenate([frames[i] for i in every], axis=1), folder / f"{study}.png")
    tiles = [
        {
            "alpha": alpha_label(clone.alpha),
            "score": number(clone.score),
            "data": picture(frames[i], TILE),
            "difference": difference_map(frames[i], reconstruction),
            "seed": clone.alpha == 0,
        }
        for i, clone in zip(every, clones.iloc[every].itertuples(), strict=True)
    ]
    own = images.manifest[images.manifest.alpha.isna()].score.iloc[0]
    least, most = clones.score.iloc[0], clones.score.iloc[-1]
    return {
        "name": study,
        "title": study.replace("_", " "),
        "card": card,
        "label": card.title.partition(" (")[0],
        "tiles": tiles,
        "photograph": number(own),
        "told": f"from {number(least)} at the smallest α to {number(most)} at the largest",
        "rises": bool(most > least),
    }


def difference_map(one: np.ndarray, other: np.ndarray) -> str:
    """Where two images (H, W, 3) uint8 differ, dark to bright, as a data URI."""
    difference = np.abs(one.astype(float) - other).mean(axis=2) / 255 / _DIFFERENCE
    colours = colormaps["cividis"](difference.clip(0, 1))[..., :3]
    image = Image.fromarray((colours * 255).round().astype(np.uint8))
    return as_data_uri(image.resize((TILE, TILE), Image.Resampling.LANCZOS))
