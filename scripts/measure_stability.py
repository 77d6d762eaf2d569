"""Compare a study's direction with those of further trainings, and with itself on its way: is it stable?"""

from pathlib import Path

import pandas as pd
from pydantic import Field

from ganalyze.direction.course import load_course
from ganalyze.direction.generation import spaced_seeds
from ganalyze.direction.settings import ImageSetSettings, WhichImages
from ganalyze.direction.transformer import Transformer
from ganalyze.measures.slopes import slopes_along
from ganalyze.measures.stability import along_training, cosines
from ganalyze.models.choices import AssessorChoice, GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Positive, Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """Which directions, and where the tables go."""

    study: str = Field(description="named in progress")
    direction: Path = Field(description="the study's own, theta.safetensors")
    replicates: tuple[Path, ...] = Field(description="of further trainings, theta.safetensors")
    course: Path = Field(description="the study's own on its way, course.safetensors")
    seeds: Positive = Field(default=12, description="of the image set, at even spaces, on which slopes are measured")
    batch_size: Positive = Field(default=40, description="images at once")
    slopes: Path = Field(description="table to write: the slope along each direction")
    cosines: Path = Field(description="table to write: the cosine of each two of them")
    along_training: Path = Field(description="table to write: the slope after so many samples")
    which: WhichImages
    image_set: ImageSetSettings
    generator: GeneratorChoice
    assessor: AssessorChoice
    weights: Weights = Weights()
    compute: Compute = Compute()


def main(arguments: Arguments) -> None:
    compute, which = arguments.compute.prepare(), arguments.which
    generator, images = arguments.generator.load_and_try(arguments.weights, compute)
    assessor = arguments.assessor.load_assessor(arguments.weights, compute, images)
    seeds = spaced_seeds(arguments.image_set, arguments.seeds, which.set, generator, which.seed)
    paths = (arguments.direction, *arguments.replicates)
    transformers = {str(number): Transformer.load(path, generator.z_dim) for number, path in enumerate(paths)}
    course = load_course(arguments.course)
    rescaling = transformers["0"].settings.rescaling
    on_the_way = [Transformer.along(theta, rescaling) for theta in course.values()]
    slopes = slopes_along(
        generator,
        assessor,
        [*transformers.values(), *on_the_way],
        seeds,
        (which.alphas[0], which.alphas[-1]),
        arguments.batch_size,
        compute,
        f"stability of {arguments.study}",
    )
    own, later = slopes[: len(transformers)], slopes[len(transformers) :]
    write_table(pd.DataFrame({"direction": list(transformers), "slope": own, "n": len(seeds)}), arguments.slopes)
    write_table(cosines({name: one.theta.detach() for name, one in transformers.items()}), arguments.cosines)
    write_table(along_training(course, later), arguments.along_training)


if __name__ == "__main__":
    run_command(main)
