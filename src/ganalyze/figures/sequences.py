"""Sequences of images along α (paper Figs. 1, 4 and 9).

Which seeds a figure shows is decided by a rule, not by hand: seeds are ranked by their *gain*, the score at the
largest α minus the score at the smallest, and those at evenly spaced ranks are shown, from the largest gain to the
smallest. So a reader sees what the direction does at its best, as a rule, and at its worst.
"""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure, SubFigure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, GREY, PAGE_WIDTH, alpha_label, number
from ganalyze.images.image_sets import ImageSet, evenly_spaced

SCORE_HEIGHT = 0.15  # inches, of a line of scores


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """A block of sequences for each study."""
    return draw_sequences(image_sets_of(plan, results), plan.rows)


def image_sets_of(plan: FigurePlan, results: Path) -> dict[str, ImageSet]:
    """The scored test set of each study, by its name as people read it."""
    return {study.replace("_", " "): ImageSet.open(results / study / "images/test.csv") for study in plan.studies}


def choose_seeds(images: ImageSet, count: int) -> list[int]:
    """`count` seeds at evenly spaced ranks of the gain, largest first, of different classes where that is possible.

    With one seed to show it is the median one. At a rank whose class is shown already, the nearest rank of another
    class serves.
    """
    gains = images.gains().sort_values(ascending=False, kind="stable")
    class_of = images.manifest.groupby("seed_id").class_id.first()
    chosen: list[int] = []
    # Neither the very best nor the very worst seed stands for all.
    for rank in evenly_spaced(count, len(gains)):
        free = [i for i in range(len(gains)) if gains.index[i] not in chosen]
        used = {class_of[seed] for seed in chosen}
        of_new_class = [i for i in free if class_of[gains.index[i]] not in used]
        chosen.append(int(gains.index[min(of_new_class or free, key=lambda i: abs(i - rank))]))
    return sorted(chosen, key=list(gains.index).index)


def draw_sequences(sets: Mapping[str, ImageSet], rows: int) -> Figure:
    """A block of `rows` sequences for each study: a row a seed, a column an α, the seed itself framed, the score below
    each image. sets: by the property, which is the block's title."""
    blocks = len(sets)
    width = PAGE_WIDTH if blocks > 1 else 0.75 * PAGE_WIDTH
    columns = max(len(images.alphas) for images in sets.values())
    figure = plt.figure(figsize=(width, (width / blocks / columns + SCORE_HEIGHT) * rows + 0.5))
    parts = figure.subfigures(1, blocks, wspace=0.02, squeeze=False).flat
    for part, (title, images) in zip(parts, sets.items(), strict=True):
        draw_block(part, images, choose_seeds(images, rows), title)
    return figure


def draw_block(
    part: SubFigure,
    images: ImageSet,
    seeds: list[int],
    title: str,
    rows: int = 0,
    top: float | None = None,
) -> None:
    """Sequences of `seeds`, a row a seed with its number, a column an α, under a title. rows: to leave room for; top:
    of the images, a share of the height."""
    alphas = images.alphas
    clones = images.manifest.set_index(["seed_id", "alpha"])
    rows = rows or len(seeds)
    height = part.bbox.height / part.get_figure(root=True).dpi  # inches
    top = top or 1 - 0.42 / height
    room = SCORE_HEIGHT / height  # below each row, for its scores
    row_height = (top - 0.005) / rows
    grid = part.add_gridspec(
        rows,
        len(alphas),
        left=0.035,
        right=0.995,
        bottom=0.005 + room,
        top=top,
        wspace=0.03,
        hspace=room / (row_height - room),
    )
    for row, seed in enumerate(seeds):
        for column, alpha in enumerate(alphas):
            ax = part.add_subplot(grid[row, column])
            clone = clones.loc[(seed, alpha)]
            ax.imshow(images.image(clone.image_id), interpolation="bicubic")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(alpha == 0)  # the seed itself is framed
            ax.spines[:].set(color=BLUE, linewidth=1.6)
            ax.set_xlabel(number(clone.score), fontsize=6.5, labelpad=1.5)
            if column == 0:
                ax.set_ylabel(f"seed {seed}", fontsize=5.5, labelpad=2, color=GREY)
            if row == 0:
                ax.set_title(f"α = {alpha_label(alpha)}" if alpha == 0 else alpha_label(alpha), fontsize=7, pad=2)
    # Above the α values, which stand right above the grid.
    above = top + 0.2 / height
    part.text(0.5, above, f"← less    {title}    more →", ha="center", va="bottom", fontsize=8)
