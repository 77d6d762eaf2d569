"""Score the images of a manifest with an assessor: the manifest once more, with the column `score`."""

from pathlib import Path

from pydantic import Field

from ganalyze.images.image_sets import ImageSet, write_manifest
from ganalyze.measures.scores import score_images
from ganalyze.models.choices import AssessorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.conformance import first_two
from ganalyze.models.contract import report_without_subject
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Floats, Positive, Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """Which images, and what is written."""

    manifest: Path = Field(description="which images")
    output: Path = Field(description="beside the manifest, so that `file` holds")
    by_alpha: Path | None = Field(default=None, description="the mean score at every alpha (CSV)")
    alphas: Floats = Field(default=(), description="only the images at these; default: all")
    batch_size: Positive = Field(default=40, description="images at once")
    assessor: AssessorChoice
    weights: Weights = Weights()
    compute: Compute = Compute()


def main(arguments: Arguments) -> None:
    compute = arguments.compute.prepare()
    images = ImageSet.open(arguments.manifest)
    if arguments.alphas or arguments.by_alpha:
        images = images.at(arguments.alphas or images.alphas)
    assessor = arguments.assessor.load_assessor(arguments.weights, compute, first_two(images, compute))
    scores = score_images(assessor, images, arguments.batch_size, compute)
    scored = ImageSet(images.manifest.assign(score=scores), images.folder, images.name)
    if arguments.by_alpha:
        write_table(scored.mean_scores(), arguments.by_alpha)
    write_manifest(scored.manifest, arguments.output)
    report_without_subject(assessor)


if __name__ == "__main__":
    run_command(main)
