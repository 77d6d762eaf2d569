"""How much of the score's changes each image factor explains (no figure of the paper)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import PAGE_WIDTH, SERIES
from ganalyze.support.tables import read_table

LIGHT = ("#E69F00", "#56B4E9")  # too light for white words


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """A bar a study from `explained.csv`."""
    return draw_explained({study: read_table(results / study / "explained.csv") for study in plan.studies})


def draw_explained(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Shares of the variance of the score's changes within seeds: a bar a study, a part a factor, the rest white."""
    factors = list(dict.fromkeys(name for table in tables.values() for name in table.factor if name != "all"))
    colors = {factor: color for factor, (color, _) in zip(factors, SERIES, strict=False)}
    figure, ax = plt.subplots(figsize=(PAGE_WIDTH * 0.8, 0.9 + 0.36 * len(tables)), layout="constrained")
    for row, table in enumerate(tables.values()):
        shares, start = table.set_index("factor").share, 0.0
        for factor in factors:
            share = max(shares.get(factor, 0.0), 0.0)
            label = factor.replace("_", " ") if row == 0 else None
            ax.barh(row, share, 0.6, start, color=colors[factor], label=label, edgecolor="white", linewidth=0.5)
            if share >= 0.06:
                ink = "black" if colors[factor] in LIGHT else "white"
                ax.text(start + share / 2, row, f"{share:.0%}", color=ink, ha="center", va="center", fontsize=6.5)
            start += share
        ax.barh(row, 1 - start, 0.6, start, color="white", edgecolor="#777777", linewidth=0.5)
        at, side = ((1 + start) / 2, "center") if start < 0.9 else (1.01, "left")
        ax.text(at, row, f"{1 - start:.0%} left", ha=side, va="center", fontsize=6.5)
    ax.set_yticks(range(len(tables)), [study.replace("_", " ") for study in tables])
    ax.set_ylim(len(tables) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1], ["0", "50%", "100%"])
    ax.set_xlabel("share of the variance of the score's changes within seeds")
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=4, handlelength=1)
    return figure
