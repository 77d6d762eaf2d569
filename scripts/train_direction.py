"""Train the direction θ of one assessor in a generator's latent space (paper Eq. 1) and write it with its loss log."""

import argparse
from pathlib import Path
from typing import get_args

from ganalyze.direction.training import TrainingOptions, train_direction
from ganalyze.direction.transformer import Kind, Rescaling, Start, TransformerOptions, save_direction
from ganalyze.models.assessors import ASSESSORS, load_assessor, report_missed
from ganalyze.models.compute import Compute
from ganalyze.models.generators import GENERATORS, load_generator
from ganalyze.models.registry import parse_options
from ganalyze.models.weights.files import verified
from ganalyze.models.weights.records import sha256_of
from ganalyze.support.errors import run_command
from ganalyze.support.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generator", required=True, help=f"one of {', '.join(GENERATORS)}")
    parser.add_argument("--assessor", required=True, help=f"one of {', '.join(ASSESSORS)}")
    parser.add_argument("--generator-options", nargs="*", default=[], metavar="OPTION=VALUE", help="see its card")
    parser.add_argument("--assessor-options", nargs="*", default=[], metavar="OPTION=VALUE", help="see its card")
    parser.add_argument("--output", type=Path, required=True, help="the direction, theta.safetensors")
    parser.add_argument("--loss", type=Path, required=True, help="the loss log, loss.csv")
    parser.add_argument("--checkpoint", type=Path, required=True, help="where to go on from after a kill")
    parser.add_argument("--study", required=True, help="names the random streams")
    parser.add_argument("--samples", type=int, required=True, help="z vectors seen in all")
    parser.add_argument("--batch-size", type=int, required=True, help="z vectors a step")
    parser.add_argument("--learning-rate", type=float, required=True, help="of Adam")
    parser.add_argument("--alpha-max", type=float, required=True, help="α is drawn uniformly from ± this")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--checkpoint-every", type=int, default=100, help="steps; default: %(default)s")
    parser.add_argument("--gradients", choices=("zeroed", "accumulated"), default="zeroed", help="default: %(default)s")
    parser.add_argument("--transformer", choices=get_args(Kind), default="one_direction", help="default: %(default)s")
    parser.add_argument("--rescaling", choices=get_args(Rescaling), default="none", help="default: %(default)s")
    parser.add_argument("--start", choices=get_args(Start), default="zeros", help="of θ; default: %(default)s")
    Compute.add_arguments(parser)
    arguments = parser.parse_args()

    options = TrainingOptions(
        samples=arguments.samples,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        alpha_max=arguments.alpha_max,
        seed=arguments.seed,
        study=arguments.study,
        checkpoint_every=arguments.checkpoint_every,
        gradients=arguments.gradients,
        transformer=TransformerOptions(arguments.transformer, arguments.rescaling, arguments.start),
    )
    generator_card, assessor_card = GENERATORS[arguments.generator], ASSESSORS[arguments.assessor]
    compute = Compute.from_arguments(arguments)
    chosen = {"generator": parse_options(arguments.generator_options)}
    chosen["assessor"] = parse_options(arguments.assessor_options)
    generator = load_generator(arguments.generator, arguments.weights_dir, compute.device, chosen["generator"])
    assessor = load_assessor(arguments.assessor, arguments.weights_dir, compute.device, chosen["assessor"])
    models = {"generator": arguments.generator, "assessor": arguments.assessor}
    models |= {f"{model}_options": options for model, options in chosen.items() if options}
    models |= {f: sha256_of(verified(arguments.weights_dir, f)) for f in generator_card.files + assessor_card.files}

    theta, losses = train_direction(
        compute.tuned(generator), compute.tuned(assessor), options, compute, arguments.checkpoint, models
    )
    write_table(losses, arguments.loss)
    about = {"transformer": arguments.transformer, "rescaling": arguments.rescaling, "samples": options.samples}
    save_direction(theta, arguments.output, models | about)
    report_missed(assessor)


if __name__ == "__main__":
    run_command(main)
