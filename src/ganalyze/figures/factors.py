"""How the emerging factors change with α (paper Fig. 3B)."""

from itertools import cycle

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.style import BLUE, GREEN, GREY, ORANGE, PAGE_WIDTH, alpha_label

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


def draw_factors(factors: pd.DataFrame, manifest: pd.DataFrame) -> Figure:
    """Seven panels of a factor's mean in its unit, with its 95 % confidence interval over seeds; first, all seven
    normalised (z-scored over the images) to compare them.

    factors: `factors.csv`. manifest: of the same images. Missing values are left out, factor by factor.
    """
    table = manifest[["image_id", "seed_id", "alpha"]].merge(factors, on="image_id", validate="1:1")
    names = list(FACTORS)
    normalised = (table[names] - table[names].mean()) / table[names].std()
    alphas = sorted(table.alpha.unique())

    figure, axes = plt.subplots(2, 4, figsize=(PAGE_WIDTH, 3.9), layout="constrained")
    first, *others = axes.flat
    for name in names:
        means = normalised[name].groupby(table.alpha).mean()
        first.plot(alphas, means, color=COLOURS[name], marker=MARKERS[name], markersize=3.5, linewidth=1)
    first.set_title("all, normalised", loc="left")
    first.set_ylabel("z-score")
    for name, ax in zip(names, others, strict=True):
        groups = table.groupby("alpha")[name]
        error = 1.96 * groups.std() / groups.count() ** 0.5
        ax.errorbar(
            alphas,
            groups.mean(),
            error,
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
    unusable = table.object_size.isna().sum()
    note = f"{len(table):,} images; {unusable:,} of them without a usable mask of the subject"
    figure.supxlabel(note, fontsize=7, x=0.99, ha="right")
    return figure
