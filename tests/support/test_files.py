"""Files appear whole or not at all, and YAML is read with its faults named."""

import contextlib
import os
import platform
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2\n", "s: {x: 1, y: 2, x: 3}\n", "l: [{k: 1, k: 1}]\n", "a: 1\n'a': 2\n", "{1: a, 1: b}\n"]
)
def test_a_key_that_is_given_twice_is_refused(tmp_path, text):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(GanalyzeError, match=r"c\.yaml is not valid YAML: the key .* is given twice"):
        read_yaml(tmp_path / "c.yaml")


def test_a_key_may_override_that_of_a_merged_mapping(tmp_path):
    (tmp_path / "c.yaml").write_text("a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, x: 3}\nd: *b\n")
    assert read_yaml(tmp_path / "c.yaml")["c"] == {"x": 3, "y": 2}


@given(st.binary(max_size=200) | st.text(":{}[]&*!|>-?,#'\" \n\tab1.", max_size=80).map(str.encode))
@settings(max_examples=1000, deadline=None)
def test_of_any_bytes_comes_a_mapping_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    with contextlib.suppress(GanalyzeError):
        assert isinstance(read_yaml(path), dict)
