"""The trial table: one row a trial of the memory game or of the 2AFC task, checked before anything is made of it.

A row says what was shown to whom and what they did:

    participant     a pseudonym: letters, digits, _ and -, at most 64 of them
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

Flags are 0 or 1. Rows in messages are lines of the file, so that the header is row 1.
"""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.tables import write_table

SHOWN_FAULTS = 8  # more would bury the first


def _blank_as_none(value: str) -> str | None:
    return None if value == "" else value


Flag = Annotated[int, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
NoValue = Annotated[None, BeforeValidator(_blank_as_none)]


def _or_blank(kind: type) -> type:
    return Annotated[kind | None, BeforeValidator(_blank_as_none)]


class Trial(BaseModel):
    """What a row of either experiment holds. Unknown columns are refused: they may hold what identifies people."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    participant: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    series: int = Field(ge=1)
    track: Text
    trial_index: int = Field(ge=0)
    phase: Literal["main", "practice"]
    role: Literal["target", "filler", "vigilance"]
    image_id: Text
    seed_id: int = Field(ge=0)
    class_id: int = Field(ge=0)
    alpha: float
    is_repeat: Flag
    lag: _or_blank(Annotated[int, Field(ge=0)])
    response: object
    correct: Flag
    rt_ms: _or_blank(Annotated[float, Field(gt=0)])
    shown_at: AwareDatetime
    data_source: Literal["human", "simulated"]
    foil_image_id: object
    fake_side: object


class MemoryGameTrial(Trial):
    response: Flag
    foil_image_id: NoValue = None
    fake_side: NoValue = None


class TwoAfcTrial(Trial):
    is_repeat: Annotated[int, Field(ge=0, le=0)]
    lag: NoValue = None
    response: _or_blank(Literal["left", "right"])
    foil_image_id: Text
    fake_side: Literal["left", "right"]


EXPERIMENTS: dict[str, type[Trial]] = {"memory_game": MemoryGameTrial, "two_afc": TwoAfcTrial}
COLUMNS = list(Trial.model_fields)
INTEGERS = ("series", "trial_index", "seed_id", "class_id", "is_repeat", "lag", "correct")


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
    seed_id, class_id, alpha). Returns the rows in the order of participant, series and trial_index, with `COLUMNS`.

    Raises Faults, a GanalyzeError that names row and column of each fault, and GanalyzeError where the experiment is
    unknown or the file is missing.
    """
    if experiment not in EXPERIMENTS:
        raise GanalyzeError(f"unknown experiment {experiment!r}: known are {', '.join(EXPERIMENTS)}")
    path = Path(path)
    if not path.is_file():
        raise GanalyzeError(f"trial table {path} not found")
    lines, rows = _parse(path, EXPERIMENTS[experiment])
    try:
        trials = TypeAdapter(list[EXPERIMENTS[experiment]]).validate_python(rows)
    except ValidationError as error:
        raise Faults(path, [_explain(fault, lines) for fault in error.errors()]) from None
    table = pd.DataFrame([trial.model_dump() for trial in trials], index=pd.Index(lines, name="row"))[COLUMNS]
    table = table.astype(dict.fromkeys(INTEGERS, "Int64")).assign(shown_at=pd.to_datetime(table.shown_at, utc=True))
    faults = sorted((row, text) for check in CHECKS[experiment] for row, text in check(table, images))
    if faults:
        raise Faults(path, [f"row {row}, {text}" for row, text in faults])
    return table.sort_values(["participant", "series", "trial_index"], ignore_index=True)


def write_trials(trials: pd.DataFrame, path: Path | str) -> None:
    """Write a trial table as CSV, in whole or not at all."""
    write_table(trials[COLUMNS], path)


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
    before = data[: error.start].decode("latin-1")
    column = len(next(csv.reader([before.rpartition("\n")[2] + "?"]))) - 1
    header = next(csv.reader([before.partition("\n")[0].lstrip("ï»¿")]), [])
    place = f", column {header[column]}" if "\n" in before and 0 <= column < len(header) else ""
    return (
        f"row {before.count(chr(10)) + 1}{place}: byte 0x{data[error.start]:02x} is not UTF-8: "
        "save the whole file as UTF-8"
    )


def _explain(fault: dict, lines: list[int]) -> str:
    row, column = lines[fault["loc"][0]], fault["loc"][1]
    message = fault["msg"].removeprefix("Input ").replace("String should", "should")
    given = "nothing" if fault["input"] in ("", None) else repr(fault["input"])
    if column == "participant" and fault["type"] == "string_pattern_mismatch":
        message = "should be a pseudonym of at most 64 letters, digits, _ and -"
    return f"row {row}, column {column}: got {given}, {message[0].lower()}{message[1:]}"


# --- what rows say of each other ------------------------------------------------------------------------------

Check = Callable[[pd.DataFrame, pd.DataFrame], Iterator[tuple[int, str]]]


def _one_source(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[tuple[int, str]]:
    first = table.data_source.iloc[0]
    for row, source in table.data_source[table.data_source != first].items():
        yield row, f"column data_source: {source}, but row {table.index[0]} is {first}: one table holds one kind"


def _once(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[tuple[int, str]]:
    for row, trial in table[table.duplicated(["participant", "series", "trial_index"])].iterrows():
        yield (
            row,
            (
                f"column trial_index: trial {trial.trial_index} of {trial.participant}'s series {trial.series} "
                "is there twice"
            ),
        )


def _one_track(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[tuple[int, str]]:
    first = table.groupby(["participant", "series"]).track.transform("first")
    for row, trial in table[table.track != first].iterrows():
        yield row, f"column track: {trial.track}, but {trial.participant}'s series {trial.series} began as {first[row]}"


def _images_as_made(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[tuple[int, str]]:
    made = images.set_index("image_id").reindex(table.image_id)
    made.index = table.index
    known = made.seed_id.notna()
    for row, name in table.image_id[~known].items():
        yield row, f"column image_id: {name} is in no manifest of this study"
    for column in ("seed_id", "class_id", "alpha"):
        differs = known & ((table[column].astype(float) - made[column].astype(float)).abs() > 1e-9)
        for row in table.index[differs]:
            image, right = table.at[row, "image_id"], made.at[row, column]
            yield row, f"column {column}: got {table.at[row, column]}, {image} has {right:g}"


def _one_clone_of_a_seed(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """Paper §3.4: no worker sees two clones of one seed, over all their series; nor one of them in two series."""
    of_set = table.image_id.map(images.set_index("image_id").set)
    seen: dict[tuple, tuple[str, int, int]] = {}
    for row, trial, name in zip(table.index, table.itertuples(), of_set, strict=True):
        if name != name:  # an unknown image, said elsewhere
            continue
        seed = trial.participant, name, trial.seed_id
        earlier, series, where = seen.setdefault(seed, (trial.image_id, trial.series, row))
        if earlier != trial.image_id:
            yield row, f"column image_id: {seed[0]} also saw {earlier} (row {where}), another clone of the same seed"
        elif series != trial.series:
            yield row, f"column image_id: {seed[0]} also saw {earlier} in series {series} (row {where})"


def _answered(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[tuple[int, str]]:
    responded = table.response.isin((1, "left", "right"))
    for row in table.index[responded & table.rt_ms.isna()]:
        yield row, "column rt_ms: got nothing, but there was a response"
    for row in table.index[~responded & table.rt_ms.notna()]:
        yield row, f"column rt_ms: got {table.at[row, 'rt_ms']:g}, but there was no response"


def _right_or_wrong(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[tuple[int, str]]:
    two_afc = table.fake_side.notna().all()
    right = table.response == (table.fake_side if two_afc else table.is_repeat)
    for row in table.index[right.astype(int) != table.correct]:
        column = "fake_side" if two_afc else "is_repeat"
        told = f"response is {table.at[row, 'response']} and {column} {table.at[row, column]}"
        yield row, f"column correct: got {table.at[row, 'correct']}, but {told}"


def _repeats(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """A repeat comes after its image, once, and its lag is the number of images in between."""
    shown: dict[tuple, int] = {}
    repeated: set[tuple] = set()
    for trial in table.sort_values(["participant", "series", "trial_index"], kind="stable").itertuples():
        row, image = trial.Index, (trial.participant, trial.series, trial.image_id)
        if not trial.is_repeat:
            if not pd.isna(trial.lag):
                yield row, f"column lag: got {trial.lag}, but this is no repeat"
            if image in shown:
                yield row, f"column is_repeat: got 0, but {trial.image_id} was shown before in this series"
            shown.setdefault(image, trial.trial_index)
            continue
        if trial.role == "filler":
            yield row, "column is_repeat: got 1, but fillers are shown once"
        if image not in shown:
            yield row, f"column is_repeat: got 1, but {trial.image_id} was not shown before in this series"
        elif image in repeated:
            yield row, f"column is_repeat: {trial.image_id} is repeated a second time"
        elif pd.isna(trial.lag):
            yield row, "column lag: got nothing, a repeat has one"
        elif trial.lag != (between := trial.trial_index - shown[image] - 1):
            yield row, f"column lag: got {trial.lag}, but there are {between} images in between"
        repeated.add(image)


_BOTH: list[Check] = [_one_source, _once, _one_track, _images_as_made, _one_clone_of_a_seed, _answered, _right_or_wrong]
CHECKS: dict[str, list[Check]] = {"memory_game": [*_BOTH, _repeats], "two_afc": _BOTH}
