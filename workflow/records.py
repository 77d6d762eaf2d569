"""Snakemake's records of finished jobs, carried along with the results, so that `make pull` brings them too.

Snakemake notes for every output which rule, settings and inputs made it, with the inputs' checksums, in .snakemake/,
which stays on one machine. In a fresh clone it would therefore make everything again. With the records given back it
sees what is finished, and what an edit concerns, whether it was made before or after the pull: nothing is hidden.

    python workflow/records.py keep results/demo       write them to results/demo/records.json
    python workflow/records.py restore results/demo    give them back to Snakemake
"""

import json
import os
from pathlib import Path
from typing import Literal

import tyro
from pydantic import Field
from snakemake.persistence import MetadataRecord
from snakemake.persistence.file import FilePersistence

from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole
from ganalyze.support.settings import Settings

FILE = "records.json"
# What Snakemake compares. Not when a job ran: the same results have the same records.
FIELDS = (
    "rule",
    "code",
    "shellcmd",
    "params",
    "input",
    "input_checksums",
    "software_stack_hash",
    "record_format_version",
)
# Restored files all get one time, older than any source file: so no result seems newer than another, and Snakemake
# goes by the checksums of the sources.
LONG_AGO = 10**9


class Records:
    """Snakemake's records of jobs done in this folder. Snakemake offers no public way to them: this is the one place
    that uses its own (9.27), and tests/workflow/test_records.py says so where that changes."""

    def __init__(self) -> None:
        self._persistence = FilePersistence(path=Path(".snakemake").resolve())

    def of(self, path: str) -> MetadataRecord | None:
        """The record of an output; None where there is none, or its job did not finish."""
        record = self._persistence._read_record(path)
        return None if record is None or record.incomplete else record

    def add(self, path: str, values: dict) -> None:
        """Record an output as made, with `FIELDS`."""
        self._persistence._write_record(path, MetadataRecord(**values, incomplete=False))


def keep(results: Path) -> None:
    """Write the records of all that lies in `results`, and of what it was made from: weights, temporary chunks."""
    snakemake = Records()
    waiting, records = sorted(map(str, results.rglob("*"))), {}
    while waiting:
        path = waiting.pop()
        record = snakemake.of(path)
        if path in records or record is None:
            continue
        records[path] = {field: record[field] for field in FIELDS}
        waiting += record.input
    if not records:
        raise GanalyzeError(f"Snakemake has no records of {results}: finish the run first (snakemake --cores all)")
    with written_whole(results / FILE) as temporary:
        temporary.write_text(json.dumps(records, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def restore(results: Path) -> None:
    """Give the records of `results` to Snakemake."""
    snakemake = Records()
    for name, values in json.loads((results / FILE).read_text(encoding="utf-8")).items():
        for file in (*Path(name).rglob("*"), Path(name)):
            if file.exists():
                os.utime(file, (LONG_AGO, LONG_AGO))
        snakemake.add(name, values)


class Arguments(Settings):
    """What to do with the records."""

    command: tyro.conf.Positional[Literal["keep", "restore"]]
    results: tyro.conf.Positional[Path] = Field(description="results/<run>")


def main(arguments: Arguments) -> None:
    {"keep": keep, "restore": restore}[arguments.command](arguments.results)


if __name__ == "__main__":
    run_command(main)
