"""Contact sheet of subject masks (no figure of the paper): is the segmenter to be trusted?

The images are held-out ones, on which its masks are compared with GrabCut's. As in the sequences of images, a rule
decides which are shown: those at evenly spaced ranks of the agreement (IoU), and the very worst.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ganalyze.figures.style import ORANGE, PAGE_WIDTH
from ganalyze.image_sets import ImageReader

COLUMNS = 8
UNET, GRABCUT = "white", ORANGE


def draw_masks(held_out: pd.DataFrame, reader: ImageReader, rows: int = 3) -> Figure:
    """`rows` rows of typical and as many of the worst held-out images, with the outlines of both masks and their IoU.

    held_out: the manifest that scripts/train_segmenter.py writes (columns file, grabcut_file, mask_file, iou).
    """
    ranked = held_out.sort_values("iou", ascending=False, kind="stable", ignore_index=True)
    count = min(rows * COLUMNS, len(ranked))
    typical = ranked.iloc[((np.arange(count) + 0.5) * len(ranked) / count).astype(int)]
    side = PAGE_WIDTH / COLUMNS
    figure = plt.figure(figsize=(PAGE_WIDTH, 2 * rows * side + 0.9))
    blocks = figure.subfigures(2, 1)
    _draw_block(blocks[0], typical, reader, rows, f"Evenly spaced ranks of {len(ranked)} held-out images")
    _draw_block(blocks[1], ranked.iloc[::-1][:count], reader, rows, "The worst of them")
    figure.legend(
        handles=[Line2D([], [], color=UNET, label="U-Net"), Line2D([], [], color=GRABCUT, label="GrabCut")],
        ncols=2, loc="lower center", bbox_to_anchor=(0.5, -0.045), facecolor="0.35", labelcolor="white", framealpha=1,
        title=f"mean IoU {held_out.iou.mean():.2f}", title_fontsize=8,
    ).get_title().set_color("white")  # fmt: skip
    return figure


def _draw_block(part, images: pd.DataFrame, reader: ImageReader, rows: int, title: str) -> None:
    part.suptitle(title, fontsize=8, y=0.985)
    axes = part.subplots(
        rows, COLUMNS, gridspec_kw={"left": 0, "right": 1, "bottom": 0, "top": 0.9, "wspace": 0.03, "hspace": 0.03}
    )
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image in zip(axes.flat, images.itertuples(), strict=False):
        ax.imshow(reader.read(image.file), interpolation="bicubic")
        for file, colour in ((image.grabcut_file, GRABCUT), (image.mask_file, UNET)):
            # The frame counts as background, so that outlines close at the edge too.
            mask = np.pad(reader.read(file)[..., 0] / 255, 1)
            place = np.arange(-1, len(mask) - 1)
            ax.contour(place, place, mask, [0.5], colors=colour, linewidths=0.8)
        box = {"facecolor": "black", "alpha": 0.6, "pad": 1.2, "linewidth": 0}
        ax.text(0.04, 0.96, f"{image.iou:.2f}", transform=ax.transAxes, va="top", color="white", fontsize=6.5, bbox=box)
