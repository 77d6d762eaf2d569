"""How many participants and images the experiments need (no figure of the paper)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import GREY, PAGE_WIDTH, SERIES, mark_simulated
from ganalyze.support.tables import read_table


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """Power against the number of participants, and of images, from `power.csv`."""
    return draw_power(read_table(results / "power.csv"))


def draw_power(table: pd.DataFrame) -> Figure:
    """Left, power against the number of participants for each of the paper's effects on hits, and of showing none in
    the 2AFC task: the curve with its 95 % band, and the shares of data sets in which it succeeded with their intervals.
    Right, those shares against images a condition. The dotted line is a power of 80 %.

    table: `power.csv`.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE_WIDTH, 3.3), layout="constrained", sharey=True)
    tests = table.groupby(["experiment", "study"], sort=False)
    for ((experiment, study), rows), (color, marker), shift in zip(tests, SERIES, (0.96, 1, 1.04, 1), strict=False):
        first, name = rows.iloc[0], study.replace("_", " ")
        if experiment == "two_afc":
            label = f"2AFC, no difference shown: {first.needed:.0f}"
        else:
            label = f"hits, {name}, β = {first.beta:g}: "
            label += f"{first.needed:.0f} [{first.needed_low:.0f}, {first.needed_high:.0f}]"
        people, images = (rows[rows.varies == kind] for kind in ("participants", "images"))
        left.plot(people.participants, people.power, color=color, linewidth=1.4)
        left.fill_between(
            people.participants, people.power_low, people.power_high, color=color, alpha=0.15, linewidth=0
        )
        looks = {"color": color, "marker": marker, "markersize": 3.5, "linewidth": 0.7, "linestyle": "none"}
        _points(left, people.dropna(subset="share"), "participants", shift, looks | {"label": label})
        if len(images):
            told = {"label": f"{name}, {images.participants.iloc[0]} participants"}
            _points(right, images, "images", shift, looks | told)
    left.set(xlabel="participants (one series each)", ylabel="power", ylim=(0, 1.02))
    right.set_xlabel("images a condition")
    for ax, column in ((left, "participants"), (right, "images")):
        ax.axhline(0.8, color=GREY, linewidth=0.8, linestyle=":")
        ticks = sorted(table[column][table.share.notna() & (table.varies == column)].unique())
        ax.set_xscale("log")
        ax.set_xticks(ticks, map(str, ticks))
        ax.minorticks_off()
        mark_simulated(ax)
    left.legend(
        frameon=False, title="participants for 80 % power", title_fontsize=7, loc="lower left", bbox_to_anchor=(0, 1)
    )
    right.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def _points(ax: Axes, rows: pd.DataFrame, column: str, shift: float, looks: dict[str, Any]) -> None:
    """A little apart, so that no interval hides another."""
    error = [rows.share - rows.share_low, rows.share_high - rows.share]
    ax.errorbar(shift * rows[column], rows.share, error, elinewidth=0.7, **looks)
