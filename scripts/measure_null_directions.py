"""Measure the score along random directions of a direction's length: would any direction do it?"""

from pathlib import Path

from pydantic import Field

from ganalyze.direction.generation import spaced_seeds
from ganalyze.direction.settings import ImageSetSettings
from ganalyze.direction.transformer import Transformer
from ganalyze.measures.null_directions import compare_with_null
from ganalyze.measures.settings import NullDirections
from ganalyze.models.choices import AssessorChoice, GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Floats, Positive, Seed, Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """Which direction, on which seeds."""

    study: str = Field(description="names the random streams")
    seed: Seed
    direction: Path = Field(description="theta.safetensors")
    ends: Floats = Field(min_length=2, max_length=2, description="the smallest α and the largest")
    output: Path = Field(description="table to write (CSV)")
    batch_size: Positive = Field(default=40, description="images at once")
    null_directions: NullDirections
    image_set: ImageSetSettings
    generator: GeneratorChoice
    assessor: AssessorChoice
    weights: Weights = Weights()
    compute: Compute = Compute()


def main(arguments: Arguments) -> None:
    compute, (low, high) = arguments.compute.prepare(), arguments.ends
    generator, images = arguments.generator.load_and_try(arguments.weights, compute)
    assessor = arguments.assessor.load_assessor(arguments.weights, compute, images)
    table = compare_with_null(
        generator,
        assessor,
        Transformer.load(arguments.direction, generator.z_dim),
        spaced_seeds(arguments.image_set, arguments.null_directions.null_seeds, "test", generator, arguments.seed),
        (low, high),
        arguments.null_directions.directions,
        arguments.batch_size,
        compute,
        study=arguments.study,
        seed=arguments.seed,
    )
    write_table(table, arguments.output)


if __name__ == "__main__":
    run_command(main)
