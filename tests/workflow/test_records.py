"""Snakemake's own records of finished jobs. The functions that reach them are not public: where they change, this says
so, and workflow/records.py is the one file to mend."""

import subprocess
import sys

from tests import REPOSITORY
from workflow.records import FIELDS, Records

SNAKEFILE = """
rule all:
    input: "results/out.txt"

rule copy:
    input: "in.txt"
    output: "results/out.txt"
    params: times=2
    shell: "cat {input} {input} > {output}"
"""


def snakemake(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *arguments], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_a_record_has_the_fields_that_snakemake_compares(tmp_path, monkeypatch):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "in.txt").write_text("a")
    snakemake(tmp_path)
    monkeypatch.chdir(tmp_path)
    record = Records().of("results/out.txt")
    assert {field: record[field] for field in FIELDS}.keys() == set(FIELDS)
    assert record["input"] == ["in.txt"]
    assert record["shellcmd"] == "cat in.txt in.txt > results/out.txt"
    assert Records().of("in.txt") is None


def test_results_brought_with_their_records_are_finished_and_an_edit_is_seen(tmp_path):
    made, brought = tmp_path / "made", tmp_path / "brought"
    records = [sys.executable, REPOSITORY / "workflow/records.py"]
    for folder in (made, brought):
        folder.mkdir()
        (folder / "Snakefile").write_text(SNAKEFILE)
        (folder / "in.txt").write_text("a")
    snakemake(made)
    subprocess.run([*records, "keep", "results"], cwd=made, check=True)
    (made / "results").rename(brought / "results")
    subprocess.run([*records, "restore", "results"], cwd=brought, check=True)
    assert "Nothing to be done" in snakemake(brought, "-n")
    (brought / "in.txt").write_text("b")
    assert "rule copy:" in snakemake(brought, "-n")
