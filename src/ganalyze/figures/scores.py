"""Mean assessor score per α (paper Figs. 3A and 8)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, COLUMN_WIDTH, GREY, alpha_label, slope_title, titled
from ganalyze.images.image_sets import ImageSet
from ganalyze.support.tables import read_table

SEEDS_BEHIND = 60  # single seeds drawn behind the mean: more would be a grey wall


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """One panel a study: mean score and its 95 % confidence interval over seeds, single seeds behind, the slope above.

    scores: what each study's score is, which labels the axis.
    """
    return draw_scores(
        {study: ImageSet.open(results / study / "images/test.csv").manifest for study in plan.studies},
        {study: read_table(results / study / "scores.by_alpha.csv") for study in plan.studies},
        {study: read_table(results / study / "mixed_models.csv") for study in plan.studies},
        scores,
    )


def draw_scores(
    manifests: Mapping[str, pd.DataFrame],
    means: Mapping[str, pd.DataFrame],
    models: Mapping[str, pd.DataFrame],
    scores: Mapping[str, str],
) -> Figure:
    """manifests: the scored test sets. means: `scores.by_alpha.csv`. models: the fitted `mixed_models.csv`. scores:
    what the score is. All by study. Where the mean score peaks before the largest α, the figure says where."""
    figure, axes = plt.subplots(
        1, len(manifests), figsize=(COLUMN_WIDTH * len(manifests), 2.6), squeeze=False, layout="constrained"
    )
    for ax, (study, manifest) in zip(axes[0], manifests.items(), strict=True):
        table = manifest.pivot(index="seed_id", columns="alpha", values="score")
        alphas = table.columns.to_numpy()
        # Evenly spaced in the order they were drawn, so nothing chooses them but their number.
        shown = table.iloc[:: max(1, -(-len(table) // SEEDS_BEHIND))]
        ax.plot(alphas, shown.T, color=GREY, alpha=0.22, linewidth=0.5, zorder=1)
        ax.plot([], [], color=GREY, alpha=0.6, linewidth=0.5, label=f"single seeds ({len(shown)} of {len(table)})")
        mean = means[study]
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
        slope = models[study].query("term == 'alpha'").iloc[0]
        told = slope_title(slope)
        peak = mean.loc[mean["mean"].idxmax(), "alpha"]
        if peak < mean.alpha.max():
            told += f"; highest at α = {alpha_label(peak)}"
        titled(ax, f"Score along {study.replace('_', ' ')}", told)
        ax.set(ylabel=scores[study], xticks=alphas, xticklabels=[alpha_label(a) for a in alphas])
        ax.set_xlabel("← less    α    more →")
        ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, handlelength=1.5)
    return figure
