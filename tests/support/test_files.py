"""Files appear whole or not at all, and YAML is read with its faults named."""

import os
import platform
import subprocess

import pytest

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import read_yaml, written_whole


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
    ("content", "message"),
    [
        (None, "not found"),
        (b"a: [", "is not valid YAML"),
        (b"a: \xff", "is not valid YAML"),
        (b"- a", "must hold a mapping"),
    ],
)
def test_what_is_no_mapping_in_yaml_is_refused(tmp_path, content, message):
    path = tmp_path / "run.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GanalyzeError, match=message):
        read_yaml(path)
