"""List the images of an image set without making them: its manifest, which is all that tracks need."""

from pathlib import Path

from pydantic import Field

from ganalyze.direction.generation import draw_seeds, list_images
from ganalyze.direction.settings import ImageSetSettings, WhichImages
from ganalyze.images.image_sets import write_manifest
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings


class Arguments(Settings):
    """Which images."""

    output: Path = Field(description="the manifest, NAME.csv")
    which: WhichImages
    image_set: ImageSetSettings
    generator: GeneratorChoice
    compute: Compute = Compute()
    weights: Weights = Weights()


def main(arguments: Arguments) -> None:
    generator = arguments.generator.load_generator(arguments.weights, arguments.compute)
    seeds = draw_seeds(arguments.image_set, generator.num_classes, arguments.which.seed)
    manifest = list_images(
        seeds, arguments.which.set, arguments.which.alphas, generator.class_names, arguments.which.image_format
    )
    write_manifest(manifest, arguments.output)


if __name__ == "__main__":
    run_command(main)
