"""Train the direction θ of one assessor in a generator's latent space (paper Eq. 1) and write it with its loss log."""

from pathlib import Path

from pydantic import Field

from ganalyze.direction.course import save_course
from ganalyze.direction.settings import Objective, Training, TransformerSettings
from ganalyze.direction.training import describe_models, train_direction
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.conformance import check_gradient
from ganalyze.models.contract import report_without_subject
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Seed, Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """What is learnt, and where it goes."""

    study: str = Field(description="names the random streams")
    seed: Seed
    output: Path = Field(description="the direction, theta.safetensors")
    loss: Path = Field(description="the loss log, loss.csv")
    course: Path | None = Field(default=None, description="θ on its way, by the samples seen (safetensors)")
    checkpoint: Path = Field(description="where to go on from after a kill")
    generator: GeneratorChoice
    objective: Objective
    training: Training
    transformer: TransformerSettings = TransformerSettings()
    compute: Compute = Compute()
    weights: Weights = Weights()


def main(arguments: Arguments) -> None:
    compute = arguments.compute.prepare()
    generator, images = arguments.generator.load_and_try(arguments.weights, compute)
    objective = arguments.objective
    assessors = []
    for choice in (objective, *objective.held):
        assessors.append(choice.load_assessor(arguments.weights, compute, images))
        names = f"generator {arguments.generator.generator}", f"assessor {choice.assessor}"
        check_gradient(generator, assessors[-1], names, compute)
    models = describe_models(arguments.generator, objective, arguments.weights)
    transformer, losses, course = train_direction(
        generator,
        assessors[0],
        arguments.training,
        arguments.transformer,
        compute,
        study=arguments.study,
        seed=arguments.seed,
        checkpoint=arguments.checkpoint,
        models=models,
        held=[(other, one.weight) for other, one in zip(assessors[1:], objective.held, strict=True)],
    )
    write_table(losses, arguments.loss)
    transformer.save(arguments.output, models, arguments.training.samples)
    if arguments.course:
        save_course(course, arguments.course)
    for assessor in assessors:
        report_without_subject(assessor)


if __name__ == "__main__":
    run_command(main)
