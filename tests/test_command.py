"""`ganalyze COMMAND`, the scripts by name."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import REPOSITORY

VERSION = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
GANALYZE = Path(sys.executable).with_name("ganalyze")
SCRIPTS = sorted(path.stem.replace("_", "-") for path in (REPOSITORY / "scripts").glob("*.py"))


def ganalyze(*words, cwd=REPOSITORY):
    return subprocess.run([GANALYZE, *map(str, words)], cwd=cwd, capture_output=True, text=True)


def test_its_help_lists_every_command_in_one_line():
    lines = ganalyze("--help").stdout.splitlines()
    commands = [line.split(maxsplit=1) for line in lines if line.startswith("    ") and line.strip()[0].islower()]
    listed = dict(words for words in commands if words[0] in SCRIPTS)
    assert list(listed) == SCRIPTS
    assert listed["train-direction"].startswith("Train the direction θ of one assessor")
    assert listed["explore"] == "Explore a run in the browser"


def test_it_tells_its_version_and_completes_in_a_shell():
    assert ganalyze("--version").stdout == f"ganalyze {VERSION}\n"
    script = ganalyze("--print-completion", "bash").stdout
    assert "train-direction" in script
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


def test_a_command_cut_short_is_the_script(tmp_path):
    words = ["--results", tmp_path, "--studies", "memorability", "--tables", "--output"]
    by_hand = [sys.executable, "scripts/judge_claims.py", *words, tmp_path / "claims.csv"]
    done = subprocess.run(list(map(str, by_hand)), cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "claims.csv").read_bytes()
    assert written.count(b"not_run") > 9
    (tmp_path / "claims.csv").unlink()
    again = ganalyze("judge", *words, tmp_path / "claims.csv", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, done.stdout), again.stderr
    assert (tmp_path / "claims.csv").read_bytes() == written


def test_train_is_train_direction():
    assert ganalyze("train", "--help").stdout.startswith("usage: ganalyze train-direction ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which command? ganalyze --help lists them"),
        (("dance",), "dance: no command: ganalyze --help lists them"),
        (("com",), "com: which of compare-directions, compare-judges"),
    ],
)
def test_what_is_no_command_is_said_in_one_line(words, said):
    done = ganalyze(*words)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"ganalyze: error: {said}"


def test_a_failure_of_a_command_is_one_line_with_status_1(tmp_path):
    words = ["--formula", "hit ~ alpha + (1|seed_id)", "--family", "binomial", "--output", tmp_path / "out.csv"]
    done = ganalyze("fit-mixed-models", "--data", tmp_path / "none.csv", *words)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("error: ")
