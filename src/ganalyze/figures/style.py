"""One look for every figure, and how a figure is saved."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from ganalyze.support.files import written_whole

COLUMN_WIDTH = 3.35  # inches: one column of the paper
PAGE_WIDTH = 7.0  # inches: both columns
PNG_DPI = 200

# Okabe & Ito's colours, told apart by readers of any colour vision.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
# Several series in one panel, each with a marker of its own.
SERIES = tuple(zip((BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9", GREY), "osD^vXP", strict=True))

mpl.rcParams.update(
    {
        "font.family": "DejaVu Sans",
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.labelsize": 8,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "legend.fontsize": 7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "svg.fonttype": "none",  # text stays text, to be searched and restyled
        "svg.hashsalt": "ganalyze",  # the same figure gives the same bytes
    }
)


def alpha_label(alpha: float) -> str:
    """α as printed on axes and above columns, with a true minus sign: "−0.4", "0", "+0.2"."""
    return "0" if alpha == 0 else f"{alpha:+g}".replace("-", "−")


def number(value: float) -> str:
    """A value as printed in figures and report: two decimals, a true minus sign."""
    return f"{value:.2f}".replace("-", "−")


def titled(ax: Axes, title: str, told: str) -> None:
    """Write a title in words above a panel, and in small what belongs to it."""
    ax.set_title(told, loc="left", fontsize=7, color=GREY)
    ax.annotate(title, (0, 1), (0, 17), xycoords="axes fraction", textcoords="offset points", fontsize=8.5, va="bottom")


def slope_title(slope: Any) -> str:
    """A fitted slope (a row of a models table) as printed above figures: β, its 95 % interval, p."""
    if np.isnan(slope.estimate):
        return "the model did not converge"
    p = p_number(slope.p)
    return f"β = {with_interval(slope.estimate, slope.ci_low, slope.ci_high)}, p {p if '<' in p else f'= {p}'}"


def with_interval(estimate: float, low: float, high: float) -> str:
    """An estimate and its interval as printed in figures and report: "0.68 [0.66, 0.70]"; without an interval, a count
    or a limit, as it is; "–" where there is none."""
    if np.isnan(estimate):
        return "–"
    return f"{estimate:g}" if np.isnan(low) else f"{number(estimate)} [{number(low)}, {number(high)}]"


def p_number(p: float) -> str:
    """A p-value as printed in figures and report: "< .001", ".042"; "" where there is none."""
    return "" if np.isnan(p) else "< .001" if p < 0.001 else f"{p:.3f}".lstrip("0")


def mark_simulated(ax: Axes) -> None:
    """Write across a panel that no people stand behind it, so that it cannot be shown without saying so."""
    ax.text(
        0.5,
        0.5,
        "SIMULATED",
        transform=ax.transAxes,
        rotation=24,
        fontsize=26,
        fontweight="bold",
        color=ORANGE,
        alpha=0.28,
        ha="center",
        va="center",
        zorder=10,
        clip_on=True,
    )


def save(figure: Figure, stem: Path | str) -> None:
    """Write `stem`.svg and `stem`.png, each whole or not at all, and close the figure."""
    # Lines and text of an SVG are sharp at any size; only images in it have a resolution, and make it heavy.
    svg: dict[str, Any] = {"dpi": 100, "metadata": {"Date": None}}
    png: dict[str, Any] = {"dpi": PNG_DPI, "metadata": {"Software": None}, "pil_kwargs": {"optimize": True}}
    for suffix, options in ((".svg", svg), (".png", png)):
        with written_whole(f"{stem}{suffix}") as temporary:
            figure.savefig(temporary, bbox_inches="tight", pad_inches=0.03, **options)
    plt.close(figure)


def save_pages(figures: Iterable[Figure], path: Path | str) -> None:
    """Write a PDF with a page a figure, whole or not at all, and close the figures.

    The pages are JPEG: with images stored as they are, the catalogue would be as large as the image set.
    """
    described = {"title": Path(path).stem, "creationDate": None, "modDate": None}  # no temporary name, no clock
    with written_whole(path) as temporary:
        for figure in figures:
            figure.set_dpi(150)
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            page = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
            page.save(temporary, resolution=figure.dpi, append=temporary.exists(), **described)
            plt.close(figure)
