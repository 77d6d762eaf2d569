"""Realness per α (paper Fig. 5A): FID and Inception Score, and beside them KID, precision and recall."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, COLUMN_WIDTH, GREEN, GREY, ORANGE, alpha_label
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.support.tables import read_table


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """Four panels from one study's `realness.csv`."""
    return draw_realness(read_table(results / plan.studies[0] / "realness.csv"))


def draw_realness(table: pd.DataFrame) -> Figure:
    """Four panels from one study's `realness.csv`, each with 95 % intervals over seeds, one column of the paper wide.

    A filled point differs from α = 0 (the interval of the change from there excludes 0), a hollow one does not. What
    was compared with what is written below, and in orange what forbids comparing it with published values.
    """
    figure, axes = plt.subplots(2, 2, figsize=(COLUMN_WIDTH, 3.5), sharex=True, layout="constrained")
    (fid, inception), (kid, shares) = axes
    (half,) = fid.plot(table.alpha, table.fid_half, color=GREY, linestyle=":", linewidth=1, label="of half the images")
    _points(fid, table, "fid", BLUE)
    _points(inception, table, "is_mean", BLUE)
    kid.axhline(0, color=GREY, linewidth=0.6)
    _points(kid, table, "kid_mean", BLUE)
    apart = 0.015 * (table.alpha.max() - table.alpha.min())  # so that no bar hides another
    _points(shares, table.assign(alpha=table.alpha - apart), "precision", BLUE)
    _points(shares, table.assign(alpha=table.alpha + apart), "recall", GREEN)
    labels = ["FID", "Inception Score", "KID", "share of images"]
    titles = ["less is more real", "more is clearer, more varied", "less is more real", "precision, recall"]
    for ax, label, title in zip(axes.flat, labels, titles, strict=True):
        ax.set_title(title, loc="left", fontsize=7)
        ax.set_ylabel(label)
        ax.set_xticks(table.alpha, map(alpha_label, table.alpha), fontsize=6)
    for ax in (kid, shares):
        ax.set_xlabel("α")
    for ax, lines in ((fid, [half]), (shares, shares.containers)):
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.2 * (high - low))  # room for the legend
        ax.legend(
            handles=lines,
            frameon=False,
            loc="upper center",
            ncols=2,
            handlelength=1.2,
            columnspacing=0.8,
            borderaxespad=0,
        )

    first = table.iloc[0]
    about = (
        f"{first.n_images:,} images at each α, reference: {first.n_reference:,} {first.reference}. Features: "
        f"{EXTRACTORS[first.extractor].title}. Bars: 95 % intervals over seeds."
    )
    if "fid_change_ci_low" in table:
        about += " Filled points differ from α = 0."
    lines = textwrap.wrap(about, 64)
    figure.text(0.01, 0, "\n".join(lines), fontsize=7, va="top")
    if not pd.isna(first.note):
        line = 7 * 1.25 / 72 / figure.get_figheight()
        note = textwrap.fill(first.note, 64)
        figure.text(0.01, -line * len(lines), note, fontsize=7, va="top", color=ORANGE)
    return figure


def _points(ax: Axes, table: pd.DataFrame, name: str, color: str) -> None:
    error = table[name] - table[f"{name}_ci_low"]
    ax.errorbar(table.alpha, table[name], error, color=color, linewidth=1.2, capsize=2, label=name)
    low, high = (table.get(f"{name}_change_ci_{end}") for end in ("low", "high"))
    differs = low * high > 0 if low is not None else table.alpha.notna()
    for chosen, face in ((table[differs], color), (table[~differs], "white")):
        ax.plot(chosen.alpha, chosen[name], "o", markersize=4, color=color, markerfacecolor=face, zorder=3)
