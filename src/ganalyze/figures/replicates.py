"""One seed along the directions of several trainings of the same study (no figure of the paper)."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import BLUE, PAGE_WIDTH, alpha_label
from ganalyze.images.image_sets import ImageSet


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """The study's own direction in the first row, a further training in each row below."""
    folder = results / plan.studies[0]
    others = [ImageSet.open(folder / f"replicates/{number}/images.csv") for number in range(1, plan.rows + 1)]
    return draw_replicates(ImageSet.open(folder / "images/test.csv"), others)


def draw_replicates(own: ImageSet, others: list[ImageSet]) -> Figure:
    """A row a training, a column an α; own: the study's test set, others: one of its seeds along other directions."""
    seed, alphas = int(others[0].manifest.seed_id[0]), own.alphas
    rows = {"this one": own, **{f"training {number}": images for number, images in enumerate(others, start=2)}}
    size = 0.7 * PAGE_WIDTH / len(alphas)
    figure, axes = plt.subplots(
        len(rows),
        len(alphas),
        figsize=(0.7 * PAGE_WIDTH, size * len(rows) + 0.2),
        layout="constrained",
        squeeze=False,
        gridspec_kw={"wspace": 0.02, "hspace": 0.02},
    )
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        clones = images.manifest.set_index(["seed_id", "alpha"]).image_id
        for ax, alpha in zip(line, alphas, strict=True):
            ax.imshow(images.image(clones[seed, alpha]), interpolation="bicubic")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(alpha == 0)
            ax.spines[:].set(color=BLUE, linewidth=1.6)
        line[0].set_ylabel(name, fontsize=7)
    for ax, alpha in zip(axes[0], alphas, strict=True):
        ax.set_title(f"α = {alpha_label(alpha)}" if alpha == 0 else alpha_label(alpha), fontsize=7, pad=2)
    return figure
