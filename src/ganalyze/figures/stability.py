"""Whether another training finds the same direction, and how the slope grows with the samples seen (no figure of the
paper)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, GREY, ORANGE, PAGE_WIDTH, SERIES
from ganalyze.support.tables import read_table


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """Of each study `along_training.csv`, `replicates.csv` and `replicates.cosines.csv`."""
    names = ("along_training", "replicates", "replicates.cosines")
    return draw_stability(
        {study: [read_table(results / study / f"{name}.csv") for name in names] for study in plan.studies}
    )


def draw_stability(tables: Mapping[str, list[pd.DataFrame]]) -> Figure:
    """Left, the slope on the way of a training, by samples seen, a line a study, as shares of its last; middle, the
    slopes of further trainings, as shares of the study's own; right, cosines of each two trainings, with the range that
    95 % of random directions keep to. tables: of each study, in this order: along_training, slopes, cosines."""
    figure, (left, middle, right) = plt.subplots(
        1, 3, figsize=(PAGE_WIDTH, 1.5 + 0.35 * len(tables)), layout="constrained", width_ratios=(1.3, 1, 1)
    )
    for row, ((study, (way, slopes, cosines)), (color, marker)) in enumerate(zip(tables.items(), SERIES, strict=False)):
        label = study.replace("_", " ")
        left.plot(way.samples, way.share, color=color, marker=marker, markersize=4, label=label)
        middle.plot(slopes.slope[1:] / slopes.slope[0], [row] * (len(slopes) - 1), "o", color=ORANGE, markersize=4)
        middle.plot(1, row, "D", color=BLUE, markersize=5)
        right.plot(cosines.cosine, [row] * len(cosines), "o", color=BLUE, markersize=4)
        bound = cosines.random_95.iloc[0]
        right.fill_betweenx([row - 0.3, row + 0.3], -bound, bound, color=GREY, alpha=0.25, linewidth=0)
    left.set_xscale("log", base=2)
    ticks = sorted({int(samples) for way, *_ in tables.values() for samples in way.samples})
    crowded = {low for low, high in zip(ticks, ticks[1:], strict=False) if high < 1.4 * low}
    left.set_xticks(ticks, ["" if tick in crowded else str(tick) for tick in ticks])
    left.minorticks_off()
    left.set_ylim(bottom=min(0, *left.get_ylim()))
    left.axhline(1, color=GREY, linewidth=0.6, linestyle=":")
    left.set_xlabel("samples seen in training")
    left.set_ylabel("slope, as a share of the last")
    left.legend(frameon=False)
    names = [study.replace("_", " ") for study in tables]
    for ax, ticks_shown in ((middle, names), (right, [""] * len(names))):
        ax.set_yticks(range(len(names)), ticks_shown)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.axvline(0, color=GREY, linewidth=0.6)
    middle.set_xlabel("slope of further trainings (circles),\nas a share of the study's own")
    right.set_xlim(min(-0.3, right.get_xlim()[0]), 1.02)
    right.set_xlabel("cosine of each two trainings\n(grey: random directions)")
    return figure
