"""Put the paper's numbers beside ours, each with a verdict."""

import argparse
from pathlib import Path

from ganalyze.report.claims import TABLES, judge_claims, read_claims
from ganalyze.support.errors import GanalyzeError, run_command
from ganalyze.support.tables import read_table, write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--claims", type=Path, default=Path("config/claims.csv"), help="the paper's numbers: %(default)s"
    )
    parser.add_argument("--results", type=Path, required=True, help="results/<run>")
    parser.add_argument("--studies", nargs="+", required=True, help="names of the run's studies")
    parser.add_argument(
        "--tables",
        type=Path,
        nargs="+",
        required=True,
        help=f"those of our tables that this run has, in a study's folder of the results: {', '.join(TABLES.values())}",
    )
    parser.add_argument("--output", type=Path, required=True, help="table to write (CSV)")
    arguments = parser.parse_args()

    kinds = {path: kind for kind, path in TABLES.items()}
    tables = {}
    for path in arguments.tables:
        study, _, place = path.relative_to(arguments.results).as_posix().partition("/")
        if place not in kinds:
            raise GanalyzeError(f"no claim is about {path}: known are {', '.join(kinds)}")
        tables[study, kinds[place]] = read_table(path)
    claims = judge_claims(read_claims(arguments.claims), arguments.studies, tables)
    write_table(claims, arguments.output)
    print(f"{arguments.output}: {', '.join(f'{n} {verdict}' for verdict, n in claims.verdict.value_counts().items())}")


if __name__ == "__main__":
    run_command(main)
