"""The finished demo in a DVC remote: kept by `make refresh-store`, brought by `make pull`, judged by Snakemake."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from .conftest import REPOSITORY, Checkout, jobs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

STUDIES = ["aesthetics", "valence"]  # the quick ones


class Clone(Checkout):
    """A git clone, or what becomes the origin of some; `config/demo.yaml` is its configuration."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = os.environ | {
            "PYTHONPATH": str(folder / "src"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
        }  # fmt: skip

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", *arguments]

    def run(self, *command: str, succeeds: bool = True) -> str:
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=1500)  # fmt: skip
        said = done.stdout + done.stderr
        assert (done.returncode == 0) == succeeds, said[-3000:]
        return said

    def make(self, target: str, succeeds: bool = True) -> str:
        return self.run("make", "--old-file=.venv/made", target, succeeds=succeeds)  # the environment is there

    @property
    def config(self) -> dict:
        return yaml.safe_load((self.folder / "config/demo.yaml").read_text())

    def configure(self, run: dict) -> None:
        (self.folder / "config/demo.yaml").write_text(yaml.safe_dump(run, sort_keys=False))

    def add_weights(self, weights_dir: Path) -> None:
        shutil.copytree(weights_dir, self.folder / "weights", copy_function=os.link, dirs_exist_ok=True,
                        ignore=lambda _, names: [n for n in names if (self.folder / "weights" / n).exists()])  # fmt: skip

    def planned(self) -> dict[str, int]:
        return jobs(self.snakemake("--cores", "1", "-n"))


def tiny(run: dict) -> dict:
    """The demo with two of its studies, all parts as small as they go."""
    run["realness"]["reference_samples"] = 30
    run["distillation"] = {"samples": 48, "held_out_samples": 16, "epochs": 1}
    run["studies"] = [study for study in run["studies"] if study["name"] in STUDIES]
    for study in run["studies"]:
        study["training"]["samples"] = 64
        for images in study["image_sets"].values():
            images["seeds_per_class"] = 20
    return run


def of_two_studies(pipeline: dict) -> dict:
    """dvc.yaml without the studies that the tiny demo lacks."""
    absent = [name for name in pipeline["stages"]["study"]["foreach"] if name not in STUDIES]

    def present(items):
        return [x for x in items if not any(f"results/demo/{name}" in str(x) for name in absent)]

    stages = pipeline["stages"]
    stages["study"]["foreach"] = {name: index for index, name in enumerate(STUDIES)}
    params = stages["study"]["do"]["params"][0]
    params["config/demo.yaml"] = [key for key in params["config/demo.yaml"] if key not in ABSENT_PLACES]
    stages["report"]["deps"] = present(stages["report"]["deps"])
    for plot in pipeline["plots"]:
        for options in plot.values():
            options["y"] = {file: options["y"][file] for file in present(options["y"])}
    return pipeline


ABSENT_PLACES = [f"studies.{index}.assessor" for index in range(len(STUDIES), 10)]


@pytest.fixture(scope="module")
def origin(tmp_path_factory, weights_dir) -> Clone:
    """A repository whose store holds its finished tiny demo."""
    clone = Clone(tmp_path_factory.mktemp("origin"))
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY,
                           capture_output=True, text=True, check=True).stdout.split("\0")  # fmt: skip
    for file in filter(None, files):
        if (REPOSITORY / file).exists() and not file.startswith("dvc-store/") and file != "dvc.lock":
            (clone.folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / file, clone.folder / file, follow_symlinks=False)
    clone.add_weights(weights_dir)
    clone.configure(tiny(clone.config))
    pipeline = of_two_studies(yaml.safe_load((clone.folder / "dvc.yaml").read_text()))
    (clone.folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline, sort_keys=False))
    clone.run("git", "init", "-q")
    clone.make("refresh-store")
    clone.run("git", "add", ".")
    clone.run("git", "commit", "-qm", "stored")
    return clone


@pytest.fixture
def fresh(origin, tmp_path) -> Clone:
    """A fresh clone, without weights."""
    origin.run("git", "clone", "-q", str(origin.folder), str(tmp_path / "clone"))
    return Clone(tmp_path / "clone")


@pytest.fixture(scope="module")
def pulled(origin, tmp_path_factory) -> Clone:
    """A clone after `make pull`; whoever changes it puts it right again."""
    folder = tmp_path_factory.mktemp("pulled") / "clone"
    origin.run("git", "clone", "-q", str(origin.folder), str(folder))
    clone = Clone(folder)
    clone.make("pull")
    return clone


def test_a_fresh_clone_pulls_the_finished_demo_and_has_nothing_to_do(fresh):
    start = time.monotonic()
    fresh.make("pull")
    assert time.monotonic() - start < 60
    assert (fresh.folder / "results/demo/report.html").is_file()
    assert (fresh.folder / "results/demo/figures/fig4.png").is_file()
    assert "Nothing to be done" in fresh.run(*fresh.command("-n"))
    assert "up to date" in fresh.run("dvc", "status")
    assert all(path.suffix == ".sha256" for path in (fresh.folder / "weights").iterdir())
    assert "didn't change, skipping" in (said := fresh.run("dvc", "repro"))
    assert "Running stage" not in said
    assert fresh.run("git", "status", "--porcelain") == ""
