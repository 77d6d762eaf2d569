"""How the emerging factors change with α (paper Fig. 3B)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import GREY, PAGE_WIDTH, SERIES, alpha_label
from ganalyze.measures.factors import IMAGE_FACTORS, MASK_FACTORS
from ganalyze.support.tables import read_table

FACTORS = {name: name.replace("_", " ") for name in (*IMAGE_FACTORS, *MASK_FACTORS)}  # §3.2
UNITS = dict.fromkeys(FACTORS, "") | {"redness": "of pixels", "entropy": "bits", "object_size": "of pixels"}
_LOOKS = dict(zip(FACTORS, SERIES, strict=True))


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """A panel a measured factor, and first one with all of them to compare."""
    return draw_factors(read_table(results / plan.studies[0] / "factors.by_alpha.csv"))


def draw_factors(table: pd.DataFrame) -> Figure:
    """The mean of each factor at every α with its 95 % confidence interval over seeds, in standard deviations over the
    images, on one axis for all; above each panel what that is in the factor's own unit.

    table: `factors.by_alpha.csv`. Factors that were not measured have no panel.
    """
    by_factor = {name: table[table.factor == name].set_index("alpha").sort_index() for name in FACTORS}
    by_factor = {name: rows for name, rows in by_factor.items() if rows.mean_z.notna().any()}
    alphas = sorted(table.alpha.unique())

    count = 1 + len(by_factor)
    figure, axes = plt.subplots(
        -(-count // 4), 4, figsize=(PAGE_WIDTH, 1.95 * -(-count // 4)), layout="constrained", sharex=True, sharey=True
    )
    first, *others = axes.flat
    for name, rows in by_factor.items():
        color, marker = _LOOKS[name]
        first.plot(alphas, rows.mean_z, color=color, marker=marker, markersize=3.5, linewidth=1)
    first.set_title("all of them", loc="left")
    for ax in others[len(by_factor) :]:
        ax.set_axis_off()
    for (name, rows), ax in zip(by_factor.items(), others, strict=False):
        color, marker = _LOOKS[name]
        unit = (rows["mean"].max() - rows["mean"].min()) / (rows.mean_z.max() - rows.mean_z.min())
        error = [(rows["mean"] - rows.ci_low) / unit, (rows.ci_high - rows["mean"]) / unit]
        looks = {"color": color, "marker": marker, "markersize": 3.5, "linewidth": 1.2, "capsize": 2}
        ax.errorbar(alphas, rows.mean_z, error, **looks)
        ends = " → ".join(f"{rows['mean'].iloc[place]:.3g}" for place in (0, -1))
        ax.set_title(f"{FACTORS[name]}\n{ends} {UNITS[name]}".rstrip(), loc="left", fontsize=7)
    for ax in axes.flat:
        ax.axhline(0, color=GREY, linewidth=0.5, zorder=0)
        ax.set_xticks(alphas, [alpha_label(a) for a in alphas], fontsize=6)
    for ax in axes[:, 0]:
        ax.set_ylabel("SD over images")
    images, usable = by_factor["brightness"].n.sum(), table[table.factor == "object_size"].n.sum()
    masks = f"; {images - usable:,} of them without a usable mask of the subject" if "object_size" in by_factor else ""
    figure.legend(
        title=f"← less    α    more →        ({images:,} images{masks})",
        title_fontsize=7,
        handles=[
            Line2D([], [], color=_LOOKS[name][0], marker=_LOOKS[name][1], markersize=3.5, label=FACTORS[name])
            for name in by_factor
        ],
        frameon=False,
        loc="outside lower center",
        ncols=len(by_factor),
        fontsize=6.5,
        columnspacing=1.2,
        handlelength=1.6,
    )
    return figure
