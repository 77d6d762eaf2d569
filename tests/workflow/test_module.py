"""The workflow as others use it: a module of their own, a deployment, an entry of the workflow catalogue."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests import REPOSITORY

from .conftest import run_of, study

ADDRESS = "https://github.com/lab/ganalyze"  # stands for the repository below
MODULE = """
configfile: "tiny.yaml"

module faces:
    snakefile: github("lab/ganalyze", path="workflow/Snakefile", tag="v1")
    config: config["faces"]
    prefix: "mine"

use rule * from faces as faces_*

use rule train_direction from faces as faces_train_direction with:
    threads: 1

rule count:
    default_target: True
    input: rules.faces_all.input
    output: "count.txt"
    shell: "ls {input} | wc -l > {output}"
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> dict[str, str]:
    """The environment in which the repository's files as they are here, committed and tagged, are at ADDRESS to git."""
    folder = tmp_path_factory.mktemp("published")
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    files = git(REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for file in filter(None, files):
        source, target = REPOSITORY / file, folder / file
        if file.startswith(("dvc-store/", "tests/", "page/")) or not (source.exists() or source.is_symlink()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(source.readlink())
        else:
            target.write_bytes(source.read_bytes())
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, *author, "commit", "-qm", "published")
    git(folder, "tag", "v1")
    return os.environ | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
        "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def run(folder: Path, environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout + done.stderr


@pytest.fixture
def user(tmp_path, weights_dir) -> Path:
    """Someone's folder, with a workflow of their own that uses this one."""
    (tmp_path / "weights").symlink_to(weights_dir.resolve())
    faces = run_of(study("valence", "fer-valence", samples=12, batch_size=4, seeds=12))
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump({"faces": faces}))
    (tmp_path / "Snakefile").write_text(MODULE)
    return tmp_path


def test_another_workflow_plans_it_as_a_module_with_a_prefix_and_a_changed_rule(published, user):
    said = run(user, published, sys.executable, "-m", "snakemake", "-n", "-p", "--cores", "2")
    assert "rule faces_train_direction:" in said
    outputs = [line.removeprefix("    output: ") for line in said.splitlines() if line.startswith("    output: ")]
    assert {path.split("/")[0] for line in outputs for path in line.split(", ")} == {"mine", "count.txt"}
    train = next(line for line in said.splitlines() if "scripts/train_direction.py" in line and "Shell" in line)
    assert "--checkpoint mine/results/tiny/valence/direction/checkpoints/last.pt" in train
    assert " results/" not in said.replace("mine/results/", "")


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_another_workflow_runs_it_as_a_module(published, user):
    run(user, published, sys.executable, "-m", "snakemake", "--cores", "2")
    assert (user / "count.txt").read_text().strip() == "2"
    assert sorted(path.name for path in user.iterdir() if not path.name.startswith(".")) == [
        "Snakefile",
        "count.txt",
        "mine",
        "tiny.yaml",
        "weights",
    ]
    assert "valence" in (user / "mine/results/tiny/report.html").read_text()
    again = run(user, published, sys.executable, "-m", "snakemake", "-n", "--cores", "2")
    assert "Nothing to be done" in again


def test_a_deployment_by_snakedeploy_plans_the_demo(published, tmp_path):
    run(tmp_path, published, "snakedeploy", "deploy-workflow", ADDRESS, "deployed", "--tag", "v1")
    assert (tmp_path / "deployed/config/demo.yaml").is_file()
    said = run(tmp_path / "deployed", published, sys.executable, "-m", "snakemake", "-n", "--quiet", "host")
    assert "    output: results/demo/report.html" in said
    assert len([line for line in said.splitlines() if line == "rule train_direction:"]) == 5


def test_it_is_listed_in_the_workflow_catalogue_with_its_usage():
    """By the rules of github.com/snakemake/snakemake-workflow-catalog: README.md, and what its
    scripts/generate-catalog.py asks for; `make lint` does the linting and formatting that it reports."""
    assert {"snakemake", "workflow"} <= set(re_words((REPOSITORY / "README.md").read_text()))
    assert (REPOSITORY / "workflow/Snakefile").is_file()
    assert all(path.suffix == ".smk" for path in (REPOSITORY / "workflow/rules").iterdir() if path.is_file())
    assert (REPOSITORY / "config/README.md").is_file()
    usage = yaml.safe_load((REPOSITORY / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage.keys() <= {"mandatory-flags", "software-stack-deployment", "report"}
    assert any(usage["software-stack-deployment"].values())


def re_words(text: str) -> list[str]:
    return "".join(letter if letter.isalpha() else " " for letter in text.lower()).split()


def test_conda_gets_the_versions_of_the_lock_and_all_that_the_library_needs():
    environment = yaml.safe_load((REPOSITORY / "envs/environment.yaml").read_text())
    listed = environment["dependencies"][-1]["pip"]
    locked = {
        line.removesuffix(" \\").replace('"', "'")
        for line in (REPOSITORY / "envs/requirements.lock").read_text().splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    assert set(map(normal, listed)) <= set(map(normal, locked))
    assert {"torch", "pandas", "statsmodels", "tyro", "starlette"} <= {line.split("==")[0] for line in listed}
    assert not any("ganalyze" in line or line.startswith("-") for line in listed)  # nothing that is no package


def normal(requirement: str) -> str:
    """What is installed, without for which systems: these are fewer where fewer packages ask for it."""
    return requirement.split(" ;")[0]
