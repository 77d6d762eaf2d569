"""Compare the directions of several studies: their cosines, and what each does to the other assessors' scores."""

import argparse
from itertools import product
from pathlib import Path

from ganalyze.direction.alignment import compare_directions
from ganalyze.direction.transformer import load_direction
from ganalyze.images.image_sets import read_manifest
from ganalyze.support.errors import run_command
from ganalyze.support.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", nargs="+", required=True, help="names, two or more")
    parser.add_argument("--directions", type=Path, nargs="+", required=True, help="theta.safetensors, one a study")
    parser.add_argument(
        "--manifests",
        type=Path,
        nargs="+",
        required=True,
        help="scored test sets: of the first study by the assessor of each study in turn, then of the second, …",
    )
    parser.add_argument("--output", type=Path, required=True, help="table to write (CSV)")
    arguments = parser.parse_args()
    count = len(arguments.studies)
    if len(arguments.directions) != count or len(arguments.manifests) != count**2:
        parser.error(f"{count} studies need {count} directions and {count**2} manifests")

    thetas = {
        study: load_direction(path)[0].numpy()
        for study, path in zip(arguments.studies, arguments.directions, strict=True)
    }
    pairs = product(arguments.studies, repeat=2)
    manifests = dict(zip(pairs, map(read_manifest, arguments.manifests), strict=True))
    write_table(compare_directions(thetas, manifests), arguments.output)


if __name__ == "__main__":
    run_command(main)
