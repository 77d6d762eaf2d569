"""Score the images of studies by an assessor that may be another, at the ends of their α grids: what moving along their
directions does to its score."""

from pathlib import Path

import pandas as pd
from pydantic import Field, model_validator

from ganalyze.images.image_sets import ImageSet
from ganalyze.measures.scores import score_images
from ganalyze.models.choices import AssessorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.conformance import first_two
from ganalyze.models.contract import report_without_subject
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Positive, Settings, need_one_each
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """Which studies, and what is written."""

    studies: tuple[str, ...] = Field(min_length=1, description="their names")
    manifests: tuple[Path, ...] = Field(description="their test sets, one a study")
    output: Path = Field(description="table to write (CSV)")
    batch_size: Positive = Field(default=40, description="images at once")
    assessor: AssessorChoice
    weights: Weights = Weights()
    compute: Compute = Compute()

    @model_validator(mode="after")
    def _one_each(self) -> "Arguments":
        need_one_each(studies=self.studies, manifests=self.manifests)
        return self


def main(arguments: Arguments) -> None:
    compute = arguments.compute.prepare()
    sets = [ImageSet.open(path) for path in arguments.manifests]
    assessor = arguments.assessor.load_assessor(arguments.weights, compute, first_two(sets[0], compute))
    tables = []
    for study, images in zip(arguments.studies, sets, strict=True):
        ends = images.at((images.alphas[0], images.alphas[-1]))
        scores = score_images(assessor, ends, arguments.batch_size, compute)
        tables.append(ends.manifest[["image_id", "seed_id", "alpha"]].assign(study=study, score=scores))
    write_table(
        pd.concat(tables, ignore_index=True)[["study", "image_id", "seed_id", "alpha", "score"]], arguments.output
    )
    report_without_subject(assessor)


if __name__ == "__main__":
    run_command(main)
