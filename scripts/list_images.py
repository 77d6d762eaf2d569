"""List the images of an image set without making them: its manifest, which is all that tracks need."""

from pathlib import Path

from pydantic import Field

from ganalyze.direction.generation import draw_seeds, list_images
from ganalyze.direction.settings import ImageSetSettings
from ganalyze.images.image_sets import write_manifest
from ganalyze.images.shards import ImageFormat
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Floats, Settings


class Arguments(Settings):
    """Which images."""

    output: Path = Field(description="the manifest, NAME.csv")
    set: str = Field(description="name of the image set, e.g. filler")
    alphas: Floats = Field(description="the grid")
    seed: int = Field(description="of the run")
    image_format: ImageFormat = Field(default="png", description="in which images will be stored")
    image_set: ImageSetSettings
    generator: GeneratorChoice
    compute: Compute = Compute()
    weights: Weights = Weights()


def main(arguments: Arguments) -> None:
    generator = arguments.generator.load_generator(arguments.weights, arguments.compute)
    seeds = draw_seeds(arguments.image_set, generator.num_classes, arguments.seed)
    manifest = list_images(seeds, arguments.set, arguments.alphas, generator.class_names, arguments.image_format)
    write_manifest(manifest, arguments.output)


if __name__ == "__main__":
    run_command(main)
