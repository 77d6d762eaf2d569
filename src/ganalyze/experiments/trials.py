"""The trial table: one row a trial of the memory game or of the 2AFC task, checked before anything is made of it.

A row says what was shown to whom and what they did:

    participant     a pseudonym (ganalyze.experiments.trial.PARTICIPANT_RULE)
    series          the participant's first, second, … series, from 1
    track           which prepared series of trials this was (ganalyze.experiments.tracks)
    trial_index     place in the series, ascending
    phase           main, or practice, which no analysis uses
    role            target, filler or vigilance
    image_id, seed_id, class_id, alpha      the generated image, as in its manifest
    is_repeat, lag  memory game: whether the image was shown before in this series, and how many images since (else
                    empty)
    response        memory game: 1 for a key press, 0 for none; 2AFC: the side called fake, left or right
    correct         1 or 0
    rt_ms           time to the response; empty where there was none
    shown_at        when the image came on, ISO 8601 with its offset from UTC
    data_source     human or simulated, one for the whole table
    foil_image_id, fake_side    2AFC: the real image, and the side of the generated one; else empty

and, where it is known, how it went:

    planned         how many trials of phase main the series has, whether they were done or not
    image_ms        how long the image, or pair, really was on the screen
    hidden          whether the window was hidden at some time of the trial

Flags are 0 or 1. Rows in messages are lines of the file, so that the header is row 1.
"""

import contextlib
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from ganalyze.experiments.checks import CHECKS
from ganalyze.experiments.experiment import Experiment
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.trial import AS_IT_WENT, COLUMNS, INTEGERS, PARTICIPANT_RULE, Trial
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.tables import write_table

SHOWN_FAULTS = 8  # more would bury the first


class Faults(GanalyzeError):
    """Everything that is wrong with a trial table, as one line."""

    def __init__(self, path: Path | str, faults: list[str]):
        self.faults = faults
        shown = "; ".join(faults[:SHOWN_FAULTS])
        more = f"; and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"{path} has {count}: {shown}{more}")


def read_trials(path: Path | str, experiment: str, images: pd.DataFrame) -> pd.DataFrame:
    """Read a trial table and check it, row by row and as a whole.

    images: the manifests of every image set that may have been shown, one below the other (columns image_id, set,
    seed_id, class_id, alpha). Returns the rows in the order of participant, series and trial_index, with `COLUMNS` and
    those of `AS_IT_WENT` that hold anything.

    Raises Faults, a GanalyzeError that names row and column of each fault, and GanalyzeError where the experiment is
    unknown or the file is missing.
    """
    kind, path = EXPERIMENTS[experiment], Path(path)
    if not path.is_file():
        raise GanalyzeError(f"trial table {path} not found")
    lines, rows = _parse(path, kind.Trial)
    try:
        trials = TypeAdapter(list[kind.Trial]).validate_python(rows)  # type: ignore[name-defined]
    except ValidationError as error:
        raise Faults(path, [_explain(fault, lines) for fault in error.errors()]) from None
    table = pd.DataFrame([trial.model_dump() for trial in trials], index=pd.Index(lines, name="row"))
    table = table[[*COLUMNS, *(name for name in AS_IT_WENT if table[name].notna().any())]]
    table = table.astype({name: "Int64" for name in INTEGERS if name in table}).assign(
        shown_at=pd.to_datetime(table.shown_at, utc=True)
    )
    faults = [fault for check in (*CHECKS, *kind.checks) for fault in check(table, images)]
    faults = sorted([*faults, *_right_or_wrong(table, kind)])
    if faults:
        raise Faults(path, [f"row {row}, {text}" for row, text in faults])
    return table.sort_values(["participant", "series", "trial_index"], ignore_index=True)


def write_trials(trials: pd.DataFrame, path: Path | str) -> None:
    """Write a trial table as CSV, in whole or not at all."""
    write_table(trials[[*COLUMNS, *(name for name in AS_IT_WENT if name in trials)]], path)


# --- the file -------------------------------------------------------------------------------------------------


def _parse(path: Path, model: type[Trial]) -> tuple[list[int], list[dict[str, str]]]:
    """The file's rows as texts by column, and the line of each."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Faults(path, [_explain_encoding(data, error)]) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        found = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise Faults(path, [f"row {reader.line_num}: {error}"]) from None
    _check_header(path, header, model)
    if not found:
        raise Faults(path, ["there are no trials below the header"])
    ragged = [
        f"row {line}: {len(row)} values below {len(header)} columns" for line, row in found if len(row) != len(header)
    ]
    if ragged:
        raise Faults(path, ragged)
    return [line for line, _ in found], [dict(zip(header, row, strict=True)) for _, row in found]


def _check_header(path: Path, header: list[str], model: type[Trial]) -> None:
    if not header:
        raise Faults(path, ["the file is empty"])
    if len(header) == 1 and (separator := next((s for s in ";\t|" if s in header[0]), None)):
        raise Faults(path, [f"row 1: columns are separated by {separator!r}, must be by commas"])
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    faults = [f"row 1, column {name}: missing" for name in required if name not in header]
    faults += [f"row 1, column {name}: unknown" for name in header if name not in model.model_fields]
    faults += [f"row 1, column {name}: given twice" for name in sorted({n for n in header if header.count(n) > 1})]
    if faults:
        raise Faults(path, faults)


def _explain_encoding(data: bytes, error: UnicodeDecodeError) -> str:
    """Where text stops being UTF-8: usually where two files of different encodings were joined."""
    lines = (data[: error.start].decode("latin-1") + "?").splitlines()
    place = ""
    with contextlib.suppress(csv.Error):  # then the line alone tells where
        header, values = (next(csv.reader([line])) for line in (lines[0].lstrip("ï»¿"), lines[-1]))
        if len(lines) > 1 and len(values) <= len(header):
            place = f", column {header[len(values) - 1]}"
    return f"row {len(lines)}{place}: byte 0x{data[error.start]:02x} is not UTF-8: save the whole file as UTF-8"


def _explain(fault: Any, lines: list[int]) -> str:
    row, column = lines[fault["loc"][0]], fault["loc"][1]
    message = fault["msg"].removeprefix("Input ").replace("String should", "should")
    value = "nothing" if fault["input"] in ("", None) else repr(fault["input"])
    if column == "participant" and fault["type"] == "value_error":
        message = f"should be a pseudonym: {PARTICIPANT_RULE}"
    return f"row {row}, column {column}: got {value}, {message[0].lower()}{message[1:]}"


def _right_or_wrong(table: pd.DataFrame, experiment: Experiment) -> Iterator[tuple[int, str]]:
    right = experiment.right_response(table)
    for row in table.index[(table.response == right).astype(int) != table.correct]:
        said = f"response is {table.at[row, 'response']} and {right.name} {right[row]}"
        yield row, f"column correct: got {table.at[row, 'correct']}, but {said}"
