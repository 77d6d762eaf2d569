"""A trial table is right, or every fault is named by row and column and nothing comes of it."""

import pandas as pd
import pytest

from ganalyze.experiments.observers import Observers, simulate_trials
from ganalyze.experiments.trials import COLUMNS, Faults, read_trials, write_trials
from ganalyze.support.errors import GanalyzeError

from .conftest import afc_tracks, image_set, memory_tracks

OBSERVERS = Observers(sensitivity=2.8)


@pytest.fixture(scope="module")
def memory_table(tmp_path_factory) -> bytes:
    trials = simulate_trials(memory_tracks(3), image_set("test", 160), "memory_game", OBSERVERS, 1, "memorability")
    return _bytes(trials, tmp_path_factory)


@pytest.fixture(scope="module")
def afc_table(tmp_path_factory) -> bytes:
    trials = simulate_trials(afc_tracks(3), image_set("test", 160), "two_afc", OBSERVERS, 1, "memorability")
    return _bytes(trials, tmp_path_factory)


def _bytes(trials, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("trials") / "trials.csv"
    write_trials(trials, path)
    return path.read_bytes()


def cell(row: int, column: str, value: str):
    """Set one cell; row as in the file."""

    def change(table: bytes) -> bytes:
        lines = table.decode().splitlines()
        values = lines[row - 1].split(",")
        values[COLUMNS.index(column)] = value
        lines[row - 1] = ",".join(values)
        return "\n".join(lines).encode() + b"\n"

    return change


def line(row: int, edit):
    def change(table: bytes) -> bytes:
        lines = table.split(b"\n")
        lines[row - 1] = edit(lines[row - 1])
        return b"\n".join(lines)

    return change


def without(column: str):
    def change(table: bytes) -> bytes:
        place = COLUMNS.index(column)
        rows = (row.split(b",") for row in table.splitlines())
        return b"\n".join(b",".join(row[:place] + row[place + 1 :]) for row in rows) + b"\n"

    return change


def doubled(row: int):
    return line(row, lambda text: text + b"\n" + text)


# In the small tracks, rows 2 to 21 are targets, 22 to 31 vigilance pairs, 32 to 41 fillers, 42 to 61 the targets again.
MEMORY_FAULTS = {
    "missing column": (without("lag"), ["row 1, column lag: missing"]),
    "unknown column": (
        lambda t: t.replace(b"participant,", b"worker_id,", 1),
        ["row 1, column participant: missing", "row 1, column worker_id: unknown"],
    ),
    "column twice": (lambda t: t.replace(b",track,", b",series,", 1), ["row 1, column series: given twice"]),
    "empty file": (lambda t: b"", ["the file is empty"]),
    "no trials": (lambda t: t[: t.index(b"\n") + 1], ["no trials below the header"]),
    "other separator": (lambda t: t.replace(b",", b";"), ["row 1: columns are separated by ';'"]),
    "ragged row": (line(7, lambda text: text + b",1"), ["row 7: 20 values below 19 columns"]),
    "unclosed quote": (line(9, lambda text: b'"' + text), ["row 1", ": unexpected end of data"]),
    "mixed encodings": (
        line(7, lambda text: text.replace(b"simulated-", "é".encode("latin-1"), 1)),
        ["row 7, column participant: byte 0xe9 is not UTF-8"],
    ),
    "name in place of a pseudonym": (
        cell(4, "participant", "a.worker@example.org"),
        ["row 4, column participant: got 'a.worker@example.org'", "pseudonym"],
    ),
    "no participant": (cell(4, "participant", ""), ["row 4, column participant: got nothing"]),
    "series 0": (cell(5, "series", "0"), ["row 5, column series: got '0'", "greater than or equal to 1"]),
    "text for a number": (cell(5, "trial_index", "four"), ["row 5, column trial_index: got 'four'", "integer"]),
    "part of a number": (cell(5, "seed_id", "4.5"), ["row 5, column seed_id: got '4.5'", "integer"]),
    "unknown phase": (cell(6, "phase", "warmup"), ["row 6, column phase: got 'warmup'", "'main' or 'practice'"]),
    "unknown role": (cell(6, "role", "lure"), ["row 6, column role: got 'lure'", "'target', 'filler' or 'vigilance'"]),
    "alpha no number": (cell(6, "alpha", "nan"), ["row 6, column alpha: got 'nan'", "finite"]),
    "response out of range": (cell(6, "response", "2"), ["row 6, column response: got '2'", "less than or equal to 1"]),
    "no response": (cell(6, "response", ""), ["row 6, column response: got nothing"]),
    "negative time": (cell(6, "rt_ms", "-20"), ["row 6, column rt_ms: got '-20'", "greater than 0"]),
    "no date": (cell(6, "shown_at", "yesterday"), ["row 6, column shown_at: got 'yesterday'"]),
    "date without offset": (cell(6, "shown_at", "2026-01-01T10:00:00"), ["row 6, column shown_at", "timezone"]),
    "unknown source": (cell(6, "data_source", "robot"), ["row 6, column data_source: got 'robot'"]),
    "people and simulation mixed": (cell(6, "data_source", "human"), ["row 6, column data_source: human, but row 2"]),
    "duplicate trial": (doubled(6), ["row 7, column trial_index", "is there twice"]),
    "two tracks in a series": (cell(6, "track", "9-9"), ["row 6, column track: 9-9, but"]),
    "unknown image": (
        cell(32, "image_id", "filler_00999_+0.1"),
        ["row 32, column image_id: filler_00999_+0.1 is in no manifest"],
    ),
    "seed of another image": (cell(32, "seed_id", "77"), ["row 32, column seed_id: got 77, filler_"]),
    "alpha of another image": (cell(32, "alpha", "0.15"), ["row 32, column alpha: got 0.15, filler_"]),
    "class of another image": (cell(32, "class_id", "5"), ["row 32, column class_id: got 5, filler_"]),
    "time without a response": (
        lambda t: _switch(t, response="0", correct="1", rt_ms="450"),
        ["column rt_ms: got 450, but there was no response"],
    ),
    "response without a time": (
        lambda t: _switch(t, response="1", correct="0", rt_ms=""),
        ["column rt_ms: got nothing, but there was a response"],
    ),
    "right called wrong": (
        lambda t: _switch(t, response="0", correct="0", rt_ms=""),
        ["column correct: got 0, but response is 0 and is_repeat 0"],
    ),
    "impossible lag": (cell(50, "lag", "500"), ["row 50, column lag: got 500, but there are 39 images in between"]),
    "negative lag": (cell(50, "lag", "-3"), ["row 50, column lag: got '-3'", "greater than or equal to 0"]),
    "repeat without a lag": (cell(50, "lag", ""), ["row 50, column lag: got nothing, a repeat has one"]),
    "lag without a repeat": (cell(3, "lag", "40"), ["row 3, column lag: got 40, but this is no repeat"]),
    "filler repeated": (cell(50, "role", "filler"), ["row 50, column is_repeat: got 1, but fillers are shown once"]),
    "a side in the memory game": (cell(3, "fake_side", "left"), ["row 3, column fake_side: got 'left'"]),
}


def _switch(table: bytes, **values: str) -> bytes:
    """The first filler's answer, replaced."""
    for column, value in values.items():
        table = cell(32, column, value)(table)
    return table


def _sees_another_clone(table: bytes) -> bytes:
    """The participant of row 32 sees, in place of its filler, another clone of the filler of row 33."""
    lines = table.decode().splitlines()
    row = dict(zip(COLUMNS, lines[32].split(","), strict=True))
    alpha = "0.2" if float(row["alpha"]) != 0.2 else "-0.2"
    for column in ("seed_id", "class_id"):
        table = cell(32, column, row[column])(table)
    table = cell(32, "alpha", alpha)(table)
    return cell(32, "image_id", f"filler_{int(row['seed_id']):05d}_{float(alpha):+g}")(table)


def _third_time(table: bytes) -> bytes:
    """The image of row 50 takes the place of the filler of row 32, as if new."""
    row = dict(zip(COLUMNS, table.decode().splitlines()[49].split(","), strict=True))
    for column in ("image_id", "seed_id", "class_id", "alpha"):
        table = cell(32, column, row[column])(table)
    return table


MEMORY_FAULTS["two clones of one seed"] = (
    _sees_another_clone,
    ["row 33, column image_id", "also saw filler_", "row 32"],
)
MEMORY_FAULTS["seen in an earlier series"] = (
    lambda t: t + b"\n".join(line.replace(b",1,", b",2,", 1) for line in t.splitlines()[31:32]) + b"\n",
    ["row 182, column image_id", "in series 1 (row 32)"],
)
MEMORY_FAULTS["shown before, called new"] = (_third_time, ["row 32, column is_repeat: got 0, but test_"])

AFC_FAULTS = {
    "no side": (cell(4, "fake_side", ""), ["row 4, column fake_side: got nothing", "'left' or 'right'"]),
    "no foil": (cell(4, "foil_image_id", ""), ["row 4, column foil_image_id: got nothing"]),
    "a key, not a side": (cell(4, "response", "j"), ["row 4, column response: got 'j'", "'left' or 'right'"]),
    "a repeat": (cell(4, "is_repeat", "1"), ["row 4, column is_repeat: got '1'"]),
    "a lag": (cell(4, "lag", "7"), ["row 4, column lag: got '7'"]),
    "wrong called right": (
        lambda t: cell(4, "correct", "01"[t.splitlines()[3].split(b",")[13] == b"0"])(t),
        ["row 4, column correct: got"],
    ),
}
CASES = [("memory_game", name) for name in MEMORY_FAULTS] + [("two_afc", name) for name in AFC_FAULTS]


@pytest.fixture
def faulty(tmp_path, memory_table, afc_table):
    """The file of a case, and what must be said of it."""

    def make(experiment: str, name: str):
        change, words = (MEMORY_FAULTS if experiment == "memory_game" else AFC_FAULTS)[name]
        path = tmp_path / "faulty.csv"
        path.write_bytes(change(memory_table if experiment == "memory_game" else afc_table))
        return path, words

    return make


@pytest.mark.parametrize(("experiment", "name"), CASES)
def test_a_fault_is_named_by_row_and_column(faulty, images, experiment, name):
    path, words = faulty(experiment, name)
    with pytest.raises(Faults) as refusal:
        read_trials(path, experiment, images)
    for word in words:
        assert word in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("experiment", ["memory_game", "two_afc"])
def test_a_right_table_comes_back_as_it_was_written(tmp_path, memory_table, afc_table, images, experiment):
    path, again = tmp_path / "trials.csv", tmp_path / "again.csv"
    path.write_bytes(memory_table if experiment == "memory_game" else afc_table)
    write_trials(read_trials(path, experiment, images), again)
    assert again.read_bytes() == path.read_bytes()


def with_how_it_went(table: bytes, *values: str) -> bytes:
    """The table with columns on how trials went, the same for all."""
    header, *rows = table.decode().splitlines()
    lines = [header + ",planned,image_ms,hidden", *(f"{row},{','.join(values)}" for row in rows)]
    return "\n".join(lines).encode() + b"\n"


@pytest.mark.parametrize("experiment", ["memory_game", "two_afc"])
def test_how_trials_went_is_kept_where_a_table_tells_and_no_column_is_made_up_where_not(
    tmp_path, memory_table, afc_table, images, experiment
):
    path, again = tmp_path / "trials.csv", tmp_path / "again.csv"
    table = memory_table if experiment == "memory_game" else afc_table
    path.write_bytes(with_how_it_went(table, "215", "600.0", "0"))
    read = read_trials(path, experiment, images)
    assert (read.planned == 215).all()
    assert (read.image_ms == 600).all()
    assert (read.hidden == 0).all()
    write_trials(read, again)
    assert len(read_trials(again, experiment, images).columns) == len(COLUMNS) + 3
    path.write_bytes(with_how_it_went(table, "", "600.0", ""))
    assert list(read_trials(path, experiment, images).columns) == [*COLUMNS, "image_ms"]
    path.write_bytes(table)
    assert list(read_trials(path, experiment, images).columns) == COLUMNS


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("0", "600", "0"), "column planned: got '0', input should be greater"),
        (("80", "-1", "0"), "column image_ms: got '-1'"),
        (("80", "inf", "0"), "column image_ms: got 'inf'"),
        (("80", "600", "True"), "column hidden: got 'True'"),
        (("80", "600", "2"), "column hidden: got '2'"),
    ],
)
def test_how_trials_went_is_checked(tmp_path, memory_table, images, values, words):
    (tmp_path / "faulty.csv").write_bytes(with_how_it_went(memory_table, *values))
    with pytest.raises(Faults) as refusal:
        read_trials(tmp_path / "faulty.csv", "memory_game", images)
    assert f"row 2, {words}".replace("input should", "should") in str(refusal.value)


def test_spreadsheets_marks_and_line_ends_do_no_harm(tmp_path, memory_table, images):
    path = tmp_path / "trials.csv"
    path.write_bytes(b"\xef\xbb\xbf" + memory_table.replace(b"\n", b"\r\n") + b"\r\n")
    assert len(read_trials(path, "memory_game", images)) == 180


def test_rows_may_come_in_any_order(tmp_path, memory_table, images):
    header, *rows = memory_table.splitlines()
    shuffled = pd.Series(rows).sample(frac=1, random_state=3)
    path, straight = tmp_path / "trials.csv", tmp_path / "straight.csv"
    path.write_bytes(b"\n".join([header, *shuffled]))
    straight.write_bytes(memory_table)
    pd.testing.assert_frame_equal(
        read_trials(path, "memory_game", images), read_trials(straight, "memory_game", images)
    )


def test_many_faults_are_counted_and_the_first_are_shown(tmp_path, memory_table, images):
    path = tmp_path / "trials.csv"
    path.write_bytes(memory_table.replace(b"2000-01-01T", b"long ago "))
    with pytest.raises(Faults) as refusal:
        read_trials(path, "memory_game", images)
    assert len(refusal.value.faults) == 180
    assert "has 180 faults: row 2, column shown_at" in str(refusal.value)
    assert str(refusal.value).endswith("and 172 more")


def test_what_is_not_there_is_said(tmp_path, images):
    with pytest.raises(GanalyzeError, match=r"none\.csv not found"):
        read_trials(tmp_path / "none.csv", "memory_game", images)
    with pytest.raises(GanalyzeError, match="unknown experiment 'stroop'"):
        read_trials(tmp_path / "none.csv", "stroop", images)
