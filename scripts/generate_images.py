"""Generate the images of an image set (every seed at every alpha), or one chunk of them: a shard and its manifest."""

import argparse
from pathlib import Path

import torch

from ganalyze.direction.generation import ImageSetOptions, chunk_of, draw_seeds, generate_images
from ganalyze.direction.transformer import load_direction
from ganalyze.models.compute import Compute
from ganalyze.models.generators import GENERATORS, load_generator
from ganalyze.models.registry import parse_options
from ganalyze.support.errors import GanalyzeError, run_command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generator", required=True, help=f"one of {', '.join(GENERATORS)}")
    parser.add_argument("--generator-options", nargs="*", default=[], metavar="OPTION=VALUE", help="see its card")
    parser.add_argument("--direction", type=Path, help="theta.safetensors; without it, alpha 0 only")
    parser.add_argument("--output", type=Path, required=True, help="the manifest, NAME.csv; images go to NAME.zip")
    parser.add_argument("--set", required=True, help="name of the image set, e.g. test")
    parser.add_argument("--alphas", type=float, nargs="+", required=True, help="the grid")
    parser.add_argument("--classes", type=int, default=1, help="classes drawn at random; default: %(default)s")
    parser.add_argument("--seeds-per-class", type=int, required=True, help="z vectors a class")
    parser.add_argument(
        "--z",
        choices=("truncated", "tails"),
        default="truncated",
        help="part of the normal distribution that z is from; default: %(default)s",
    )
    parser.add_argument("--seed", type=int, required=True, help="of the run")
    parser.add_argument("--chunk", type=int, default=0, help="which chunk to make, from 0; default: %(default)s")
    parser.add_argument("--chunks", type=int, default=1, help="of how many; default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=40, help="images at once; default: %(default)s")
    Compute.add_arguments(parser)
    arguments = parser.parse_args()

    options = ImageSetOptions(
        name=arguments.set,
        classes=arguments.classes,
        seeds_per_class=arguments.seeds_per_class,
        alphas=tuple(arguments.alphas),
        seed=arguments.seed,
        batch_size=arguments.batch_size,
        tails=arguments.z == "tails",
    )
    compute = Compute.from_arguments(arguments)
    generator_options = parse_options(arguments.generator_options)
    generator = load_generator(arguments.generator, arguments.weights_dir, compute.device, generator_options)
    generator = compute.tuned(generator)
    about = {}
    if arguments.direction:
        theta, about = load_direction(arguments.direction, generator.z_dim)
    elif options.alphas == (0,):
        theta = torch.zeros(generator.z_dim)
    else:
        raise GanalyzeError("--direction is missing: without one, --alphas can only be 0, the unmodified seed")
    seeds = chunk_of(draw_seeds(options, generator.num_classes), options, arguments.chunk, arguments.chunks)
    rescaling = about.get("rescaling", "none")
    generate_images(generator, theta, seeds, options, compute, arguments.output.with_suffix(""), rescaling)


if __name__ == "__main__":
    run_command(main)
