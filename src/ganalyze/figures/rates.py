"""What people did at every α: hits in the memory game (paper Fig. 7), fakes told apart in the 2AFC task (Fig. 5B)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.style import BLUE, COLUMN_WIDTH, GREY, alpha_label, mark_simulated, slope_title

NAMES = {"memory_game": "hit rate", "two_afc": "proportion correct"}


def draw_rates(rates: pd.DataFrame, model: pd.DataFrame, experiment: str) -> Figure:
    """The share of hits (memory_game) or of correct answers (two_afc, with the level of guessing) and its 95 % interval
    at every α; above, the slope on α of the logistic mixed model, in log odds.

    rates: `<experiment>.by_alpha.csv`. model: `<experiment>.models.csv`. Of simulated observers, the figure says so.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 2.6), layout="constrained")
    if rates.empty:
        ax.text(0.5, 0.5, "no series counts", ha="center", transform=ax.transAxes)
        return figure
    error = [rates.rate - rates.ci_low, rates.ci_high - rates.rate]
    ax.errorbar(rates.alpha, rates.rate, error, color=BLUE, marker="o", markersize=4, linewidth=1.4, capsize=2.5)
    if experiment == "two_afc":
        ax.axhline(0.5, color=GREY, linewidth=0.8, linestyle=":")
        ax.text(rates.alpha.max(), 0.5, "guessing", color=GREY, fontsize=7, ha="right", va="bottom")
    ax.set(xlabel="α", ylabel=NAMES[experiment], xticks=rates.alpha)
    ax.set_xticklabels(map(alpha_label, rates.alpha))
    slopes = model[(model.term == "alpha") & model.estimate.notna()]
    if len(slopes):
        ax.set_title(slope_title(slopes.iloc[0]), loc="left")
    counts = f"{rates.data_points.sum():,} data points, {rates.data_points.min():,} to {rates.data_points.max():,} an α"
    figure.supxlabel(counts, fontsize=7, x=0.99, ha="right")
    if rates.data_source.iloc[0] == "simulated":
        mark_simulated(figure)
    return figure
