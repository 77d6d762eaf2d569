"""Errors reach the user as one line, and files appear whole or not at all."""

import errno
import os
import platform
import subprocess

import pytest

from ganalyze.support.errors import GanalyzeError, run_command
from ganalyze.support.files import written_whole


def test_a_file_appears_whole(tmp_path):
    with written_whole(tmp_path / "deep/er/table.csv") as temporary:
        temporary.write_text("a")
        assert temporary.suffix == ".csv"
        assert not (tmp_path / "deep/er/table.csv").exists()
    assert [path.name for path in (tmp_path / "deep/er").iterdir()] == ["table.csv"]


def test_what_a_killed_writer_left_is_removed_and_a_living_ones_is_not(tmp_path):
    dead = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True).stdout.strip()
    here = platform.node()
    others = [
        f".table.{here}.{os.getppid()}.part.csv",
        f".tables.{here}.{dead}.part.csv",
        f".table.by_valence.{here}.{dead}.part.csv",
        f".table.another-machine.{dead}.part.csv",
    ]
    for name in (f".table.{here}.{dead}.part.csv", *others):
        (tmp_path / name).write_text("half")
    with written_whole(tmp_path / "table.csv") as temporary:
        temporary.write_text("a")
    left = {*others, "table.csv"}
    assert {path.name for path in tmp_path.iterdir()} == left


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fails():
        with written_whole(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("table.csv", "old")]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (GanalyzeError("weights.tar is\n broken"), "error: weights.tar is broken"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a.csv"), "error: no space left on the disk (a.csv)"),
        (FileNotFoundError(errno.ENOENT, "no", "b.csv"), "error: file not found (b.csv)"),
        (PermissionError(errno.EACCES, "no", "c.csv"), "error: permission denied (c.csv)"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_an_expected_failure_is_one_line_and_a_status(error, line):
    def main():
        raise error

    with pytest.raises(SystemExit) as left:
        run_command(main)
    assert str(left.value).startswith(line)
    assert "\n" not in str(left.value)


def test_an_error_of_ours_keeps_its_traceback():
    def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_command(main)
