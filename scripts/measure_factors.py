"""Measure the factors of paper §3.2 in every image of a set: brightness, colorfulness, … squareness."""

from pathlib import Path

from pydantic import Field

from ganalyze.images.image_sets import ImageSet
from ganalyze.measures.factors import by_alpha, measure
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Positive, Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """Which images, and where the table goes."""

    images: Path = Field(description="manifest (CSV) or folder of images")
    masks: Path | None = Field(
        default=None,
        description="the subjects' masks (non-zero is subject): manifest, or folder of <image_id>.png; without, what "
        "needs a mask stays empty",
    )
    output: Path = Field(description="table to write (CSV)")
    by_alpha: Path | None = Field(default=None, description="the mean of each factor at every alpha (CSV)")
    threads: Positive | None = Field(default=None, description="default: all cores")


def main(arguments: Arguments) -> None:
    images = None
    if arguments.by_alpha:
        if arguments.images.is_dir():
            raise GanalyzeError("--by-alpha: a folder does not tell at which alpha its images are, give a manifest")
        images = ImageSet.open(arguments.images)
        images = images.at(images.alphas)
    factors = measure(arguments.images, arguments.masks, arguments.threads)
    if arguments.by_alpha and images:
        write_table(by_alpha(factors, images), arguments.by_alpha)
    write_table(factors, arguments.output)
    unusable = factors.object_size.isna().sum()
    print(f"{arguments.output}: {len(factors)} images, {unusable} of them without a usable mask")


if __name__ == "__main__":
    run_command(main)
