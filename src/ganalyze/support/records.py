"""Snakemake's records of finished jobs, kept beside the results, so that whoever gets these from DVC has nothing to do.

Snakemake notes for every output which rule, settings and inputs made it, with the inputs' checksums, in .snakemake/,
which stays on one machine. In a fresh clone it would therefore make everything again. With the records given back it
sees what is finished, and what an edit concerns, whether it was made before or after the pull: nothing is hidden.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from snakemake.persistence import MetadataRecord
from snakemake.persistence.file import FilePersistence

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import hash_of, written_whole

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
# Results that were brought all get one time, older than any source file: so no result seems newer than another, and
# Snakemake goes by the checksums of the sources.
LONG_AGO = 10**9
BROUGHT = Path(".snakemake/brought.json")  # which records were given to Snakemake: output → their digest


class Records:
    """Snakemake's records of jobs done in this folder. Snakemake offers no public way to them: this is the one place
    that uses its own (9.27), and tests/support/test_records.py says so where that changes."""

    def __init__(self) -> None:
        self._persistence = FilePersistence(path=Path(".snakemake").resolve())

    def of(self, path: str) -> dict[str, Any] | None:
        """The `FIELDS` of an output's record; None where there is none, or its job did not finish."""
        record = self._persistence._read_record(path)
        return None if record is None or record.incomplete else {field: record[field] for field in FIELDS}

    def times(self, path: str) -> tuple[float, float, list[str]] | None:
        """When the job of an output began and ended, seconds, and where its log is; None where it did not run here."""
        record = self._persistence._read_record(path)
        if record is None or record.incomplete or record.starttime is None or record.endtime is None:
            return None
        return record.starttime, record.endtime, list(record.log or [])

    def add(self, path: str, values: dict[str, Any]) -> None:
        """Record an output as made, with `FIELDS`."""
        self._persistence._write_record(path, MetadataRecord(**values, incomplete=False))


def keep(results: Path) -> None:
    """Write the records of `results` to results/records.json, each with what the output's content was.

    Raises:
        GanalyzeError: Snakemake has none.
    """
    records = {path: record | {"content": _content(Path(path))} for path, record in records_of(results).items()}
    with written_whole(results / FILE) as temporary:
        temporary.write_text(json.dumps(records, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def records_of(results: Path) -> dict[str, dict[str, Any]]:
    """The records of all that lies in `results`, and of what it was made from (weights, temporary chunks).

    Raises:
        GanalyzeError: Snakemake has none.
    """
    snakemake = Records()
    waiting, records = sorted(map(str, results.rglob("*"))), {}
    while waiting:
        path = waiting.pop()
        record = snakemake.of(path)
        if path in records or record is None:
            continue
        records[path] = record
        waiting += record["input"]
    if not records:
        raise GanalyzeError(f"Snakemake has no records of {results}: finish the run first (snakemake --cores all)")
    return records


def give_back(results: Path) -> None:
    """Give Snakemake the records of what came here from elsewhere (`dvc pull`): of every output that is, byte for byte,
    the one that was recorded, or is not here. What Snakemake made here itself keeps its own record."""
    file = results / FILE
    if not file.is_file():
        return
    snakemake = Records()
    brought = json.loads(BROUGHT.read_text(encoding="utf-8")) if BROUGHT.is_file() else {}
    before = dict(brought)
    for name, values in json.loads(file.read_text(encoding="utf-8")).items():
        content = values.pop("content", "unknown")
        digest = _digest(values)
        if brought.get(name) == digest:
            continue
        own, here = snakemake.of(name), _content(Path(name))
        if here not in (None, content):
            continue
        if own is None or _digest(own) == brought.get(name):
            snakemake.add(name, values)
        elif _digest(own) != digest:
            continue
        if here == content:  # else it may still come
            for path in (*Path(name).rglob("*"), Path(name)):
                if path.exists():
                    os.utime(path, (LONG_AGO, LONG_AGO))
            brought[name] = digest
    if brought != before:
        with written_whole(BROUGHT) as temporary:
            temporary.write_text(json.dumps(brought), encoding="utf-8")


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _content(path: Path) -> str | None:
    """The SHA-256 of a file, or of the names and contents of all files of a folder; None where there is neither: what
    was temporary."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and file.name != ".snakemake_timestamp")
        return _digest({file.relative_to(path).as_posix(): _content(file) for file in files})
    return hash_of(path) if path.is_file() else None
