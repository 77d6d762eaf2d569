"""Measure how much of the subject's outline and features stays in place when seeds are moved, for several studies."""

from pathlib import Path

from pydantic import Field, model_validator

from ganalyze.images.image_sets import ImageSet
from ganalyze.measures.structure import compare_structure
from ganalyze.models.compute import Compute
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings, need_one_each
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """The studies, their images and masks."""

    studies: tuple[str, ...] = Field(min_length=1, description="names")
    manifests: tuple[Path, ...] = Field(description="test sets, one a study")
    masks: tuple[Path, ...] = Field(description="masks of their images (manifests), one a study")
    output: Path = Field(description="table to write (CSV)")
    detector: str | None = Field(default=None, description="of faces, whose landmarks are compared too, e.g. mtcnn")
    weights: Weights = Weights()
    compute: Compute = Compute()

    @model_validator(mode="after")
    def _one_each(self) -> "Arguments":
        need_one_each(studies=self.studies, manifests=self.manifests, masks=self.masks)
        return self


def main(arguments: Arguments) -> None:
    compute = arguments.compute.prepare()
    images = map(ImageSet.open, arguments.manifests)
    masks = map(ImageSet.open, arguments.masks)
    sets = dict(zip(arguments.studies, zip(images, masks, strict=True), strict=True))
    detector = DETECTORS.load(arguments.detector, arguments.weights, compute) if arguments.detector else None
    write_table(compare_structure(sets, detector), arguments.output)


if __name__ == "__main__":
    run_command(main)
