"""Join the chunks of an image set into its shards and one manifest."""

import argparse
from pathlib import Path

from ganalyze.images.image_sets import gather
from ganalyze.support.errors import run_command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", type=Path, nargs="+", metavar="PART", help="the chunks' manifests")
    parser.add_argument("--folder", type=Path, required=True, help="where the shards go; replaced as a whole")
    parser.add_argument("--manifest", type=Path, required=True, help="the manifest of the set, beside the folder")
    arguments = parser.parse_args()

    gather(arguments.parts, arguments.folder, arguments.manifest)


if __name__ == "__main__":
    run_command(main)
