"""Mean assessor score per α (paper Figs. 3A and 8)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, COLUMN_WIDTH, GREY, alpha_label, slope_title
from ganalyze.images.image_sets import ImageSet
from ganalyze.support.tables import read_table

SEEDS_BEHIND = 60  # single seeds drawn behind the mean: more would be a grey wall


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """One panel a study: mean score and its 95 % confidence interval over seeds, single seeds behind, the slope above.

    scores: what each study's score is, which labels the axis.
    """
    return draw_scores(
        {scores[study]: ImageSet.open(results / study / "images/test.csv").manifest for study in plan.studies},
        {scores[study]: read_table(results / study / "scores.by_alpha.csv") for study in plan.studies},
        {scores[study]: read_table(results / study / "mixed_models.csv") for study in plan.studies},
    )


def draw_scores(
    manifests: Mapping[str, pd.DataFrame], means: Mapping[str, pd.DataFrame], models: Mapping[str, pd.DataFrame]
) -> Figure:
    """manifests: the scored test sets. means: `scores.by_alpha.csv`. models: the fitted `mixed_models.csv`. All by what
    the score is."""
    figure, axes = plt.subplots(
        1, len(manifests), figsize=(COLUMN_WIDTH * len(manifests), 2.6), squeeze=False, layout="constrained"
    )
    for ax, (label, manifest) in zip(axes[0], manifests.items(), strict=True):
        table = manifest.pivot(index="seed_id", columns="alpha", values="score")
        alphas = table.columns.to_numpy()
        # Evenly spaced in the order they were drawn, so nothing chooses them but their number.
        shown = table.iloc[:: max(1, -(-len(table) // SEEDS_BEHIND))]
        ax.plot(alphas, shown.T, color=GREY, alpha=0.22, linewidth=0.5, zorder=1)
        ax.plot([], [], color=GREY, alpha=0.6, linewidth=0.5, label=f"single seeds ({len(shown)} of {len(table)})")
        mean = means[label]
        ax.errorbar(
            mean.alpha,
            mean["mean"],
            [mean["mean"] - mean.ci_low, mean.ci_high - mean["mean"]],
            color=BLUE,
            marker="o",
            markersize=4,
            linewidth=1.4,
            capsize=2.5,
            label="mean, 95 % CI",
            zorder=3,
        )
        slope = models[label].query("term == 'alpha'").iloc[0]
        ax.set_title(slope_title(slope), loc="left")
        ax.set(xlabel="α", ylabel=label, xticks=alphas, xticklabels=[alpha_label(a) for a in alphas])
        ax.legend(frameon=False, loc="upper left", handlelength=1.5, borderaxespad=0.1)
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.18 * (high - low))  # room for the legend
    return figure
