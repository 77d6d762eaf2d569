"""Move an inverted photograph along a direction: its images at every alpha, with their scores and the photograph's."""

from pathlib import Path

import pandas as pd
from pydantic import Field

from ganalyze.direction.generation import generate_images
from ganalyze.direction.inverted import Inverted, photographed_seeds
from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import ImageSet, write_manifest
from ganalyze.images.shards import ImageFormat
from ganalyze.measures.scores import score_images
from ganalyze.models.choices import AssessorChoice, GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.conformance import first_two
from ganalyze.models.contract import report_without_subject, residual_shape_of
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Floats, Positive, Settings


class Arguments(Settings):
    """Which photograph, and along what it is moved."""

    inverted: Path = Field(description="inverted.safetensors of scripts/invert_image.py, photograph.png beside it")
    direction: Path = Field(description="theta.safetensors")
    alphas: Floats = Field(description="the grid")
    output: Path = Field(description="the manifest, NAME.csv; images go to NAME.zip. The photograph's row has no alpha")
    batch_size: Positive = Field(default=40, description="images at once")
    image_format: ImageFormat = Field(default="png", description="in which images are stored")
    generator: GeneratorChoice
    assessor: AssessorChoice
    weights: Weights = Weights()
    compute: Compute = Compute()


def main(arguments: Arguments) -> None:
    compute, output = arguments.compute.prepare(), arguments.output
    generator = arguments.generator.load_generator(arguments.weights, compute)
    inverted = [Inverted.load(arguments.inverted, generator.z_dim, residual_shape_of(generator))]
    unscored = output.with_suffix("")
    generate_images(
        generator,
        Transformer.load(arguments.direction, generator.z_dim),
        photographed_seeds(inverted),
        set_name="photograph",
        alphas=arguments.alphas,
        seed=0,
        batch_size=arguments.batch_size,
        inverted=inverted,
        compute=compute,
        folder=unscored,
        image_format=arguments.image_format,
    )
    moved = ImageSet.open(output)
    photograph = pd.DataFrame([{"image_id": "photograph", "set": "photograph", "file": "photograph.png"}])
    manifest = pd.concat([photograph, moved.manifest], ignore_index=True)
    assessor = arguments.assessor.load_assessor(arguments.weights, compute, first_two(moved, compute))
    images = ImageSet(manifest, output.parent, output.stem)
    scores = score_images(assessor, images, arguments.batch_size, compute)
    write_manifest(manifest.assign(score=scores), output)
    report_without_subject(assessor)


if __name__ == "__main__":
    run_command(main)
