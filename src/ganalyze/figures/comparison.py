"""One seed along the direction of each study (paper Fig. 10)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.sequences import draw_block, image_sets_of
from ganalyze.figures.style import PAGE_WIDTH
from ganalyze.images.image_sets import ImageSet


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """One seed along the direction of each study, a row a study."""
    return draw_comparison(image_sets_of(plan, results))


def choose_common_seed(sets: Mapping[str, ImageSet]) -> int:
    """The seed that is most ordinary in all studies: whose gain lies, over the studies, nearest the middle rank.

    Studies of a run share their seeds, so one seed can be followed along every direction (Fig. 10).
    """
    gains = pd.DataFrame({study: images.gains() for study, images in sets.items()}).dropna()
    ranks = (gains.rank() - 0.5) / len(gains)
    return int((ranks - 0.5).abs().mean(axis=1).idxmin())


def draw_comparison(sets: Mapping[str, ImageSet]) -> Figure:
    """One seed along the direction of each study, a row a study, with the study's own α grid (Fig. 10)."""
    seed = choose_common_seed(sets)
    columns = max(len(images.alphas) for images in sets.values())
    width = PAGE_WIDTH * 0.75
    figure = plt.figure(figsize=(width, (width / columns + 0.42) * len(sets)))
    parts = figure.subfigures(len(sets), 1, hspace=0, squeeze=False).flat
    for part, (study, images) in zip(parts, sets.items(), strict=True):
        draw_block(part, images, [seed], study)
    return figure
