"""Measure the factors of paper §3.2 in every image of a set: brightness, colorfulness, … squareness."""

import argparse
from pathlib import Path

from ganalyze.measures.factors import measure
from ganalyze.support.errors import run_command
from ganalyze.support.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="manifest (CSV) or folder of PNG images")
    parser.add_argument(
        "--masks",
        type=Path,
        help="the subjects' masks (non-zero is subject): manifest, or "
        "folder of <image_id>.png; without, what needs a mask stays empty",
    )
    parser.add_argument("--output", type=Path, required=True, help="table to write (CSV)")
    parser.add_argument("--threads", type=int, help="default: all cores")
    args = parser.parse_args()

    factors = measure(args.images, args.masks, args.threads)
    write_table(factors, args.output)
    unusable = factors.object_size.isna().sum()
    print(f"{args.output}: {len(factors)} images, {unusable} of them without a usable mask")


if __name__ == "__main__":
    run_command(main)
