"""Measure how real an image set is at every alpha (paper §3.3.1): FID, Inception Score, KID, precision and recall."""

import argparse
import sys
from pathlib import Path

from ganalyze.measures.realness.measures import RealnessOptions, measure_realness
from ganalyze.models.compute import Compute
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.support.errors import run_command
from ganalyze.support.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True, help="which images")
    parser.add_argument(
        "--reference",
        type=Path,
        required=True,
        help="what is real: the manifest of a generated set, "
        "or a folder of photographs with one subfolder a class, as ImageNet's",
    )
    parser.add_argument("--extractor", required=True, help=f"one of {', '.join(EXTRACTORS)}")
    parser.add_argument("--output", type=Path, required=True, help="table to write (CSV)")
    parser.add_argument("--seed", type=int, required=True, help="of the run")
    parser.add_argument("--reference-per-class", type=int, default=50, help="photographs; default: %(default)s")
    parser.add_argument("--halves", type=int, default=500, help="of the seeds, for intervals; default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=8, help="images at once; default: %(default)s")
    Compute.add_arguments(parser)
    arguments = parser.parse_args()

    options = RealnessOptions(
        arguments.seed, arguments.reference_per_class, arguments.halves, batch_size=arguments.batch_size
    )
    compute = Compute.from_arguments(arguments)
    realness = measure_realness(
        arguments.manifest, arguments.reference, arguments.extractor, options, arguments.weights_dir, compute
    )
    write_table(realness, arguments.output)
    if note := realness.note[0]:
        print(f"warning: {note}", file=sys.stderr)


if __name__ == "__main__":
    run_command(main)
