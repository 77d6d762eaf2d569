"""Estimate how many participants and images the memory game needs to detect effects as large as the paper's, and
the 2AFC task to show that there is none, by simulation."""

from pathlib import Path

from pydantic import Field

from ganalyze.experiments.power import estimate_power
from ganalyze.report.claims import CLAIMS, memory_effects, read_claims
from ganalyze.statistics.equivalence import Equivalence
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Positive, Seed, Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """How much is simulated."""

    claims: Path = Field(default=CLAIMS, description="the paper's")
    data_sets: Positive = Field(default=100, description="of each size")
    seed: Seed
    equivalence: Equivalence = Equivalence()
    output: Path = Field(description="table to write (CSV)")


def main(arguments: Arguments) -> None:
    effects = memory_effects(read_claims(arguments.claims))
    power = estimate_power(effects, arguments.data_sets, arguments.seed, arguments.equivalence)
    write_table(power, arguments.output)
    for study in power.drop_duplicates(["experiment", "study"]).itertuples():
        interval = f" (95 % interval of the simulation {study.needed_low:.0f} to {study.needed_high:.0f})"
        print(
            f"{study.experiment}, {study.study}: β = {study.beta}, 80 % power with {study.needed:.0f} participants"
            f"{interval if study.beta else ' to show that there is none'}"
        )


if __name__ == "__main__":
    run_command(main)
