"""How alike the directions are, and what each does to the other assessors' scores. The paper has no such figure."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ganalyze.figures.style import PAGE_WIDTH


def draw_alignment(directions: dict[str, np.ndarray], effects: pd.DataFrame) -> Figure:
    """Left: the cosine of each pair of directions θ (z_dim,), by study. Right: `effects`, how far each assessor's mean
    score moves from the smallest to the largest α of each study's direction, in standard deviations of that score
    over the unmodified seeds; rows are directions, columns assessors, both by study."""
    studies = list(directions)
    unit = np.stack([theta / np.linalg.norm(theta) for theta in directions.values()])
    cosines = pd.DataFrame(unit @ unit.T, studies, studies)
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE_WIDTH, 3.2), layout="constrained")
    _heatmap(left, cosines, 1.0, "cosine of the directions")
    _heatmap(right, effects.loc[studies, studies], float(effects.abs().max().max()), "change of score (SD of seeds)")
    left.set(ylabel="direction", xlabel="direction")
    right.set(ylabel="moving along", xlabel="score by the assessor of")
    return figure


def _heatmap(ax, table: pd.DataFrame, limit: float, title: str) -> None:
    image = ax.imshow(table, cmap="PuOr_r", vmin=-limit, vmax=limit)
    names = [name.replace("_", "\n") for name in table]
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    ax.set_title(title, loc="left")
    ax.spines[:].set_visible(False)
    for row, column in np.ndindex(table.shape):
        value = table.iloc[row, column]
        dark = abs(value) > 0.65 * limit
        text = f"{value:+.2f}".replace("-", "−")
        ax.text(column, row, text, ha="center", va="center", color="white" if dark else "black", fontsize=7.5)
    ax.figure.colorbar(image, ax=ax, shrink=0.8)
