"""How much of what is remembered goes along with each image factor (no figure of the paper)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, GREY, ORANGE, PAGE_WIDTH, mark_simulated, titled
from ganalyze.support.tables import read_table

LABELS = {"all": "all factors together", "alpha": "α alone"}


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """A row a factor from `tables/hits_explained.csv`."""
    return draw_hits_explained(read_table(results / "tables/hits_explained.csv"))


def draw_hits_explained(table: pd.DataFrame) -> Figure:
    """Shares of the variance of hits within seeds with their 95 % intervals: circles are factors, diamonds all of them
    together and α; a dotted tick is what chance alone would give. Of simulated observers, the figure says so."""
    figure, ax = plt.subplots(figsize=(PAGE_WIDTH * 0.7, 0.8 + 0.24 * len(table)), layout="constrained")
    if table.share.isna().all():
        ax.text(0.5, 0.5, "nothing to explain", ha="center", transform=ax.transAxes)
        return figure
    for place, row in table.iterrows():
        color, marker = (ORANGE, "D") if row.factor in LABELS else (BLUE, "o")
        ax.plot([100 * row.share_ci_low, 100 * row.share_ci_high], [place, place], color=color, linewidth=1.4)
        ax.plot(100 * row.share, place, marker, color=color, markersize=4)
        ax.plot([100 * row.chance] * 2, [place - 0.35, place + 0.35], color=GREY, linewidth=1, linestyle=":")
    ax.set_yticks(range(len(table)), [LABELS.get(name, name.replace("_", " ")) for name in table.factor])
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.set_xlabel("share of the variance of hits within seeds, % (dotted: by chance)")
    titled(ax, "What goes along with being remembered", f"{table.n[0]:,} data points, {table.seeds[0]:,} seeds")
    if table.data_source[0] == "simulated":
        mark_simulated(ax)
    return figure
