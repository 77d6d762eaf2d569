"""How the emerging factors change with α (paper Fig. 3B)."""

from collections.abc import Mapping
from itertools import cycle
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, GREEN, GREY, ORANGE, PAGE_WIDTH, alpha_label
from ganalyze.support.tables import read_table

# Name on the axis of each factor (§3.2), with its unit.
FACTORS = {
    "brightness": "brightness (0–1)",
    "colorfulness": "colorfulness (M3)",
    "redness": "redness (share of pixels)",
    "entropy": "entropy (bits)",
    "object_size": "object size (share of pixels)",
    "centeredness": "centeredness (1 = centred)",
    "squareness": "squareness (minor/major axis)",
}
COLOURS = dict(
    zip(FACTORS, (BLUE, ORANGE, "#CC79A7", GREY, GREEN, "#E69F00", "#56B4E9"), strict=True)
)  # with the markers, told apart by readers of any colour vision
MARKERS = dict(zip(FACTORS, cycle("osD^vXP"), strict=False))


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """Seven panels of a factor's mean in its unit, with its 95 % confidence interval over seeds; first, all seven
    normalised (z-scored over the images) to compare them."""
    return draw_factors(read_table(results / plan.studies[0] / "factors.by_alpha.csv"))


def draw_factors(table: pd.DataFrame) -> Figure:
    """table: `factors.by_alpha.csv`."""
    by_factor = {name: table[table.factor == name].set_index("alpha") for name in FACTORS}
    alphas = sorted(table.alpha.unique())

    figure, axes = plt.subplots(2, 4, figsize=(PAGE_WIDTH, 3.9), layout="constrained")
    first, *others = axes.flat
    for name, rows in by_factor.items():
        first.plot(alphas, rows.mean_z, color=COLOURS[name], marker=MARKERS[name], markersize=3.5, linewidth=1)
    first.set_title("all, normalised", loc="left")
    first.set_ylabel("z-score")
    for (name, rows), ax in zip(by_factor.items(), others, strict=True):
        ax.errorbar(
            alphas,
            rows["mean"],
            [rows["mean"] - rows.ci_low, rows.ci_high - rows["mean"]],
            color=COLOURS[name],
            marker=MARKERS[name],
            markersize=3.5,
            linewidth=1.2,
            capsize=2,
        )
        title, _, unit = FACTORS[name].partition(" (")
        ax.set_title(title, loc="left")
        ax.set_ylabel(unit.removesuffix(")"))
    for ax in axes.flat:
        ax.set(xticks=alphas, xlabel="α")
        ax.set_xticklabels([alpha_label(a) for a in alphas], fontsize=6)
    images, usable = by_factor["brightness"].n.sum(), by_factor["object_size"].n.sum()
    note = f"{images:,} images; {images - usable:,} of them without a usable mask of the subject"
    figure.supxlabel(note, fontsize=7, x=0.99, ha="right")
    return figure
