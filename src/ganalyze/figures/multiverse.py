"""The slope of the score by several analyses of the same scores (no figure of the paper)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, GREY, ORANGE, PAGE_WIDTH
from ganalyze.support.tables import read_table

COLUMNS = 3


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """A panel a study from `robustness.csv`."""
    return draw_multiverse({study: read_table(results / study / "robustness.csv") for study in plan.studies})


def draw_multiverse(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """The slope of the score on α with its 95 % interval under each analysis, a panel a study, each on the scale of its
    own score: the paper's (a blue diamond, and the dotted line), others orange circles."""
    columns = min(COLUMNS, len(tables))
    rows = -(-len(tables) // columns)
    width = PAGE_WIDTH if columns > 1 else 0.7 * PAGE_WIDTH
    figure, axes = plt.subplots(
        rows, columns, figsize=(width, 1.7 * rows + 0.4), layout="constrained", sharey=True, squeeze=False
    )
    for ax in axes.flat[len(tables) :]:
        ax.set_axis_off()
    for ax, (study, table) in zip(axes.flat, tables.items(), strict=False):
        for place, row in table.iterrows():
            color, marker = (BLUE, "D") if place == 0 else (ORANGE, "o")
            ax.plot([row.ci_low, row.ci_high], [place, place], color=color, linewidth=1.4)
            ax.plot(row.estimate, place, marker, color=color, markersize=4)
        ax.axvline(table.estimate[0], color=BLUE, linewidth=0.7, linestyle=":")
        ax.axvline(0, color=GREY, linewidth=0.6)
        ax.set_yticks(range(len(table)), table.analysis, fontsize=6.5)
        ax.set_ylim(len(table) - 0.4, -0.6)
        rises = table.note.iloc[-1]
        ax.set_title(f"{study.replace('_', ' ')}\n{rises}", loc="left", fontsize=7.5)
        ax.tick_params(axis="x", labelsize=6.5)
    figure.suptitle("The slope of the score, asked in five ways", fontsize=8.5, x=0.01, ha="left")
    figure.supxlabel("slope of the score on α, in the score's own units", fontsize=7.5)
    return figure
