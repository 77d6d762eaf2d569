"""Generate the images of an image set (every seed at every alpha), or one chunk of them: a shard and its manifest."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from ganalyze.direction.generation import chunk_of, draw_seeds, generate_images
from ganalyze.direction.inverted import Inverted, photographed_seeds
from ganalyze.direction.settings import ImageSetSettings, WhichImages, seeds_per_batch
from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import evenly_spaced
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.contract import residual_shape_of
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Positive, Settings


class Arguments(Settings):
    """Which images, and where they go."""

    output: Path = Field(description="the manifest, NAME.csv; images go to NAME.zip")
    direction: Path | None = Field(default=None, description="theta.safetensors; without it, alpha 0 only")
    z: Literal["truncated", "tails"] = Field(
        default="truncated", description="part of the normal distribution that z is from"
    )
    spaced: Positive | None = Field(default=None, description="of the seeds, so many at even spaces; default: all")
    inverted: tuple[Path, ...] = Field(
        default=(), description="inverted photographs (scripts/invert_image.py) that are the seeds; default: random z"
    )
    chunk: int = Field(default=0, description="which chunk to make, from 0")
    batch_size: Positive = Field(default=40, description="images at once")
    which: WhichImages
    image_set: ImageSetSettings
    generator: GeneratorChoice
    compute: Compute = Compute()
    weights: Weights = Weights()


def main(arguments: Arguments) -> None:
    compute = arguments.compute.prepare()
    generator = arguments.generator.load_generator(arguments.weights, compute)
    if arguments.direction:
        transformer = Transformer.load(arguments.direction, generator.z_dim)
    elif arguments.which.alphas == (0,):
        transformer = Transformer.identity(generator.z_dim)
    else:
        raise GanalyzeError("--direction is missing: without one, --alphas can only be 0, the unmodified seed")
    shape = residual_shape_of(generator)
    inverted = [Inverted.load(path, generator.z_dim, shape) for path in arguments.inverted]
    if inverted:
        seeds = photographed_seeds(inverted)
    else:
        seeds = draw_seeds(arguments.image_set, generator.num_classes, arguments.which.seed)
    if arguments.spaced:
        seeds = seeds.iloc[evenly_spaced(arguments.spaced, len(seeds))]
    batch = seeds_per_batch(arguments.batch_size, len(arguments.which.alphas))
    generate_images(
        generator,
        transformer,
        chunk_of(seeds, arguments.chunk, arguments.image_set.chunks, batch),
        set_name=arguments.which.set,
        alphas=arguments.which.alphas,
        seed=arguments.which.seed,
        batch_size=arguments.batch_size,
        tails=arguments.z == "tails",
        inverted=inverted,
        compute=compute,
        folder=arguments.output.with_suffix(""),
        image_format=arguments.which.image_format,
    )


if __name__ == "__main__":
    run_command(main)
