"""Whatever ends a run, the next one goes on from there, and ends with the same bytes."""

import os
import random
import signal
import subprocess
import time

import pytest

from .conftest import run_of, study
from .test_experiments import with_people

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

VALENCE = study("valence", "fer-valence", samples=64, batch_size=4, seeds=20, chunks=2)
EVERY_STAGE = {
    "segmenter": "unet",
    "distillation": {"samples": 60, "held_out_samples": 40, "epochs": 1},
    "realness": {"extractor": "efficientnet-lite0", "reference_samples": 30},
}


@pytest.fixture(scope="module")
def undisturbed(make_checkout):
    checkout = make_checkout()
    checkout.configure(run_of(VALENCE))
    start = time.monotonic()
    checkout.finish()
    checkout.seconds = time.monotonic() - start
    return checkout


@pytest.fixture
def checkout(make_checkout):
    checkout = make_checkout()
    checkout.configure(run_of(VALENCE))
    return checkout


def results(checkout) -> dict[str, bytes]:
    """Every file that a run leaves but what each run says anew: logs, benchmarks."""
    folder = checkout.folder / "results/tiny"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.relative_to(folder).parts[0] not in ("logs", "benchmarks")
        and "checkpoints" not in path.parts
    }


def start(checkout) -> subprocess.Popen:
    return subprocess.Popen(
        checkout.command("--cores", "2"),
        cwd=checkout.folder,
        env=checkout.environment,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def kill_at_random(checkout, undisturbed, kills: int, shortest: float, longest: float) -> None:
    """Start the run and SIGKILL it with all its jobs after some seconds, so many times; then finish it."""
    dice = random.Random(2019)
    while kills:
        process = start(checkout)
        try:
            process.communicate(timeout=dice.uniform(shortest, longest))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills -= 1
        else:
            # Finished before all kills were dealt: once more from the beginning, at other moments.
            assert process.returncode == 0
            assert results(checkout) == results(undisturbed)
            subprocess.run(["rm", "-rf", "results", ".snakemake"], cwd=checkout.folder, check=True)
        unlocked = checkout.snakemake("--unlock")
        assert unlocked.returncode == 0, unlocked.stderr[-2000:]
    checkout.finish()
    assert results(checkout) == results(undisturbed)


def test_a_run_killed_at_twenty_random_moments_ends_with_the_same_bytes(checkout, undisturbed):
    # Long enough that something happens, short enough that the run takes many starts.
    kill_at_random(checkout, undisturbed, 20, 0.1 * undisturbed.seconds, 0.4 * undisturbed.seconds)


@pytest.mark.timeout(9000)
def test_two_hundred_kills_over_all_rules_change_no_byte(make_checkout):
    """Some 45 minutes on two cores."""
    runs = make_checkout(), make_checkout()
    for checkout in runs:
        checkout.configure(with_people() | EVERY_STAGE)
    runs[0].finish()
    kill_at_random(runs[1], runs[0], 200, 4, 14)


def test_a_second_run_in_the_same_folder_is_refused_with_a_clear_line(checkout):
    process = start(checkout)
    try:
        while not list((checkout.folder / ".snakemake/locks").glob("*")):
            assert process.poll() is None
            time.sleep(0.1)
        second = checkout.snakemake("--cores", "2")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert second.returncode != 0
    said = second.stdout + second.stderr
    assert "Directory cannot be locked" in said
    assert "--unlock" in said
    assert "Traceback" not in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_leaves_nothing_half_written_and_the_run_goes_on_when_space_returns(checkout, undisturbed):
    folder = checkout.folder / "results/tiny/valence"
    folder.mkdir(parents=True)
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True
    ).returncode:
        pytest.skip("this machine lets no one mount a tmpfs")
    try:
        full = checkout.snakemake("--cores", "2")
        said = full.stdout + full.stderr
        assert full.returncode != 0
        assert "error: no space left on the disk" in said
        assert "Traceback" not in said
        left = [path.name for path in folder.rglob("*") if path.is_file()]
        assert not [name for name in left if ".part" in name]
        assert "theta.safetensors" in left
        assert not [name for name in left if name.endswith((".zip", "of-2.csv", "test.csv"))]
        subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
        checkout.finish()
        assert results(checkout) == results(undisturbed)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
