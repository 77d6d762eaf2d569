"""What the report's explorer shows: some seeds of each study, moved through α by hand. No torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganalyze.images.image_sets import ImageSet, evenly_spaced
from ganalyze.report.findings import WORDS
from ganalyze.report.pictures import as_data_uri, side_by_side
from ganalyze.support.tables import read_table

TILE, THUMBNAIL = 256, 64  # pixels: larger images are reduced to this, so that the report stays a file one can send
SEEDS = 12  # a study's, where the run has made no strip that chooses them


def explorer_study(folder: Path) -> dict[str, Any]:
    """A study's seeds for the explorer. folder: results/<run>/<study>.

    alphas: of the pictures; measured: which of them the grid has, where there are scores. means: of the score, at the
    measured ones. factors: name → unit, low and high for a plot. seeds: id, class, scores and factors at the measured
    alphas, strip (a data URI: a tile an alpha). thumbnails: a data URI, the unmodified seeds side by side.
    """
    images = ImageSet.open(folder / "images/test.csv")
    between = folder / "images/strip.csv"
    strip = ImageSet.open(between) if between.is_file() else None
    every = images.manifest.seed_id.unique()
    seeds = list(strip.manifest.seed_id.unique() if strip else every[evenly_spaced(SEEDS, len(every))])
    grid = images.alphas
    alphas = sorted({*grid, *(strip.alphas if strip else ())})
    tile = min(TILE, len(images.image(images.manifest.image_id[0])))
    clones = images.manifest.merge(read_table(folder / "factors.csv"), on="image_id", how="left")
    factors = [factor for factor in WORDS if factor in clones and clones[factor].notna().any()]
    told = []
    for seed in seeds:
        own = clones[clones.seed_id == seed].sort_values("alpha")
        told.append(
            {
                "id": int(seed),
                "class": str(own.class_name.iloc[0]),
                "scores": _numbers(own.score),
                "factors": {factor: _numbers(own[factor]) for factor in factors},
                "strip": as_data_uri(side_by_side(_pictures(seed, alphas, images, strip), tile), quality=75),
            }
        )
    unmodified = [_pictures(seed, [0.0], images, None)[0] for seed in seeds]
    shown = clones[clones.seed_id.isin(seeds)]
    return {
        "alphas": alphas,
        "measured": [alphas.index(alpha) for alpha in grid],
        "tile": tile,
        "means": _numbers(read_table(folder / "scores.by_alpha.csv")["mean"]),
        "range": _numbers([shown.score.min(), shown.score.max()]),
        "factors": {factor: _numbers([shown[factor].min(), shown[factor].max()]) for factor in factors},
        "seeds": told,
        "thumbnails": as_data_uri(side_by_side(unmodified, THUMBNAIL)),
    }


def _pictures(seed: int, alphas: Sequence[float], images: ImageSet, strip: ImageSet | None) -> list[np.ndarray]:
    places: dict[float, tuple[ImageSet, str]] = {}
    for one in filter(None, (strip, images)):
        own = one.manifest[one.manifest.seed_id == seed]
        places |= {alpha: (one, name) for alpha, name in zip(own.alpha, own.image_id, strict=True)}
    return [places[alpha][0].image(places[alpha][1]) for alpha in alphas]


def _numbers(values: "pd.Series[float] | Sequence[float]") -> list[float | None]:
    return [None if pd.isna(value) else round(float(value), 4) for value in values]
