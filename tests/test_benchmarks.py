"""The benchmarks run: what they measure is another matter."""

import os
import subprocess
import sys

import pytest

from tests import REPOSITORY


def run(benchmark, *arguments, path=os.environ["PATH"], folder=REPOSITORY):
    return subprocess.run(
        [sys.executable, REPOSITORY / f"benchmarks/{benchmark}.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": path},
    )


@pytest.mark.parametrize(
    "benchmark",
    [
        "all",
        "dag",
        "factors",
        "gpu",
        "growth",
        "images",
        "layers",
        "mixed_models",
        "networks",
        "operations",
        "realness",
        "report",
        "training",
    ],
)
def test_every_benchmark_tells_how_it_is_used(benchmark):
    shown = run(benchmark, "--help")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("usage: ")


def test_factors_of_a_few_images_are_measured_against_the_plain_loop():
    shown = run("factors", "--n", "12", "--loop-n", "6", "--threads", "1")
    assert shown.returncode == 0, shown.stderr
    assert "ours, 2n = 24" in shown.stdout
    assert "plain loop" in shown.stdout
    assert "| brightness, colorfulness, redness and entropy of 12 images |" in shown.stdout
    differences = shown.stdout.splitlines()[-1].partition(": ")[2].split(", ")
    assert [difference.split(" ")[0] for difference in differences] == [
        "brightness",
        "colorfulness",
        "redness",
        "entropy",
    ]
    assert all(float(difference.split(" ")[1]) < 0.01 for difference in differences)


@pytest.mark.slow
def test_the_benchmark_for_gpus_runs_small_on_the_cpu_and_tells_the_hours_of_a_study():
    shown = run("gpu", "--device", "cpu", "--width", "8", "--studies", "valence", "--steps", "1", "--images", "4")
    assert shown.returncode == 0, shown.stderr
    assert "the plain loop (EmoNet): " in shown.stdout
    last = shown.stdout.splitlines()[-2:]
    assert [line.split()[:2] for line in last] == [["float32", "valence"], ["bf16", "valence"]]
    assert all(float(line.split()[2]) > float(line.split()[3]) > 0 for line in last)


def test_without_r_the_benchmark_of_mixed_models_says_how_to_get_it():
    shown = run("mixed_models", path="")
    assert shown.returncode == 1
    assert shown.stderr.startswith("error: Rscript not found: install R")


def test_realness_of_a_few_images_is_what_torch_fidelitys_command_says():
    shown = run("realness", "--seeds", "20", "--threads", "1")
    assert shown.returncode == 0, shown.stderr
    told = shown.stdout.splitlines()[-2]
    assert told.startswith("largest relative difference: fid ")
    assert all(float(difference.split(" ")[-1]) < 1e-3 for difference in told.split(","))
    assert "our realness …" in shown.stderr  # it says what it does


SCRIPT = """
import time
for word in ("bigger_step", "y:  0", "bigger_step", "y:  1"):
    print(word)
    time.sleep(0.2)
"""


def test_images_of_a_narrow_biggan_are_measured_against_a_script(tmp_path):
    """What stands in for the authors' script says when a batch begins, as theirs does."""
    (tmp_path / "pytorch/generators").mkdir(parents=True)
    (tmp_path / "pytorch/assessors").mkdir()
    (tmp_path / "pytorch/test_pytorch.py").write_text(SCRIPT)
    shown = run("images", "--authors", str(tmp_path), "--width", "4")
    assert shown.returncode == 0, shown.stderr
    rows = [line.split(" | ") for line in shown.stdout.splitlines() if line.startswith("| ")]
    assert [row[2] for row in rows] == ["the authors' test script", "the same, memory kept too"] * 2
    assert all(float(row[3]) == pytest.approx(0.4, abs=0.2) for row in rows)


def test_growth_is_told_with_its_exponent_and_memory():
    shown = run("growth", "--pieces", "tracks", "scores", "--seeds", "80", "--people", "2")
    assert shown.returncode == 0, shown.stderr
    rows = [line.strip("| ").split(" | ") for line in shown.stdout.splitlines()[2:]]
    assert [row[:2] for row in rows] == [
        ["tracks", "seeds ×1, ×4, ×16"],
        ["scores", "seeds ×1, ×4, ×16"],
        ["tracks", "people ×1, ×10"],
    ]
    assert all(len(row[2].split(", ")) == len(row[4].split(", ")) for row in rows)


def test_without_a_finished_run_the_report_cannot_be_measured(tmp_path):
    shown = run("report", str(tmp_path))
    assert shown.returncode == 1
    assert shown.stderr == f"error: {tmp_path} has no report: make pull brings the finished demo\n"


CHAIN = """
rule last:
    input: "results/a/quick.txt", "results/a/slow.txt"
    output: "results/a/last.txt"
    log: "results/a/logs/last.log"
    shell: "python work.py 0.1 {output}"

rule slow:
    input: "results/a/first.txt"
    output: "results/a/slow.txt"
    log: "results/a/logs/slow.log"
    shell: "python work.py 1.5 {output}"

rule quick:
    output: "results/a/quick.txt"
    log: "results/a/logs/quick.log"
    shell: "python work.py 0.1 {output}"

rule first:
    output: temp("results/a/first.txt")
    log: "results/a/logs/first.log"
    shell: "python work.py 0.1 {output}"
"""
WORK = """
import sys, time
if __name__ == "__main__":
    time.sleep(float(sys.argv[1]))
    open(sys.argv[2], "w").close()
"""


def test_the_time_of_a_run_is_told_by_rule_with_the_chain_that_it_waited_for(tmp_path):
    (tmp_path / "Snakefile").write_text(CHAIN)
    (tmp_path / "work.py").write_text(WORK)
    subprocess.run([sys.executable, "-m", "snakemake", "--cores", "2", "--quiet"], cwd=tmp_path, check=True)
    shown = run("dag", "results/a", "--cores", "2", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "  first → slow → last" in shown.stdout
    assert "on 2 cores, 4 jobs" in shown.stdout
    assert shown.stdout.splitlines()[2].startswith("slow")
    shares = [float(line.split("%")[0].split()[-1]) for line in shown.stdout.splitlines() if "%" in line]
    assert sum(shares) == pytest.approx(100, abs=2)
    assert (tmp_path / "dag.png").stat().st_size > 5000


def test_of_a_run_that_was_made_elsewhere_no_times_are_known(tmp_path):
    (tmp_path / "results/a").mkdir(parents=True)
    shown = run("dag", "results/a", folder=tmp_path)
    assert shown.returncode == 1
    assert shown.stderr == "error: Snakemake has no times of results/a: it was not made in this folder\n"
