"""The jobs that made a run's results, from Snakemake's records of them, held against the files that lie there."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import hash_of
from ganalyze.support.records import Records, give_back, records_of

ENDS = ("report.html", "metrics.json")  # what a run is for; all else is made on the way there


@dataclass(frozen=True)
class Job:
    """One command that Snakemake ran: paths as it named them, times in seconds since 1970, None where nobody wrote them
    down."""

    rule: str
    command: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    start: float | None
    end: float | None

    @cached_property
    def script(self) -> str:
        """The file that the command runs."""
        return next(word for word in shlex.split(self.command) if word.endswith(".py"))


def read_jobs(results: Path) -> list[Job]:
    """The jobs behind a finished run's report and metrics, each after those whose outputs it needs.

    Raises:
        GanalyzeError: there are no records, an output is missing that the report was made from, or a file is no longer
            what a job was given, so that results and records do not belong together.
    """
    give_back(results)
    records = records_of(results)
    ends = [str(results / name) for name in ENDS]
    needed = {*ends, *(path for end in ends if end in records for path in records[end]["input"])}
    missing = sorted(path for path in needed if not Path(path).exists() or (path in ends and path not in records))
    if missing:
        raise GanalyzeError(f"{results} is not finished, missing: {', '.join(missing)}: finish it (snakemake) first")
    jobs = list(_jobs(records, ends))
    _check_inputs([records[path] for job in jobs for path in job.outputs])
    return jobs


def _jobs(records: dict[str, Any], ends: list[str]) -> Iterator[Job]:
    """What one command wrote is one job; of these, those that `ends` need."""
    snakemake, outputs = Records(), dict[str, list[str]]()
    for path in sorted(records):
        outputs.setdefault(records[path]["shellcmd"], []).append(path)
    needs, waiting = {}, list(ends)
    while waiting:
        command = records[waiting.pop()]["shellcmd"]
        if command not in needs:
            made = sorted(path for path in records[outputs[command][0]]["input"] if path in records)
            needs[command] = [records[path]["shellcmd"] for path in made]
            waiting += made
    for command in TopologicalSorter({command: needs[command] for command in sorted(needs)}).static_order():
        first = records[outputs[command][0]]
        start, end, _ = snakemake.times(outputs[command][0]) or (None, None, [])
        yield Job(first["rule"], command, tuple(first["input"]), tuple(outputs[command]), start, end)


def _check_inputs(records: list[dict[str, Any]]) -> None:
    """Snakemake notes the checksums of small inputs, the code among them."""
    given = {item for record in records for item in record["input_checksums"].items() if item[1]}
    changed = sorted({path for path, sha256 in given if Path(path).is_file() and f"sha256:{hash_of(path)}" != sha256})
    if changed:
        raise GanalyzeError(
            f"results were made from another version of {', '.join(changed)}: finish the run (snakemake) first"
        )
