"""Find the subject in the images of a manifest: a mask of each, white where the subject is, for measure_factors.py."""

import argparse
from pathlib import Path

from ganalyze.images.image_sets import read_manifest
from ganalyze.measures.masks import segment_stored
from ganalyze.models.compute import Compute
from ganalyze.models.segmenters import SEGMENTERS, load_segmenter
from ganalyze.support.errors import run_command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segmenter", required=True, help=f"one of {', '.join(SEGMENTERS)}")
    parser.add_argument("--manifest", type=Path, required=True, help="which images")
    parser.add_argument(
        "--output", type=Path, required=True, help="the masks' manifest, NAME.csv; masks go to NAME.zip"
    )
    parser.add_argument("--batch-size", type=int, default=40, help="images at once; default: %(default)s")
    Compute.add_arguments(parser)
    arguments = parser.parse_args()

    compute = Compute.from_arguments(arguments)
    manifest = read_manifest(arguments.manifest)
    segmenter = load_segmenter(arguments.segmenter, arguments.weights_dir, compute.device)
    sizes = segment_stored(segmenter, manifest, arguments.manifest, arguments.output, arguments.batch_size, compute)
    print(f"{arguments.output}: {len(sizes)} masks, {(sizes == 0).sum()} of them empty")


if __name__ == "__main__":
    run_command(main)
