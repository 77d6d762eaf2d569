"""Estimate how many participants a memory game needs to detect effects as large as the paper's, by simulation."""

import argparse
from pathlib import Path

from ganalyze.experiments.power import estimate_power
from ganalyze.report.claims import EXPERIMENT_OF, read_claims
from ganalyze.support.errors import GanalyzeError, run_command
from ganalyze.support.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=Path, default=Path("config/claims.csv"), help="the paper's: %(default)s")
    parser.add_argument("--data-sets", type=int, default=12, help="of each size; default: %(default)s")
    parser.add_argument("--seed", type=int, required=True, help="of the run")
    parser.add_argument("--output", type=Path, required=True, help="table to write (CSV)")
    arguments = parser.parse_args()
    if arguments.data_sets < 1:
        raise GanalyzeError(f"--data-sets: got {arguments.data_sets}, must be above 0")

    claims = read_claims(arguments.claims)
    hits = claims[(claims.quantity.map(EXPERIMENT_OF) == "memory_game") & claims.id.str.startswith("fig")]
    power = estimate_power(dict(zip(hits.study, hits.estimate, strict=True)), arguments.data_sets, arguments.seed)
    write_table(power, arguments.output)
    for study in power.drop_duplicates("study").itertuples():
        print(
            f"{study.study}: β = {study.beta}, 80 % power with {study.needed:.0f} participants "
            f"(95 % interval of the simulation {study.needed_low:.0f} to {study.needed_high:.0f})"
        )


if __name__ == "__main__":
    run_command(main)
