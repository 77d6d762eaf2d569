"""How alike the directions are, and what each does to the other assessors' scores. The paper has no such figure."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import PAGE_WIDTH, number
from ganalyze.support.tables import read_table


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """Two heat maps from `alignment.csv`."""
    return draw_alignment(read_table(results / "alignment.csv"))


def draw_alignment(table: pd.DataFrame) -> Figure:
    """Two heat maps from `alignment.csv`. Left: the cosine of each pair of directions θ. Right: how far each
    assessor's mean score moves along each direction, with its 95 % confidence interval below."""
    studies = list(table.direction.unique())
    names = [study.replace("_", "\n") for study in studies]
    height = 1.1 + 0.55 * len(studies)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(PAGE_WIDTH, height), width_ratios=(1, 1.3), layout="constrained", sharey=True
    )

    def square(column: str) -> pd.DataFrame:
        return table.pivot(index="direction", columns="assessor", values=column).loc[studies, studies]

    _heatmap(left, square("cosine"), 1.0, square("cosine").map(number))
    left.set_title("Cosine of the directions", loc="left")
    left.set_xlabel(f"95 % of random pairs: within ±{number(table.random_95[0])}")
    change, low, high = map(square, ("change", "change_ci_low", "change_ci_high"))
    texts = change.map(number) + "\n[" + low.map(number) + ", " + high.map(number) + "]"
    _heatmap(right, change, float(change.abs().max().max()), texts)
    right.set_title("Change of the mean score, in SD of the seeds", loc="left")
    left.set_ylabel("moving along")
    right.set_xlabel("score by the assessor of")
    for ax in (left, right):
        ax.set_xticks(range(len(names)), names, fontsize=6)
        ax.set_yticks(range(len(names)), names)
    return figure


def _heatmap(ax: Axes, table: pd.DataFrame, limit: float, texts: pd.DataFrame) -> None:
    ax.imshow(table, cmap="PuOr_r", vmin=-limit, vmax=limit, aspect="auto")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for row, column in np.ndindex(table.shape):
        dark = abs(table.iloc[row, column]) > 0.6 * limit
        first, _, second = texts.iloc[row, column].partition("\n")
        color = "white" if dark else "black"
        ax.text(column, row - (0.12 if second else 0), first, ha="center", va="center", color=color, fontsize=8)
        ax.text(column, row + 0.22, second, ha="center", va="center", color=color, fontsize=6)
