"""Contact sheet of subject masks (no figure of the paper): is the segmenter to be trusted?

The images are held-out ones, on which its masks are compared with GrabCut's. As in the sequences of images, a rule
decides which are shown: those at evenly spaced ranks of the agreement (IoU), and the very worst.
"""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import ORANGE, PAGE_WIDTH
from ganalyze.images.image_sets import ImageSet
from ganalyze.images.reading import ImageReader

COLUMNS = 8
UNET, GRABCUT = "white", ORANGE


def draw(plan: FigurePlan, results: Path, scores: Mapping[str, str]) -> Figure:
    """Held-out images with the outlines of both masks."""
    return draw_masks(ImageSet.open(results / "segmenter/held_out.csv"))


def draw_masks(images: ImageSet, rows: int = 3) -> Figure:
    """`rows` rows of typical and as many of the worst held-out images, with the outlines of both masks and their IoU.

    images: the set that scripts/train_segmenter.py writes (columns file, grabcut_file, mask_file, iou).
    """
    held_out, reader = images.manifest, ImageReader(images.folder)
    ranked = held_out.sort_values("iou", ascending=False, kind="stable", ignore_index=True)
    count = min(rows * COLUMNS, len(ranked))
    typical = ranked.iloc[((np.arange(count) + 0.5) * len(ranked) / count).astype(int)]
    figure = plt.figure(figsize=(PAGE_WIDTH, 2 * rows * PAGE_WIDTH / COLUMNS + 0.8))
    legend, *blocks = figure.subfigures(3, 1, height_ratios=(0.2, rows + 0.35, rows + 0.35), squeeze=False).flat
    _draw_block(blocks[0], typical, reader, rows, f"Evenly spaced ranks of {len(ranked)} held-out images")
    _draw_block(blocks[1], ranked.iloc[::-1][:count], reader, rows, "The worst of them")
    lines = [Line2D([], [], color=UNET, label="U-Net"), Line2D([], [], color=GRABCUT, label="GrabCut")]
    legend.legend(handles=lines, ncols=2, loc="center right", facecolor="0.35", labelcolor="white", framealpha=1)
    legend.text(0, 0.5, f"Masks of the subject: mean IoU with GrabCut {held_out.iou.mean():.2f}", va="center")
    return figure


def _draw_block(part: SubFigure, images: pd.DataFrame, reader: ImageReader, rows: int, title: str) -> None:
    top = rows / (rows + 0.35)
    part.text(0, (1 + top) / 2 - 0.01, title, va="center")
    edges = {"left": 0, "right": 1, "bottom": 0, "top": top, "wspace": 0.03, "hspace": 0.03}
    axes = part.subplots(rows, COLUMNS, gridspec_kw=edges)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image in zip(axes.flat, images.itertuples(), strict=False):
        ax.imshow(reader.read(image.file), interpolation="bicubic")
        for file, colour in ((image.grabcut_file, GRABCUT), (image.mask_file, UNET)):
            # The frame counts as background, so that outlines close at the edge too.
            mask = np.pad(reader.read(file)[..., 0] / 255, 1)
            place = np.arange(-1, len(mask) - 1)
            ax.contour(place, place, mask, [0.5], colors=colour, linewidths=0.8)
        ax.set(xlim=(-0.5, len(mask) - 2.5), ylim=(len(mask) - 2.5, -0.5))
        box = {"facecolor": "black", "alpha": 0.6, "pad": 1.2, "linewidth": 0}
        ax.text(0.04, 0.96, f"{image.iou:.2f}", transform=ax.transAxes, va="top", color="white", fontsize=6.5, bbox=box)
