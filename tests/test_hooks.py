"""A commit's hooks, and the workflows of GitHub: they call what is here."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests import REPOSITORY

AMERICAN = "flavour".replace("u", "")
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in (REPOSITORY / ".github/workflows").glob("*.yaml")}


@pytest.fixture
def git(tmp_path):
    """`git …` in a repository of its own, with our hooks, and with no network or cache to fetch others from."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in (".pre-commit-config.yaml", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, folder)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / ".gitignore").write_text(".venv\n")
    names = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    offline = {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "GIT_ALLOW_PROTOCOL": "none", "PIP_NO_INDEX": "1"}

    def run(*words, program="git"):
        return subprocess.run(
            [program, *words], cwd=folder, env=os.environ | names | offline, capture_output=True, text=True
        )

    run("init", "--quiet")
    assert run("install", program=Path(sys.prefix) / "bin/pre-commit").returncode == 0
    return folder, run


def test_a_commit_is_formatted_and_its_faults_are_refused(git):
    folder, run = git
    (folder / "long.py").write_text("x = [1,2]\n")
    (folder / "Snakefile").write_text('rule a:\n  output: "a"\n')
    (folder / "README.md").write_text(f"The {AMERICAN} of colour\n")
    run("add", ".")
    refused = run("commit", "--message", "a")
    assert refused.returncode != 0
    assert f"`{AMERICAN}` should be `flavour`" in refused.stdout + refused.stderr
    assert (folder / "long.py").read_text() == "x = [1, 2]\n"
    assert (folder / "Snakefile").read_text() == 'rule a:\n    output:\n        "a",\n'

    (folder / "README.md").write_text("The flavour of colour\n")
    run("add", ".")
    done = run("commit", "--message", "a")
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_call_targets_that_make_knows():
    steps = [step for workflow in WORKFLOWS.values() for job in workflow["jobs"].values() for step in job["steps"]]
    called = {target for step in steps for target in re.findall(r"\bmake (?:--silent )?([\w-]+)", step.get("run", ""))}
    assert called == {"lint", "test", "lock", "outdated"}
    known = re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert called <= set(known)


def test_the_oldest_python_of_the_workflows_is_that_of_the_project():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    oldest, newest = WORKFLOWS["check.yaml"]["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={oldest}"
    assert oldest < newest
