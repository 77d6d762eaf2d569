"""How steep the score is along random directions of the same length (no figure of the paper)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, GREY, PAGE_WIDTH, number
from ganalyze.support.tables import read_table


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """One row a study from `null_directions.csv`."""
    return draw_null_directions({study: read_table(results / study / "null_directions.csv") for study in plan.studies})


def draw_null_directions(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Slopes of random directions (a cloud) and of the learnt one, a row a study, as shares of the learnt one's, since
    studies score on scales of their own."""
    figure, ax = plt.subplots(figsize=(PAGE_WIDTH * 0.8, 0.7 + 0.42 * len(tables)), layout="constrained")
    for row, table in enumerate(tables.values()):
        learnt = table.slope[0]
        null = table.slope[1:] / learnt
        # Spread by rank, so that all are seen and the same table gives the same picture.
        height = (np.argsort(np.argsort(null.to_numpy())) % 5 - 2) * 0.08
        first = row == 0
        ax.plot(null, row + height, "o", color=GREY, markersize=3, label="random directions" if first else None)
        ax.plot(1, row, "D", color=BLUE, markersize=6, label="the learnt direction" if first else None)
        ax.annotate(number(learnt), (1, row), (8, 0), textcoords="offset points", va="center", fontsize=7)
    ax.axvline(0, color=GREY, linewidth=0.6)
    ax.set_yticks(range(len(tables)), [study.replace("_", " ") for study in tables])
    ax.set_ylim(len(tables) - 0.5, -0.5)
    ax.set_xlabel("slope of the score on α, as a share of the learnt direction's (beside it, in the score's own units)")
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure
