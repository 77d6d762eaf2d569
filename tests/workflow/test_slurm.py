"""The profile on a real SLURM: same results as on the plain machine, GPUs where they are due, failures retried."""

import os
import re
import subprocess
import time

import pytest

from tests import REPOSITORY

from .conftest import run_of, study
from .slurm import Cluster, missing_programs
from .test_dag import NUMBERS as OF_NETWORKS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3000),
    pytest.mark.skipif(bool(missing_programs()), reason=f"no SLURM: {', '.join(missing_programs())} not found"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start SLURM"),
]

VALENCE = study("valence", "fer-valence", samples=64, batch_size=4, seeds=20, chunks=2)
REALNESS = {"extractor": "efficientnet-lite0", "reference_samples": 30}
RUN = run_of(VALENCE, realness=REALNESS)
# This machine has no GPU that torch could use, so `device: cuda`, which makes rules ask for one, cannot be configured.
ON_GPU = ("train_direction", "generate_images", "measure_realness")
QUICK = (
    "--profile",
    "profiles/slurm",
    "--slurm-init-seconds-before-status-checks",
    "2",
    "--seconds-between-status-checks",
    "2",
    "--latency-wait",
    "10",
)
NUMBERS = [
    *OF_NETWORKS,
    "results/tiny/valence/realness.csv",
    "results/tiny/valence/factors.csv",
    "results/tiny/claims.csv",
]
THETA = "results/tiny/valence/direction/theta.safetensors"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, request):
    """A SLURM without accounting; with it where a test is marked `with_accounting`."""
    with Cluster(tmp_path_factory.mktemp("slurm"), accounting=getattr(request, "param", False)) as cluster:
        yield cluster


with_accounting = pytest.mark.parametrize("cluster", [True], indirect=True)


@pytest.fixture(scope="module")
def plain(make_checkout):
    """The same run on the plain machine."""
    checkout = make_checkout()
    checkout.configure(RUN)
    checkout.finish()
    return checkout


@pytest.fixture
def checkout(make_checkout, cluster):
    checkout = make_checkout()
    checkout.environment["SLURM_CONF"] = cluster.environment["SLURM_CONF"]
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
            # asked for, as older and newer releases write it
            assert bool(re.search(r"TresPerJob=gres[:/]gpu:1\b", shown)) == (rule in ON_GPU)
            assert ("JOB_GRES=gpu:1" in shown) == (rule in ON_GPU)  # and got
            assert re.search(r"mem=\d+", shown)
            assert "TimeLimit=UNLIMITED" not in shown
    # Fewer jobs than figures, and each job's log where docs/cluster.md says.
    groups = [ids for rule, ids in by_rule.items() if rule.startswith("figures")]
    assert 0 < len(groups) < len(list((checkout.folder / "results/tiny/figures").glob("*.png")))
    assert list((checkout.folder / "results/logs/slurm/rule_train_direction").rglob("*.log"))


def test_with_partitions_described_jobs_go_where_they_fit(checkout, cluster):
    """As docs/cluster.md describes partitions. The description tells where GPUs are."""
    (checkout.folder / "partitions.yaml").write_text(
        "partitions:\n  batch: {max_runtime: 24h, max_mem_mb: 190000}\n"
        "  accelerated: {max_runtime: 48h, max_mem_mb: 190000, max_gpu: 4}\n"
    )
    done = checkout.snakemake(
        *QUICK,
        "--slurm-partition-config",
        "partitions.yaml",
        "--set-resources",
        *(f"{rule}:gpu=1" for rule in ON_GPU),
        "--",
        "results/tiny/valence/images/test.csv",
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    by_rule = submitted(said)
    assert set(by_rule) >= {"train_direction", "generate_images", "gather_images", "score_images"}
    for rule, ids in by_rule.items():
        for job in ids:
            partition = "accelerated" if rule in ON_GPU else "batch"
            assert f"Partition={partition}\n" in cluster.run("scontrol", "show", "job", job).stdout.replace(" ", "\n")


@with_accounting
@pytest.mark.skipif(bool(missing_programs(accounting=True)), reason="no slurmdbd with mariadb")
def test_with_accounting_sacct_tells_how_a_job_ended(checkout, cluster, plain):
    account = ("--default-resources", "slurm_account=science")
    done = checkout.snakemake(*QUICK, *account, "--slurm-status-command", "sacct", "--", THETA)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert checkout.bytes_of(THETA) == plain.bytes_of(THETA)
    assert "science|COMPLETED" in cluster.run("sacct", "-X", "-n", "-P", "-o", "account,state").stdout


def test_a_cancelled_job_is_tried_again(checkout, cluster, plain):
    def cancel():
        running = cluster.run("squeue", "-h", "-t", "RUNNING", "-o", "%i").stdout.split()
        if running:
            cluster.run("scancel", running[0])
        return running

    said = run_until(checkout, cancel, "--", THETA)
    assert "Error in rule train_direction" in said
    assert len(submitted(said)["train_direction"]) == 2
    assert checkout.bytes_of(THETA) == plain.bytes_of(THETA)


def test_a_job_over_its_memory_is_tried_again_with_more(checkout, cluster, plain):
    done = checkout.snakemake(*QUICK, "--set-resources", "train_direction:mem_mb=150*attempt**4", "--", THETA)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    first, second, *_ = submitted(said)["train_direction"]
    assert "Error in rule train_direction" in said
    assert "exceeded memory limit" in slurm_log(checkout, first)
    shown = [cluster.run("scontrol", "show", "job", job).stdout for job in (first, second)]
    assert "mem=150M" in shown[0]
    assert "mem=2400M" in shown[1]
    assert checkout.bytes_of(THETA) == plain.bytes_of(THETA)


def test_a_job_over_its_time_is_tried_again_and_goes_on_from_its_checkpoint(checkout, cluster):
    checkout.configure(run_of(study("valence", "fer-valence", samples=1_000_000, batch_size=8, seeds=20)))
    log = checkout.folder / "results/tiny/logs/train_direction/valence.log"

    def went_on():
        ended = cluster.run("squeue", "-h", "-t", "TIMEOUT", "-o", "%i").stdout.split()
        return ended and log.exists() and "going on from step" in log.read_text()

    said = run_until(checkout, went_on, "--set-resources", "train_direction:runtime=attempt", "--", THETA, stop=True)
    first, second = submitted(said)["train_direction"]
    assert "Error in rule train_direction" in said
    assert "DUE TO TIME LIMIT" in slurm_log(checkout, first)
    assert "TimeLimit=00:02:00" in cluster.run("scontrol", "show", "job", second).stdout
    cluster.run("scancel", second)


def test_a_job_that_fails_every_time_is_named_with_its_log(checkout):
    """Without its weights and without a network."""
    (checkout.folder / "weights").unlink()
    (checkout.folder / "weights").mkdir()
    for name in ("weights.tar", "emotion_model.hdf5"):
        record = (REPOSITORY / f"weights/{name}.sha256").read_bytes()
        (checkout.folder / f"weights/{name}.sha256").write_bytes(record)
    failed = checkout.snakemake(*QUICK, "--retries", "1", "--", THETA, PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    said = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert said.count("Error in rule train_direction") >= 2
    assert "results/tiny/logs/train_direction/valence.log" in said
    log = (checkout.folder / "results/tiny/logs/train_direction/valence.log").read_text()
    assert "error: cannot fetch" in log
    assert "Traceback" not in log
    assert not (checkout.folder / THETA).exists()


def run_until(checkout, is_time, *arguments: str, stop: bool = False) -> str:
    """Run snakemake through the profile; what it said. When `is_time()`, go on without asking again, or stop it."""
    with (checkout.folder / "said").open("w") as said:
        process = subprocess.Popen(
            checkout.command(*QUICK, *arguments),
            cwd=checkout.folder,
            env=checkout.environment,
            stdout=said,
            stderr=said,
        )
    deadline = time.monotonic() + 2000
    while not is_time():
        assert process.poll() is None, (checkout.folder / "said").read_text()[-3000:]
        assert time.monotonic() < deadline
        time.sleep(1)
    if stop:
        process.kill()
    process.wait(2000)
    said = (checkout.folder / "said").read_text()
    assert stop or process.returncode == 0, said[-3000:]
    return said


def slurm_log(checkout, job: str) -> str:
    return next((checkout.folder / "results/logs/slurm").rglob(f"{job}.log")).read_text()
