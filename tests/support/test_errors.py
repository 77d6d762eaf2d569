"""Errors reach the user as one line."""

import errno
import os

import pytest

from ganalyze.support.errors import GanalyzeError, in_one_line


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
    with pytest.raises(SystemExit) as left, in_one_line():
        raise error
    assert str(left.value).startswith(line)
    assert "\n" not in str(left.value)


def test_an_error_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), in_one_line():
        raise ZeroDivisionError
