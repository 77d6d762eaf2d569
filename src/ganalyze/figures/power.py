"""How many participants a memory game needs (no figure of the paper)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, COLUMN_WIDTH, GREEN, GREY, ORANGE, mark_simulated
from ganalyze.support.tables import read_table


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """Power against the number of participants, from `power.csv`."""
    return draw_power(read_table(results / "power.csv"))


def draw_power(table: pd.DataFrame) -> Figure:
    """Power against the number of participants for each of the paper's effects, from `power.csv`: the curve with its
    95 % band, the shares of data sets in which the effect was detected with their intervals, and where power is 80 %.
    """
    figure, ax = plt.subplots(figsize=(1.35 * COLUMN_WIDTH, 2.8), layout="constrained")
    # A little apart, so that no interval hides another.
    for (study, rows), color, shift in zip(
        table.groupby("study", sort=False), (BLUE, GREEN, ORANGE), (0.96, 1, 1.04), strict=False
    ):
        first = rows.iloc[0]
        interval = f"{first.needed:.0f} [{first.needed_low:.0f}, {first.needed_high:.0f}]"
        label = f"{study.replace('_', ' ')}, β = {first.beta:g}: {interval}"
        ax.plot(rows.participants, rows.power, color=color, linewidth=1.4, label=label)
        ax.fill_between(rows.participants, rows.power_low, rows.power_high, color=color, alpha=0.15, linewidth=0)
        simulated = rows.dropna(subset="share")
        error = [simulated.share - simulated.share_low, simulated.share_high - simulated.share]
        ax.errorbar(
            shift * simulated.participants, simulated.share, error, fmt="o", color=color, markersize=3, linewidth=0.7
        )
    ax.axhline(0.8, color=GREY, linewidth=0.8, linestyle=":")
    ax.set(xscale="log", xlabel="participants (one series each)", ylabel="power", ylim=(0, 1.02))
    ticks = sorted(table.participants[table.share.notna()].unique())
    ax.set_xticks(ticks, map(str, ticks))
    ax.minorticks_off()
    ax.legend(
        frameon=False,
        title="participants for 80 % power",
        title_fontsize=7,
        handlelength=1.2,
        loc="upper left",
        bbox_to_anchor=(1, 1),
    )
    mark_simulated(ax)
    return figure
