"""Generate the images of an image set (every seed at every alpha), or one chunk of them: a shard and its manifest."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from ganalyze.direction.generation import choose_spaced, chunk_of, draw_seeds, generate_images
from ganalyze.direction.settings import ImageSetSettings, seeds_per_batch
from ganalyze.direction.transformer import Transformer
from ganalyze.images.shards import ImageFormat
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Floats, Positive, Settings


class Arguments(Settings):
    """Which images, and where they go."""

    output: Path = Field(description="the manifest, NAME.csv; images go to NAME.zip")
    direction: Path | None = Field(default=None, description="theta.safetensors; without it, alpha 0 only")
    set: str = Field(description="name of the image set, e.g. test")
    alphas: Floats = Field(description="the grid")
    z: Literal["truncated", "tails"] = Field(
        default="truncated", description="part of the normal distribution that z is from"
    )
    seed: int = Field(description="of the run")
    spaced: Positive | None = Field(default=None, description="of the seeds, so many at even spaces; default: all")
    chunk: int = Field(default=0, description="which chunk to make, from 0")
    batch_size: Positive = Field(default=40, description="images at once")
    image_format: ImageFormat = Field(default="png", description="in which images are stored")
    image_set: ImageSetSettings
    generator: GeneratorChoice
    compute: Compute = Compute()
    weights: Weights = Weights()


def main(arguments: Arguments) -> None:
    compute = arguments.compute.prepare()
    generator = arguments.generator.load_generator(arguments.weights, compute)
    if arguments.direction:
        transformer = Transformer.load(arguments.direction, generator.z_dim)
    elif arguments.alphas == (0,):
        transformer = Transformer.identity(generator.z_dim)
    else:
        raise GanalyzeError("--direction is missing: without one, --alphas can only be 0, the unmodified seed")
    seeds = draw_seeds(arguments.image_set, generator.num_classes, arguments.seed)
    if arguments.spaced:
        seeds = choose_spaced(seeds, arguments.spaced)
    batch = seeds_per_batch(arguments.batch_size, len(arguments.alphas))
    generate_images(
        generator,
        transformer,
        chunk_of(seeds, arguments.chunk, arguments.image_set.chunks, batch),
        set_name=arguments.set,
        alphas=arguments.alphas,
        seed=arguments.seed,
        batch_size=arguments.batch_size,
        tails=arguments.z == "tails",
        compute=compute,
        folder=arguments.output.with_suffix(""),
        image_format=arguments.image_format,
    )


if __name__ == "__main__":
    run_command(main)
