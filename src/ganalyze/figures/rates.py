"""What people did at every α: hits in the memory game (paper Fig. 7), fakes told apart in the 2AFC task (Fig. 5B)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.experiments.experiment import Experiment
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, COLUMN_WIDTH, GREY, alpha_label, mark_simulated, slope_title, titled
from ganalyze.support.tables import read_table


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """What people did in one study's experiment at every α."""
    rates, models = map(read_table, plan.files(results))
    return draw_rates(rates, models, EXPERIMENTS[plan.kind], plan.studies[0].replace("_", " "))


def draw_rates(rates: pd.DataFrame, model: pd.DataFrame, experiment: Experiment, study: str) -> Figure:
    """The experiment's rate, with the level of guessing where there is one, and its 95 % interval at every α; above,
    the slope on α of the logistic mixed model, in log odds.

    rates: `<experiment>.by_alpha.csv`. model: `<experiment>.models.csv`. Of simulated observers, the figure says so.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 2.6), layout="constrained")
    if rates.empty:
        ax.text(0.5, 0.5, "no series counts", ha="center", transform=ax.transAxes)
        return figure
    error = [rates.rate - rates.ci_low, rates.ci_high - rates.rate]
    ax.errorbar(rates.alpha, rates.rate, error, color=BLUE, marker="o", markersize=4, linewidth=1.4, capsize=2.5)
    if experiment.chance is not None:
        ax.axhline(experiment.chance, color=GREY, linewidth=0.8, linestyle=":")
        ax.text(rates.alpha.max(), experiment.chance, "guessing", color=GREY, fontsize=7, ha="right", va="bottom")
    ax.set(xlabel="α", ylabel=experiment.rate_label, xticks=rates.alpha)
    ax.set_xticklabels(map(alpha_label, rates.alpha))
    slopes = model[(model.term == "alpha") & model.estimate.notna()]
    told = f"log odds: {slope_title(slopes.iloc[0])}" if len(slopes) else ""
    titled(ax, f"{experiment.title} along {study}", told)
    counts = f"{rates.data_points.sum():,} data points, {rates.data_points.min():,} to {rates.data_points.max():,} an α"
    figure.supxlabel(counts, fontsize=7, x=0.99, ha="right")
    if rates.data_source.iloc[0] == "simulated":
        mark_simulated(ax)
    return figure
