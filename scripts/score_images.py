"""Score the images of a manifest with an assessor: the manifest once more, with the column `score`."""

import argparse
from pathlib import Path

from ganalyze.images.image_sets import read_manifest, write_manifest
from ganalyze.measures.scores import score_images
from ganalyze.models.assessors import ASSESSORS, load_assessor, report_missed
from ganalyze.models.compute import Compute
from ganalyze.models.registry import parse_options
from ganalyze.support.errors import GanalyzeError, run_command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assessor", required=True, help=f"one of {', '.join(ASSESSORS)}")
    parser.add_argument("--assessor-options", nargs="*", default=[], metavar="OPTION=VALUE", help="see its card")
    parser.add_argument("--manifest", type=Path, required=True, help="which images")
    parser.add_argument("--output", type=Path, required=True, help="beside the manifest, so that `file` holds")
    parser.add_argument("--alphas", type=float, nargs="+", help="only the images at these; default: all")
    parser.add_argument("--batch-size", type=int, default=40, help="images at once; default: %(default)s")
    Compute.add_arguments(parser)
    arguments = parser.parse_args()

    compute = Compute.from_arguments(arguments)
    manifest = read_manifest(arguments.manifest)
    if arguments.alphas:
        manifest = manifest[manifest.alpha.isin(arguments.alphas)].reset_index(drop=True)
        if manifest.empty:
            raise GanalyzeError(f"{arguments.manifest} has no image at alpha {arguments.alphas}")
    options = parse_options(arguments.assessor_options)
    assessor = load_assessor(arguments.assessor, arguments.weights_dir, compute.device, options)
    scores = score_images(compute.tuned(assessor), manifest, arguments.manifest, arguments.batch_size, compute)
    write_manifest(manifest.assign(score=scores), arguments.output)
    report_missed(assessor)


if __name__ == "__main__":
    run_command(main)
