"""Every command by hand: help, and what it says of input it cannot use."""

import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from ganalyze.direction.transformer import Transformer
from tests import REPOSITORY

SCRIPTS = sorted(path.name for path in (REPOSITORY / "scripts").glob("*.py"))


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, f"scripts/{script}", *map(str, arguments)], cwd=REPOSITORY, capture_output=True, text=True
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_command_tells_how_it_is_used(script):
    shown = run(script, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith("usage: ")


@pytest.fixture
def folder(tmp_path, weights_dir):
    """Weights of several kinds of brokenness, and directions that do not fit."""
    for kind in ("none", "truncated", "swapped", "changed"):
        (tmp_path / kind).mkdir()
    good = (weights_dir / "weights.tar").read_bytes()
    (tmp_path / "truncated/weights.tar").write_bytes(good[: len(good) // 2])
    (tmp_path / "swapped/weights.tar").write_bytes((weights_dir / "emotion_model.hdf5").read_bytes())
    (tmp_path / "changed/weights.tar").write_bytes(good[:-1] + b"x")
    (tmp_path / "changed/weights.tar.sha256").write_bytes((weights_dir / "weights.tar.sha256").read_bytes())
    Transformer.identity(140).save(tmp_path / "long.safetensors", {}, 0)
    Transformer.identity(100).save(tmp_path / "good.safetensors", {}, 0)
    save_file({"theta": torch.zeros(100)}, tmp_path / "silent.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"\0" * 20)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "file").write_text("")
    return tmp_path


TRAIN = {
    "--generator": "dcgan-digiface",
    "--assessor": "fer-valence",
    "--study": "s",
    "--seed": "1",
    "--samples": "8",
    "--batch-size": "4",
    "--learning-rate": "0.01",
    "--alpha-max": "0.3",
    "--weights-dir": "weights",
    "--output": "{}/out/theta.safetensors",
    "--loss": "{}/out/loss.csv",
    "--checkpoint": "{}/out/last.pt",
}
GENERATE = {
    "--generator": "dcgan-digiface",
    "--direction": "{}/good.safetensors",
    "--set": "test",
    "--seeds-per-class": "4",
    "--seed": "1",
    "--weights-dir": "weights",
    "--output": "{}/out/part.csv",
}
SCORE = {
    "--assessor": "fer-valence",
    "--manifest": "{}/none.csv",
    "--weights-dir": "weights",
    "--output": "{}/out/test.csv",
}


@pytest.mark.parametrize(
    ("script", "arguments", "words"),
    [
        ("train_direction.py", TRAIN | {"--generator": "stylegan"}, "unknown generator 'stylegan'"),
        ("train_direction.py", TRAIN | {"--assessor": "memnett"}, "unknown assessor 'memnett'"),
        ("train_direction.py", TRAIN | {"--samples": "-8"}, "arguments: training.samples: got -8"),
        ("train_direction.py", TRAIN | {"--batch-size": "0"}, "arguments: training.batch_size: got 0"),
        ("train_direction.py", TRAIN | {"--learning-rate": "nan"}, "arguments: training.learning_rate: got nan"),
        ("train_direction.py", TRAIN | {"--device": "cuda:7"}, "device 'cuda:7' cannot be used"),
        (
            "train_direction.py",
            TRAIN | {"--weights-dir": "{}/none"},
            "not found: run: ganalyze fetch-weights",
        ),
        ("train_direction.py", TRAIN | {"--weights-dir": "{}/truncated"}, "weights.tar"),
        ("train_direction.py", TRAIN | {"--weights-dir": "{}/swapped"}, "weights.tar"),
        ("train_direction.py", TRAIN | {"--weights-dir": "{}/changed"}, "damaged or changed (sha256"),
        ("generate_images.py", GENERATE | {"--output": "{}/file/part.csv"}, "/file"),
        ("generate_images.py", GENERATE | {"--direction": "{}/none.safetensors"}, "not found: train it first"),
        ("generate_images.py", GENERATE | {"--direction": "{}/long.safetensors"}, "has shape (140,)"),
        ("generate_images.py", GENERATE | {"--direction": "{}/silent.safetensors"}, "does not say its transformer"),
        ("generate_images.py", GENERATE | {"--batch-size": "-1"}, "arguments: batch_size: got -1"),
        ("generate_images.py", GENERATE | {"--direction": "{}/broken.safetensors"}, "not a readable safetensors"),
        ("generate_images.py", GENERATE | {"--seeds-per-class": "-4"}, "arguments: image_set.seeds_per_class: got -4"),
        ("generate_images.py", GENERATE | {"--classes": "3"}, "asks for 3 classes, the generator has 1"),
        ("generate_images.py", GENERATE | {"--chunk": "2", "--chunks": "2"}, "chunk 2 of 2"),
        ("score_images.py", SCORE, "none.csv not found"),
        ("score_images.py", SCORE | {"--manifest": "{}/empty.csv"}, "not a readable CSV"),
        ("gather_images.py", {"{}/none.csv": "", "--folder": "{}/out/test", "--manifest": "{}/out/t.csv"}, "not found"),
        ("write_report.py", {"--results": "{}/none", "--output": "{}/out/report.html"}, "provenance.json"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line_and_nothing_is_left(folder, script, arguments, words):
    if script == "generate_images.py":
        arguments = arguments | {"--alphas": "-0.2,0,0.2"}
    flat = [
        part.replace("{}", str(folder))
        for pair in arguments.items()
        for part in pair[0:1] + tuple(pair[1].split(",") if pair[0] == "--alphas" else [pair[1]] if pair[1] else [])
    ]
    failed = run(script, *flat)
    assert failed.returncode == 1
    lines = failed.stderr.strip().splitlines()
    assert lines[-1].startswith("error: "), failed.stderr
    assert sum(line.startswith("error: ") for line in lines) == 1
    assert words in lines[-1]
    assert "Traceback" not in failed.stderr
    out = folder / "out"
    assert not out.exists() or not list(out.rglob("*"))


@pytest.fixture
def full_disk(tmp_path):
    """A disk of 64 kB. Only root can mount one."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_said_and_leaves_nothing_half_written(folder, full_disk):
    arguments = GENERATE | {"--output": f"{full_disk}/part.csv", "--seeds-per-class": "40"}
    flat = [part.replace("{}", str(folder)) for pair in arguments.items() for part in pair]
    failed = run("generate_images.py", *flat, "--alphas", "-0.2", "0", "0.2")
    assert failed.returncode == 1
    assert failed.stderr.strip().splitlines()[-1].startswith("error: no space left on the disk")
    assert "Traceback" not in failed.stderr
    assert list(full_disk.iterdir()) == []
