"""The same seeds along the direction of each study (paper Fig. 10)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.sequences import SCORE_HEIGHT, draw_block, image_sets_of
from ganalyze.figures.style import PAGE_WIDTH
from ganalyze.images.image_sets import ImageSet


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """Three seeds along the direction of each study, a block a study."""
    return draw_comparison(image_sets_of(plan, results))


def choose_common_seeds(sets: Mapping[str, ImageSet]) -> list[int]:
    """Seeds that gain much, ordinarily and little over all studies: those whose rank of the gain, averaged over the
    studies, is nearest the upper quartile, the median and the lower quartile of these averages.

    Studies of a run share their seeds, so one seed can be followed along every direction (Fig. 10).
    """
    gains = pd.DataFrame({study: images.gains() for study, images in sets.items()}).dropna()
    ranks = gains.rank().mean(axis=1)
    chosen: list[int] = []
    for share in (0.75, 0.5, 0.25):
        distance = (ranks - ranks.quantile(share)).abs().drop(index=chosen)
        if len(distance):
            chosen.append(int(distance.idxmin()))
    return chosen


def draw_comparison(sets: Mapping[str, ImageSet]) -> Figure:
    """The same seeds along the direction of each study, a block a study, with the study's own α grid (Fig. 10)."""
    seeds = choose_common_seeds(sets)
    columns = max(len(images.alphas) for images in sets.values())
    width = PAGE_WIDTH * 0.6
    figure = plt.figure(figsize=(width, ((width / columns + SCORE_HEIGHT) * len(seeds) + 0.45) * len(sets)))
    parts = figure.subfigures(len(sets), 1, hspace=0, squeeze=False).flat
    for part, (study, images) in zip(parts, sets.items(), strict=True):
        draw_block(part, images, seeds, study)
    return figure
