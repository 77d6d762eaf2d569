"""Where files lie in an archive, and what commands say there."""

from pathlib import Path

import pytest

from ganalyze.report.crate.code import Code


@pytest.fixture
def code(tmp_path, monkeypatch) -> Code:
    """A clone, and a folder elsewhere in which Snakemake runs its workflow."""
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    return Code(tmp_path / "clone", ("Snakefile", "workflow/Snakefile"), "c" * 40, "2026-01-02")


def test_files_of_the_clone_and_of_the_folder_keep_their_paths(code):
    assert code.place("../clone/scripts/train_direction.py") == "scripts/train_direction.py"
    assert code.place("results/run/claims.csv") == "results/run/claims.csv"
    assert code.place("/elsewhere/photograph.jpg") == "photograph.jpg"


def test_commands_name_no_folder_of_the_machine(code):
    told = code.portable(f"python {code.clone}/scripts/a.py {Path.cwd()}/results/b.csv {Path.home()}/weights/c.pt")
    assert told == "python ./scripts/a.py ./results/b.csv ~/weights/c.pt"
