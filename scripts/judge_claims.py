"""Put the paper's numbers beside ours, each with a verdict."""

from pathlib import Path

from pydantic import Field

from ganalyze.report.claims import CLAIMS, judge_claims, kind_of_table, read_claims
from ganalyze.statistics.equivalence import Equivalence
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings
from ganalyze.support.tables import read_table, write_table


class Arguments(Settings):
    """The paper's numbers, and ours."""

    claims: Path = Field(default=CLAIMS, description="the paper's numbers")
    results: Path = Field(description="results/<run>")
    studies: tuple[str, ...] = Field(description="names of the run's studies")
    tables: tuple[Path, ...] = Field(
        description="those that this run has of our tables that claims are about, in a study's folder of the results"
    )
    equivalence: Equivalence = Equivalence()
    output: Path = Field(description="table to write (CSV)")


def main(arguments: Arguments) -> None:
    tables = {}
    for path in arguments.tables:
        study, _, place = path.relative_to(arguments.results).as_posix().partition("/")
        tables[study, kind_of_table(place)] = read_table(path)
    claims = judge_claims(read_claims(arguments.claims), arguments.studies, tables, arguments.equivalence)
    write_table(claims, arguments.output)
    print(f"{arguments.output}: {', '.join(f'{n} {verdict}' for verdict, n in claims.verdict.value_counts().items())}")


if __name__ == "__main__":
    run_command(main)
