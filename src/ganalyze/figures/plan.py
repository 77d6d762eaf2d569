"""Which figure of the paper shows which studies, and how it is drawn."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """kind: which module of `ganalyze.figures` draws it. studies: whose results it shows, in order."""

    kind: str
    studies: tuple[str, ...]


PAPER_FIGURES = {
    "fig1": Figure("sequences", ("memorability", "aesthetics", "valence")),
    "fig3a": Figure("scores", ("memorability",)),
    "fig3b": Figure("factors", ("memorability",)),
    "fig4": Figure("sequences", ("memorability",)),
    "fig5a": Figure("realness", ("memorability",)),
    "fig5b": Figure("two_afc", ("memorability",)),
    "fig7a": Figure("memory_game", ("memorability",)),
    "fig7b": Figure("memory_game", ("object_size",)),
    "fig7c": Figure("memory_game", ("aesthetics",)),
    "fig8a": Figure("scores", ("object_size",)),
    "fig8b": Figure("scores", ("aesthetics",)),
    "fig8c": Figure("scores", ("valence",)),
    "fig9": Figure("sequences", ("aesthetics", "valence")),
    "fig10": Figure("comparison", ("memorability", "object_size", "aesthetics", "valence")),
}
EXPERIMENTS = ("memory_game", "two_afc")
# What every study is drawn as, and what needs several of them.
OF_ONE = ("scores", "factors", "sequences", "realness", *EXPERIMENTS)
OF_SEVERAL = ("comparison", "alignment")


def figures_of(
    studies: Sequence[str], realness: bool, distilled: bool, power: bool, experiments: Mapping[str, Collection[str]]
) -> dict[str, Figure]:
    """The figures that can be drawn from `studies`: the paper's, each with those of its studies that are there; for
    studies that no paper figure of a kind shows, `<kind>_<study>`; and three that the paper lacks: `alignment` of
    several directions, the `power` of the memory game, the contact sheet of `masks`.

    realness, distilled, power: whether the run measures realness, trains a segmenter, estimates power. experiments: of
    each study.
    """
    figures = {}
    for name, figure in PAPER_FIGURES.items():
        present = tuple(study for study in figure.studies if study in studies)
        if len(present) > (figure.kind in OF_SEVERAL):
            figures[name] = Figure(figure.kind, present)
    drawn = {(figure.kind, study) for figure in figures.values() for study in figure.studies}
    for study in studies:
        for kind in OF_ONE:
            if (kind, study) not in drawn:
                figures[f"{kind}_{study}"] = Figure(kind, (study,))
    if len(studies) > 1:
        figures["alignment"] = Figure("alignment", tuple(studies))
    if power:
        figures["power"] = Figure("power", ())
    if distilled:
        figures["masks"] = Figure("masks", ())

    def can_be_drawn(figure: Figure) -> bool:
        if figure.kind in EXPERIMENTS:
            return figure.kind in experiments.get(figure.studies[0], ())
        return realness or figure.kind != "realness"

    return {name: figure for name, figure in figures.items() if can_be_drawn(figure)}
