"""Draw a figure of finished results: OUTPUT.svg and OUTPUT.png, or a catalogue of several pages, OUTPUT.pdf.

python scripts/draw_figure.py sequences --results results/demo --studies memorability valence --output fig1

Figures are drawn from tables and stored images alone; which, `ganalyze.figures.plan` says.
"""

from importlib import import_module
from pathlib import Path

import tyro
from matplotlib.figure import Figure
from pydantic import Field

from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import save, save_pages
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Positive, Settings


class Arguments(Settings):
    """What is drawn, of which studies."""

    kind: tyro.conf.Positional[str] = Field(description="a file of ganalyze.figures, or the name of an experiment")
    results: Path = Field(description="results/<run>")
    studies: tuple[str, ...] = Field(default=(), description="whose results, in order")
    scores: tuple[str, ...] = Field(default=(), description="what the score of each is; default: its study's name")
    rows: Positive = Field(default=6, description="sequences a study")
    output: Path = Field(description="without suffix")


def main(arguments: Arguments) -> None:
    plan = FigurePlan(arguments.kind, arguments.studies, arguments.rows)
    if missing := [file for file in plan.files(arguments.results) if not Path(file).exists()]:
        raise GanalyzeError(f"{missing[0]} not found: the figure is drawn from it")
    scores = arguments.scores or arguments.studies
    if len(scores) != len(arguments.studies):
        raise GanalyzeError(f"{len(scores)} scores for {len(arguments.studies)} studies: give one for each")
    try:
        drawn = import_module(plan.module).draw(plan, arguments.results, dict(zip(plan.studies, scores, strict=True)))
    except ModuleNotFoundError as error:
        raise GanalyzeError(f"no figure is of the kind {arguments.kind!r}: {error}") from None
    if isinstance(drawn, Figure):
        save(drawn, arguments.output)
    else:
        save_pages(drawn, f"{arguments.output}.pdf")


if __name__ == "__main__":
    run_command(main)
