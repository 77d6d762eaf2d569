"""The benchmarks run: what they measure is another matter."""

import os
import subprocess
import sys

import pytest

from tests import REPOSITORY


def run(benchmark, *arguments, path=os.environ["PATH"]):
    return subprocess.run(
        [sys.executable, f"benchmarks/{benchmark}.py", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": path},
    )


@pytest.mark.parametrize("benchmark", ["factors", "mixed_models", "training"])
def test_every_benchmark_tells_how_it_is_used(benchmark):
    shown = run(benchmark, "--help")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("usage: ")


def test_factors_of_a_few_images_are_measured_against_the_plain_loop():
    shown = run("factors", "--n", "12", "--loop-n", "6", "--threads", "1")
    assert shown.returncode == 0, shown.stderr
    assert "ours, 2n = 24" in shown.stdout
    assert "plain loop" in shown.stdout
    differences = shown.stdout.splitlines()[-1].partition(": ")[2].split(", ")
    assert [difference.split(" ")[0] for difference in differences] == [
        "brightness",
        "colorfulness",
        "redness",
        "entropy",
    ]
    assert all(float(difference.split(" ")[1]) < 0.01 for difference in differences)


def test_without_r_the_benchmark_of_mixed_models_says_how_to_get_it():
    shown = run("mixed_models", path="")
    assert shown.returncode == 1
    assert shown.stderr.startswith("error: Rscript not found: install R")
