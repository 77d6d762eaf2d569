"""Estimate how many participants a memory game needs to detect effects as large as the paper's, by simulation."""

from pathlib import Path

from pydantic import Field

from ganalyze.experiments.power import estimate_power
from ganalyze.report.claims import CLAIMS, memory_effects, read_claims
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Positive, Seed, Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """How much is simulated."""

    claims: Path = Field(default=CLAIMS, description="the paper's")
    data_sets: Positive = Field(default=12, description="of each size")
    seed: Seed
    output: Path = Field(description="table to write (CSV)")


def main(arguments: Arguments) -> None:
    power = estimate_power(memory_effects(read_claims(arguments.claims)), arguments.data_sets, arguments.seed)
    write_table(power, arguments.output)
    for study in power.drop_duplicates("study").itertuples():
        print(
            f"{study.study}: β = {study.beta}, 80 % power with {study.needed:.0f} participants "
            f"(95 % interval of the simulation {study.needed_low:.0f} to {study.needed_high:.0f})"
        )


if __name__ == "__main__":
    run_command(main)
