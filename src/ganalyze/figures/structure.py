"""How much of the subject's outline and features stays in place along each direction (no figure of the paper)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import COLUMN_WIDTH, SERIES
from ganalyze.support.tables import read_table


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """One line a study from `structure.csv`."""
    return draw_structure(read_table(results / "structure.csv"))


# What an unmoved seed has of each measure, and what its axis says.
MEASURES = {
    "outline_overlap": (1.0, "outline: overlap with α = 0"),
    "landmark_shift": (0.0, "eyes, nose, mouth: way from α = 0,\nin distances between the eyes"),
}


def draw_structure(table: pd.DataFrame) -> Figure:
    """A panel for each measure: its means from the smallest α of each study's grid to the largest, with their 95 %
    confidence intervals. The grids differ, so places along them are compared, not values of α."""
    measures = [measure for measure in MEASURES if measure in set(table.measure)]
    size = ((0.5 + len(measures)) * COLUMN_WIDTH, 2.6)
    figure, axes = plt.subplots(1, len(measures), figsize=size, layout="constrained", squeeze=False)
    for measure, ax in zip(measures, axes[0], strict=True):
        unmoved, label = MEASURES[measure]
        origin = pd.DataFrame({"alpha": [0.0], "mean": [unmoved], "ci_low": [unmoved], "ci_high": [unmoved]})
        rows = table[table.measure == measure]
        for (study, own), (color, marker) in zip(rows.groupby("study", sort=False), SERIES, strict=False):
            values = pd.concat([own, origin]).sort_values("alpha")
            error = [values["mean"] - values.ci_low, values.ci_high - values["mean"]]
            ax.errorbar(
                np.linspace(-1, 1, len(values)),
                values["mean"],
                error,
                color=color,
                marker=marker,
                markersize=3.5,
                linewidth=1.2,
                label=study.replace("_", " "),
            )
        ax.set_xticks([-1, 0, 1], ["smallest α", "0", "largest α"])
        ax.set_ylabel(label)
    axes[0, -1].legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure
