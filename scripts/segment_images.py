"""Find the subject in the images of a manifest: a mask of each, white where the subject is, for measure_factors.py."""

from pathlib import Path

from pydantic import Field

from ganalyze.images.image_sets import ImageSet
from ganalyze.measures.masks import segment_images
from ganalyze.models.choices import SegmenterChoice
from ganalyze.models.compute import Compute
from ganalyze.models.conformance import first_two
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Positive, Settings


class Arguments(Settings):
    """Which images, and where their masks go."""

    manifest: Path = Field(description="which images")
    output: Path = Field(description="the masks' manifest, NAME.csv; masks go to NAME.zip")
    batch_size: Positive = Field(default=40, description="images at once")
    segmenter: SegmenterChoice
    weights: Weights = Weights()
    compute: Compute = Compute()


def main(arguments: Arguments) -> None:
    compute = arguments.compute.prepare()
    images = ImageSet.open(arguments.manifest)
    segmenter = arguments.segmenter.load_segmenter(arguments.weights, compute, first_two(images, compute))
    sizes = segment_images(segmenter, images, arguments.output, arguments.batch_size, compute)
    print(f"{arguments.output}: {len(sizes)} masks, {(sizes == 0).sum()} of them empty")


if __name__ == "__main__":
    run_command(main)
