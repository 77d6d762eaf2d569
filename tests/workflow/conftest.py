"""A checkout of one's own, in which the DAG itself is run at tiny size, on the real networks."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests import REPOSITORY

ALPHAS = [-0.4, -0.2, 0, 0.2, 0.4]


def study(name, assessor, samples, batch_size, seeds, chunks=1):
    training = {"samples": samples, "batch_size": batch_size, "learning_rate": 0.05, "alpha_max": 0.3}
    return {
        "name": name,
        "assessor": assessor,
        "alphas": ALPHAS,
        "training": training | {"checkpoint_every": 1},
        "image_sets": {"test": {"classes": 1, "seeds_per_class": seeds, "chunks": chunks}},
    }


def run_of(*studies, **settings):
    run = {"run": "tiny", "seed": 7, "generator": "dcgan-digiface", "threads": 2, "batch_size": 10}
    return run | {"studies": list(studies)} | settings


class Checkout:
    """The repository's own files in a folder of their own, and a configuration."""

    def __init__(self, folder: Path, weights_dir: Path):
        self.folder = folder
        files = subprocess.run(
            [
                "git",
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
                "--",
                "Snakefile",
                "README.md",
                "config",
                "profiles",
                "scripts",
                "src",
                "workflow",
                "envs",
            ],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for file in files:
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            source = REPOSITORY / file
            if source.is_symlink():
                target.symlink_to(source.readlink())
            else:
                target.write_bytes(source.read_bytes())
        (folder / "weights").symlink_to(weights_dir)
        # The library is imported from here, not from the installed project, so that a test can edit it.
        self.environment = os.environ | {
            "PYTHONPATH": str(folder / "src"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }

    def configure(self, run: dict) -> None:
        (self.folder / "config.yaml").write_text(yaml.safe_dump(run))

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--configfile", "config.yaml", *arguments]

    def snakemake(self, *arguments: str, timeout: float = 2500, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment | environment,
            text=True,
            capture_output=True,
            timeout=timeout,
        )

    def finish(self, cores: int = 2) -> None:
        """Run what is not done yet, which must succeed."""
        done = self.snakemake("--cores", str(cores))
        assert done.returncode == 0, done.stderr[-3000:]

    def kill_when(self, is_time, *arguments: str) -> None:
        """Start snakemake and SIGKILL it with all its jobs as soon as `is_time()`."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 300
        while not is_time():
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def bytes_of(self, *paths: str) -> dict[str, bytes]:
        return {path: (self.folder / path).read_bytes() for path in paths}


def jobs(dry_run: subprocess.CompletedProcess) -> dict[str, int]:
    """Rule → number of jobs that a dry run (with --quiet rules off) plans."""
    assert dry_run.returncode == 0, dry_run.stderr
    planned = {}
    text = dry_run.stdout + dry_run.stderr
    if "Job stats:" in text:
        for line in text.rsplit("Job stats:", 1)[1].splitlines()[3:]:
            if not line.strip():
                break
            rule, count = line.split()
            planned[rule] = int(count)
    return {rule: count for rule, count in planned.items() if rule not in ("total", "all", "default")}


@pytest.fixture(scope="module")
def make_checkout(tmp_path_factory, weights_dir):
    return lambda: Checkout(tmp_path_factory.mktemp("checkout"), Path(weights_dir).resolve())
