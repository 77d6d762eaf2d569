"""Snakemake's own records of finished jobs. The functions that reach them are not public: where they change, this says
so, and ganalyze/support/records.py is the one file to mend."""

import shutil
import subprocess
import sys

import pytest

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.records import FIELDS, Records, keep

SNAKEFILE = """
from pathlib import Path
from ganalyze.support.records import give_back

give_back(Path("results"))

rule all:
    input: "results/out.txt"

rule gather:
    input: "results/parts"
    output: "results/out.txt"
    shell: "cat {input}/* > {output}"

rule copy:
    input: "in.txt"
    output: directory("results/parts")
    params: times=2
    shell: "mkdir {output}; cat {input} {input} > {output}/part.txt"
"""


def snakemake(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *arguments], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A folder in which the workflow ran and its records were kept."""
    return finish(tmp_path / "made", monkeypatch)


def finish(folder, monkeypatch, text="a"):
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "in.txt").write_text(text)
    snakemake(folder)
    monkeypatch.chdir(folder)
    keep(folder.relative_to(folder) / "results")
    return folder


@pytest.fixture
def brought(tmp_path):
    """A folder with the same sources and none of the results."""
    folder = tmp_path / "brought"
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "in.txt").write_text("a")
    return folder


def bring(made, brought, *names):
    for name in names:
        if (made / "results" / name).is_dir():
            shutil.rmtree(brought / "results" / name, ignore_errors=True)
            shutil.copytree(made / "results" / name, brought / "results" / name, copy_function=shutil.copyfile)
        else:
            (brought / "results").mkdir(exist_ok=True)
            shutil.copyfile(made / "results" / name, brought / "results" / name)


def test_a_record_has_the_fields_that_snakemake_compares(made):
    record = Records().of("results/parts")
    assert record.keys() == set(FIELDS)
    assert record["input"] == ["in.txt"]
    assert record["shellcmd"] == "mkdir results/parts; cat in.txt in.txt > results/parts/part.txt"
    assert Records().of("in.txt") is None


def test_where_snakemake_ran_nothing_there_is_nothing_to_keep(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GanalyzeError, match="no records of results: finish the run first"):
        keep(tmp_path.relative_to(tmp_path) / "results")


def test_results_brought_with_their_records_are_finished_and_an_edit_is_seen(made, brought):
    bring(made, brought, "records.json", "parts", "out.txt")
    assert "Nothing to be done" in snakemake(brought, "-n")
    (brought / "in.txt").write_text("b")
    assert "rule copy:" in snakemake(brought, "-n")


def test_an_edit_before_they_are_brought_is_seen_too(made, brought):
    (brought / "in.txt").write_text("b")
    bring(made, brought, "records.json", "parts", "out.txt")
    assert "rule copy:" in snakemake(brought, "-n")


def test_what_was_left_behind_is_not_asked_for(made, brought):
    bring(made, brought, "records.json", "out.txt")
    assert "Nothing to be done" in snakemake(brought, "-n", "--", "results/out.txt")


def test_what_comes_later_is_known_too(made, brought):
    bring(made, brought, "records.json", "parts")
    assert "rule gather:" in (said := snakemake(brought, "-n"))
    assert "rule copy:" not in said
    bring(made, brought, "out.txt")
    assert "Nothing to be done" in snakemake(brought, "-n")


def test_records_are_of_no_other_results_than_those_they_were_kept_with(made, brought):
    bring(made, brought, "records.json", "parts", "out.txt")
    (brought / "results/parts/part.txt").write_text("mine")
    (brought / "results/out.txt").write_text("mine")
    snakemake(brought, "-n")
    assert not (brought / ".snakemake/brought.json").exists()


def test_what_was_made_here_keeps_its_own_record(made, brought, monkeypatch):
    (brought / "in.txt").write_text("b")
    snakemake(brought)
    monkeypatch.chdir(brought)
    own = Records().of("results/out.txt")
    bring(made, brought, "records.json")
    assert "Nothing to be done" in snakemake(brought, "-n")
    assert Records().of("results/out.txt") == own


def test_a_newer_version_of_what_was_brought_takes_its_place(made, brought, tmp_path, monkeypatch):
    bring(made, brought, "records.json", "parts", "out.txt")
    snakemake(brought, "-n")
    newer = finish(tmp_path / "newer", monkeypatch, text="c")
    (brought / "in.txt").write_text("c")
    bring(newer, brought, "records.json", "parts", "out.txt")
    assert "Nothing to be done" in snakemake(brought, "-n")
