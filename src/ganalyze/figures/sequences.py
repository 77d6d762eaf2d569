"""Sequences of images along α (paper Figs. 1, 4 and 9), and the catalogue of all seeds (paper §1).

Which seeds a figure shows is decided by a rule, not by hand: seeds are ranked by their *gain*, the score at the
largest α minus the score at the smallest, and those at evenly spaced ranks are shown, from the largest gain to the
smallest. So a reader sees what the direction does at its best, as a rule, and at its worst.
"""

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.style import BLUE, PAGE_WIDTH, alpha_label, number
from ganalyze.images.image_sets import gain
from ganalyze.images.reading import ImageReader

PER_PAGE = (14, 2)  # sequences down and across a page of the catalogue


def choose_seeds(manifest: pd.DataFrame, count: int) -> list[int]:
    """`count` seeds at evenly spaced ranks of the gain, largest first, of different classes where that is possible.

    With one seed to show it is the median one. At a rank whose class is shown already, the nearest rank of another
    class serves.
    """
    gains = gain(manifest).sort_values(ascending=False, kind="stable")
    class_of = manifest.groupby("seed_id").class_id.first()
    count = min(count, len(gains))
    # Middles of `count` equal parts of the ranking: neither the very best nor the very worst seed stands for all.
    ranks = [int((i + 0.5) * len(gains) / count) for i in range(count)]
    chosen: list[int] = []
    for rank in ranks:
        free = [i for i in range(len(gains)) if gains.index[i] not in chosen]
        used = {class_of[seed] for seed in chosen}
        of_new_class = [i for i in free if class_of[gains.index[i]] not in used]
        chosen.append(int(gains.index[min(of_new_class or free, key=lambda i: abs(i - rank))]))
    return sorted(chosen, key=list(gains.index).index)


def draw_sequences(manifests: dict[str, pd.DataFrame], readers: dict[str, ImageReader], rows: int) -> Figure:
    """A block of `rows` sequences for each study: a row a seed, a column an α, the seed itself in the middle column,
    the score in each top-left corner. Both dictionaries by the property, which is the block's title."""
    blocks = len(manifests)
    width = PAGE_WIDTH if blocks > 1 else 0.75 * PAGE_WIDTH
    columns = max(manifest.alpha.nunique() for manifest in manifests.values())
    figure = plt.figure(figsize=(width, width / blocks / columns * rows + 0.5))
    parts = np.atleast_1d(figure.subfigures(1, blocks, wspace=0.02))
    for part, (title, manifest) in zip(parts, manifests.items(), strict=True):
        _draw_block(part, manifest, readers[title], choose_seeds(manifest, rows), title)
    return figure


def choose_common_seed(manifests: dict[str, pd.DataFrame]) -> int:
    """The seed that is most ordinary in all studies: whose gain lies, over the studies, nearest the middle rank.

    Studies of a run share their seeds, so one seed can be followed along every direction (Fig. 10).
    """
    gains = pd.DataFrame({study: gain(manifest) for study, manifest in manifests.items()}).dropna()
    ranks = (gains.rank() - 0.5) / len(gains)
    return int((ranks - 0.5).abs().mean(axis=1).idxmin())


def draw_comparison(manifests: dict[str, pd.DataFrame], readers: dict[str, ImageReader]) -> Figure:
    """One seed along the direction of each study, a row a study, with the study's own α grid (Fig. 10)."""
    seed = choose_common_seed(manifests)
    columns = max(manifest.alpha.nunique() for manifest in manifests.values())
    width = PAGE_WIDTH * 0.75
    figure = plt.figure(figsize=(width, (width / columns + 0.42) * len(manifests)))
    parts = np.atleast_1d(figure.subfigures(len(manifests), 1, hspace=0))
    for part, (study, manifest) in zip(parts, manifests.items(), strict=True):
        _draw_block(part, manifest, readers[study], [seed], study)
    return figure


def draw_catalogue(manifest: pd.DataFrame, reader: ImageReader, label: str) -> Iterator[Figure]:
    """All seeds of a test set, largest gain first, as pages of sequences: the paper's "visual definition" in full."""
    down, across = PER_PAGE
    seeds = gain(manifest).sort_values(ascending=False, kind="stable").index.to_list()
    for start in range(0, len(seeds), down * across):
        page = seeds[start : start + down * across]
        figure = plt.figure(figsize=(8.27, 11.69))  # A4
        figure.suptitle(f"{label}: seeds {start + 1}–{start + len(page)} of {len(seeds)}, by gain", fontsize=9, y=0.985)
        for column, part in enumerate(figure.subfigures(1, across, wspace=0.03)):
            block = page[column * down : (column + 1) * down]
            if block:
                _draw_block(part, manifest, reader, block, label, down, top=0.93)
        yield figure


def _draw_block(
    part,
    manifest,
    reader,
    seeds: list[int],
    title: str,
    rows: int = 0,
    top: float | None = None,
) -> None:
    alphas = sorted(manifest.alpha.unique())
    images = manifest.set_index(["seed_id", "alpha"])
    rows = rows or len(seeds)
    height = part.bbox.height / part.get_figure(root=True).dpi  # inches
    top = top or 1 - 0.42 / height
    grid = part.add_gridspec(rows, len(alphas), left=0.01, right=0.99, bottom=0.005, top=top, wspace=0.03, hspace=0.03)
    for row, seed in enumerate(seeds):
        for column, alpha in enumerate(alphas):
            ax = part.add_subplot(grid[row, column])
            clone = images.loc[(seed, alpha)]
            ax.imshow(reader.read(clone.file), interpolation="bicubic")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(alpha == 0)  # the seed itself is framed
            ax.spines[:].set(color=BLUE, linewidth=1.6)
            box = {"facecolor": "black", "alpha": 0.6, "pad": 1.2, "linewidth": 0}
            ax.text(
                0.04,
                0.96,
                number(clone.score),
                transform=ax.transAxes,
                va="top",
                ha="left",
                color="white",
                fontsize=6.5,
                bbox=box,
            )
            if row == 0:
                ax.set_title(f"α = {alpha_label(alpha)}" if alpha == 0 else alpha_label(alpha), fontsize=7, pad=2)
    # Above the α values, which stand right above the grid.
    above = top + 0.2 / height
    part.text(0.5, above, f"← less    {title}    more →", ha="center", va="bottom", fontsize=8)
