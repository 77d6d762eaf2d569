"""Measure how real an image set is at every alpha (paper §3.3.1): FID, Inception Score, KID, precision and recall."""

import sys
from pathlib import Path

from pydantic import Field

from ganalyze.images.image_sets import ImageSet
from ganalyze.measures.realness.measures import measure_realness
from ganalyze.measures.realness.settings import RealnessMeasurement
from ganalyze.models.compute import Compute
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Seed, Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """Which images, and what they are measured against."""

    manifest: Path = Field(description="which images")
    reference: Path = Field(
        description="what is real: the manifest of a generated set, or a folder of photographs with one subfolder a "
        "class, as ImageNet's"
    )
    output: Path = Field(description="table to write (CSV)")
    seed: Seed
    measurement: RealnessMeasurement
    weights: Weights = Weights()
    compute: Compute = Compute()


def main(arguments: Arguments) -> None:
    realness = measure_realness(
        ImageSet.open(arguments.manifest),
        arguments.reference,
        arguments.measurement,
        seed=arguments.seed,
        weights=arguments.weights,
        compute=arguments.compute.prepare(),
    )
    write_table(realness, arguments.output)
    if note := realness.note[0]:
        print(f"warning: {note}", file=sys.stderr)


if __name__ == "__main__":
    run_command(main)
