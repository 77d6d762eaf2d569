"""Which figure of the paper shows which studies, and how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """kind: which module of `ganalyze.figures` draws it. studies: whose results it shows, in order."""

    kind: str
    studies: tuple[str, ...]


PAPER_FIGURES = {
    "fig1": Figure("sequences", ("memorability", "aesthetics", "valence")),
    "fig3a": Figure("scores", ("memorability",)),
    "fig4": Figure("sequences", ("memorability",)),
    "fig8a": Figure("scores", ("object_size",)),
    "fig8b": Figure("scores", ("aesthetics",)),
    "fig8c": Figure("scores", ("valence",)),
    "fig9": Figure("sequences", ("aesthetics", "valence")),
}


def figures_of(studies: Sequence[str]) -> dict[str, Figure]:
    """The figures that can be drawn from `studies`: the paper's, each with those of its studies that are there,
    and `scores_<study>` and `sequences_<study>` for studies the paper does not have."""
    figures = {}
    for name, figure in PAPER_FIGURES.items():
        present = tuple(study for study in figure.studies if study in studies)
        if present:
            figures[name] = Figure(figure.kind, present)
    drawn = {(figure.kind, study) for figure in figures.values() for study in figure.studies}
    for study in studies:
        for kind in ("scores", "sequences"):
            if (kind, study) not in drawn:
                figures[f"{kind}_{study}"] = Figure(kind, (study,))
    return figures
