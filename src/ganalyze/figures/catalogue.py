"""The catalogue of all seeds of a study: the paper's "visual definition" (§1) in full."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.sequences import draw_block, image_sets_of
from ganalyze.images.image_sets import ImageSet

PER_PAGE = (14, 2)  # sequences down and across a page


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Iterator[Figure]:
    """All seeds of a study's test set, as pages."""
    ((label, images),) = image_sets_of(plan, results).items()
    return draw_catalogue(images, label)


def draw_catalogue(images: ImageSet, label: str) -> Iterator[Figure]:
    """All seeds of a test set, largest gain first, as pages of sequences: the paper's "visual definition" in full."""
    down, across = PER_PAGE
    seeds = images.gains().sort_values(ascending=False, kind="stable").index.to_list()
    for start in range(0, len(seeds), down * across):
        page = seeds[start : start + down * across]
        figure = plt.figure(figsize=(8.27, 11.69))  # A4
        figure.suptitle(f"{label}: seeds {start + 1}–{start + len(page)} of {len(seeds)}, by gain", fontsize=9, y=0.985)
        for column, part in enumerate(figure.subfigures(1, across, wspace=0.03, squeeze=False).flat):
            block = page[column * down : (column + 1) * down]
            if block:
                draw_block(part, images, block, label, down, top=0.93)
        yield figure
