"""How much of the subject's outline stays along each direction (no figure of the paper)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import COLUMN_WIDTH, SERIES, number
from ganalyze.support.tables import read_table


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """One line a study from `structure.csv`."""
    return draw_structure(read_table(results / "structure.csv"))


def draw_structure(table: pd.DataFrame) -> Figure:
    """The overlap of outlines with those at α = 0, from the smallest α of each study's grid to the largest, with its
    95 % confidence interval. The grids differ, so places along them are compared, not values of α."""
    figure, ax = plt.subplots(figsize=(1.5 * COLUMN_WIDTH, 2.6), layout="constrained")
    for (study, rows), (color, marker) in zip(table.groupby("study", sort=False), SERIES, strict=False):
        values = pd.concat([rows, pd.DataFrame({"alpha": [0.0], "mean": [1.0], "ci_low": [1.0], "ci_high": [1.0]})])
        values = values.sort_values("alpha")
        error = [values["mean"] - values.ci_low, values.ci_high - values["mean"]]
        label = f"{study.replace('_', ' ')}: {number(values['mean'].iloc[0])} and {number(values['mean'].iloc[-1])}"
        place = np.linspace(-1, 1, len(values))
        ax.errorbar(
            place, values["mean"], error, color=color, marker=marker, markersize=3.5, linewidth=1.2, label=label
        )
    ax.set_xticks([-1, 0, 1], ["smallest α", "0", "largest α"])
    ax.set_ylabel("overlap with α = 0")
    ax.legend(frameon=False, title="at the ends", title_fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    return figure
