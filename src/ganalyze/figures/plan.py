"""Which figure shows which studies, how it is drawn, and from which files."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganalyze.experiments.registry import EXPERIMENTS

_IMAGES = ("images/test.csv", "images/test")
# Of each kind, what of a study it is drawn from, in results/<run>/<study>/ …
_OF_STUDY: dict[str, tuple[str, ...]] = {
    "scores": ("images/test.csv", "scores.by_alpha.csv", "mixed_models.csv"),
    "sequences": _IMAGES,
    "comparison": _IMAGES,
    "catalogue": _IMAGES,
    "factors": ("factors.by_alpha.csv",),
    "realness": ("realness.csv",),
    "null_directions": ("null_directions.csv",),
    "explained": ("explained.csv",),
    "stability": ("replicates.csv", "replicates.cosines.csv", "along_training.csv"),
    "replicates": _IMAGES,  # and the further trainings' images, as many as it has rows
    "multiverse": ("robustness.csv",),
}
# … and what of the run, in results/<run>/.
_OF_RUN = {
    "alignment": ("alignment.csv",),
    "structure": ("structure.csv",),
    "power": ("power.csv",),
    "hits_explained": ("tables/hits_explained.csv",),
    "masks": ("segmenter/held_out.csv", "segmenter/held_out.zip"),
}


@dataclass(frozen=True)
class FigurePlan:
    """kind: what it shows, one of these or the name of an experiment. studies: whose results, in order. rows: of
    sequences, a study."""

    kind: str
    studies: tuple[str, ...] = ()
    rows: int = 6

    @property
    def module(self) -> str:
        """The module whose `draw` draws it."""
        return f"ganalyze.figures.{'rates' if self.kind in EXPERIMENTS else self.kind}"

    def files(self, results: Path | str) -> list[str]:
        """What it is drawn from; results: results/<run>."""
        of_study = _OF_STUDY.get(self.kind, ())
        if self.kind in EXPERIMENTS:
            name = EXPERIMENTS[self.kind].name
            of_study = (f"trials/{name}.by_alpha.csv", f"trials/{name}.models.csv")
        if self.kind == "replicates":
            numbers = range(1, self.rows + 1)
            of_study += tuple(f"replicates/{number}/images.{kind}" for number in numbers for kind in ("csv", "zip"))
        places = [f"{study}/{file}" for study in self.studies for file in of_study]
        return [f"{results}/{place}" for place in (*places, *_OF_RUN.get(self.kind, ()))]


PAPER_FIGURES = {
    # The teaser is an overview of several studies, the others show one or two at length.
    "fig1": FigurePlan("sequences", ("memorability", "aesthetics", "valence"), rows=4),
    "fig3a": FigurePlan("scores", ("memorability",)),
    "fig3b": FigurePlan("factors", ("memorability",)),
    "fig4": FigurePlan("sequences", ("memorability",)),
    "fig5a": FigurePlan("realness", ("memorability",)),
    "fig5b": FigurePlan("two_afc", ("memorability",)),
    "fig7a": FigurePlan("memory_game", ("memorability",)),
    "fig7b": FigurePlan("memory_game", ("object_size",)),
    "fig7c": FigurePlan("memory_game", ("aesthetics",)),
    "fig8a": FigurePlan("scores", ("object_size",)),
    "fig8b": FigurePlan("scores", ("aesthetics",)),
    "fig8c": FigurePlan("scores", ("valence",)),
    "fig9": FigurePlan("sequences", ("aesthetics", "valence")),
    "fig10": FigurePlan("comparison", ("memorability", "object_size", "aesthetics", "valence")),
}
# What every study is drawn as, besides its experiments, and what needs several of them.
_OF_ONE = ("scores", "factors", "sequences", "realness")
_OF_SEVERAL = ("comparison", "alignment")


def figures_of(
    studies: Sequence[str],
    realness: bool,
    distilled: bool,
    power: bool,
    experiments: Mapping[str, Collection[str]],
    segmented: bool = True,
    null_directions: bool = False,
    replicates: Mapping[str, int] | None = None,
) -> dict[str, FigurePlan]:
    """The figures that can be drawn from `studies`: the paper's, each with those of its studies that are there, what
    compares studies with all; for studies that no paper figure of a kind shows, `<kind>_<study>`; and eight that the
    paper lacks: what is `explained`, and of hits too, the slope in a `multiverse` of analyses, `null_directions` beside
    the learnt ones, `alignment` of several directions, the `structure` that stays, the `power` of the experiments, the
    contact sheet of `masks`.

    realness, distilled, power, segmented, null_directions: whether the run measures realness, trains a segmenter,
    estimates power, finds the subject, tries random directions. experiments: of each study. replicates: how many
    further trainings each study has that has any.
    """
    figures = {}
    for name, figure in PAPER_FIGURES.items():
        shown = studies if figure.kind in _OF_SEVERAL else figure.studies
        present = tuple(study for study in shown if study in studies)
        if len(present) > (figure.kind in _OF_SEVERAL):
            figures[name] = FigurePlan(figure.kind, present, figure.rows)
    drawn = {(figure.kind, study) for figure in figures.values() for study in figure.studies}
    for study in studies:
        for kind in (*_OF_ONE, *experiments.get(study, ())):
            if (kind, study) not in drawn:
                name = EXPERIMENTS[kind].name if kind in EXPERIMENTS else kind
                figures[f"{name}_{study}"] = FigurePlan(kind, (study,))
    if len(studies) > 1:
        figures["alignment"] = FigurePlan("alignment", tuple(studies))
        if segmented:
            figures["structure"] = FigurePlan("structure", tuple(studies))
    figures["explained"] = FigurePlan("explained", tuple(studies))
    figures["multiverse"] = FigurePlan("multiverse", tuple(studies))
    if null_directions:
        figures["null_directions"] = FigurePlan("null_directions", tuple(studies))
    if replicates:
        figures["stability"] = FigurePlan("stability", tuple(replicates))
        figures |= {f"replicates_{study}": FigurePlan("replicates", (study,), n) for study, n in replicates.items()}
    if "memory_game" in experiments.get("memorability", ()):  # as Table 1
        figures["hits_explained"] = FigurePlan("hits_explained")
    if power:
        figures["power"] = FigurePlan("power")
    if distilled:
        figures["masks"] = FigurePlan("masks")

    def can_be_drawn(figure: FigurePlan) -> bool:
        if figure.kind in EXPERIMENTS:
            return figure.kind in experiments.get(figure.studies[0], ())
        return realness or figure.kind != "realness"

    return {name: figure for name, figure in figures.items() if can_be_drawn(figure)}


def catalogues_of(studies: Sequence[str]) -> dict[str, FigurePlan]:
    """The catalogue of each study: all its seeds, page after page."""
    return {f"catalogue_{study}": FigurePlan("catalogue", (study,)) for study in studies}
