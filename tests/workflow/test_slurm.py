"""The profile on a real SLURM: same results as on the plain machine, GPUs where they are due, failures retried."""

import os
import re
import signal
import subprocess
import time

import pytest

from .conftest import REPOSITORY, jobs, run_of, study
from .slurm import Cluster, missing_programs
from .test_dag import NUMBERS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_programs()), reason=f"no SLURM: {', '.join(missing_programs())} not found"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start SLURM"),
]

VALENCE = study("valence", "fer-valence", samples=64, batch_size=4, seeds=20, chunks=2)
REALNESS = {"extractor": "efficientnet-lite0", "reference_samples": 30}
RUN = run_of(VALENCE, realness=REALNESS)
# This machine has no GPU that torch could use, so `device: cuda`, which makes rules ask for one, cannot be configured.
ON_GPU = ("train_direction", "generate_images", "measure_realness")
QUICK = ("--profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "2",
         "--seconds-between-status-checks", "2", "--latency-wait", "10")  # fmt: skip
THETA = "results/tiny/valence/direction/theta.safetensors"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def plain(make_checkout):
    """The same run on the plain machine."""
    checkout = make_checkout()
    checkout.configure(RUN)
    done = checkout.snakemake("--cores", "2")
    assert done.returncode == 0, done.stderr[-3000:]
    return checkout


@pytest.fixture
def checkout(make_checkout, cluster):
    checkout = make_checkout()
    checkout.environment |= cluster.environment | {"PATH": checkout.environment["PATH"]}
    checkout.configure(RUN)
    return checkout


def submitted(said: str) -> dict[str, list[str]]:
    """Rule or group → SLURM ids of its jobs, as Snakemake tells them."""
    found = {}
    for ids, log in re.findall(r"SLURM jobid (\S+) \(log: \S*?logs/slurm/(\S+?)\)", said):
        found.setdefault(log.split("/")[0].removeprefix("rule_").removeprefix("group_"), []).append(ids)
    return found


def test_a_run_gives_the_same_bytes_as_on_the_plain_machine_and_gpu_rules_get_a_gpu(checkout, cluster, plain):
    done = checkout.snakemake(*QUICK, "--set-resources", *(f"{rule}:gpu=1" for rule in ON_GPU))
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    assert checkout.bytes_of(*NUMBERS) == plain.bytes_of(*NUMBERS)
    by_rule = submitted(said)
    assert set(ON_GPU) <= set(by_rule)
    assert "fetch_weights" not in by_rule
    for rule, ids in by_rule.items():
        for job in ids:
            shown = cluster.run("scontrol", "show", "job", "-d", job).stdout
            assert "JobState=COMPLETED" in shown
            assert ("gres/gpu=1" in shown) == (rule in ON_GPU)  # asked for
            assert ("GRES=gpu:1(IDX:0)" in shown) == (rule in ON_GPU)  # and got
            assert re.search(r"mem=\d+", shown)
            assert "TimeLimit=UNLIMITED" not in shown
    # Fewer jobs than figures, and each job's log where docs/cluster.md says.
    assert len(by_rule["figures"]) < len(list((checkout.folder / "results/tiny/figures").glob("*.png")))
    assert list((checkout.folder / "results/logs/slurm/rule_train_direction").rglob("*.log"))
