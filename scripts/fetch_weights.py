"""Download pretrained weights by their names in config/weights.yaml, verify them, print where they are."""

import argparse
from pathlib import Path

from ganalyze.models.weights.catalogue import CATALOGUE, load_catalogue
from ganalyze.models.weights.files import fetch
from ganalyze.support.errors import run_command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help="published file name, e.g. model.pt")
    parser.add_argument("--weights-dir", type=Path, default="weights", help="default: %(default)s")
    parser.add_argument("--catalogue", type=Path, default=CATALOGUE, help="default: %(default)s")
    arguments = parser.parse_args()

    catalogue = load_catalogue(arguments.catalogue)
    for name in arguments.names:
        print(fetch(name, catalogue, arguments.weights_dir), flush=True)


if __name__ == "__main__":
    run_command(main)
