"""What tests share: the demo's real networks, and a browser."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ganalyze.models.weights.catalogue import load_catalogue
from ganalyze.models.weights.files import Weights, fetch
from tests import REPOSITORY
from tests.networks import weights_in

DEMO_WEIGHTS = (
    *("SynthesisNetwork.xml", "SynthesisNetwork.bin", "MappingNetwork.xml", "MappingNetwork.bin"),
    *("model.pt", "emotion_model.hdf5", "weights_mobilenet_aesthetic_0.07.hdf5", "u2netp.onnx"),
    *("efficientnet-lite0-57934424.pth", "weights.tar", "pnet.pt", "rnet.pt", "onet.pt"),
)


@pytest.fixture(scope="session")
def weights_dir() -> Path:
    """The folder with the demo's published weights; on a fresh clone they are fetched first."""
    catalogue = load_catalogue(REPOSITORY / "config/weights.yaml")
    folder = REPOSITORY / "weights"
    for name in DEMO_WEIGHTS:
        fetch(name, catalogue, folder)
    return folder


@pytest.fixture(scope="session")
def weights(weights_dir) -> Weights:
    """The demo's published weights, as loaders take them."""
    return weights_in(weights_dir)


@pytest.fixture(scope="session")
def goldens():
    """What others' software makes of the published files (tests/fixtures/networks/make.py)."""
    with np.load(REPOSITORY / "tests/fixtures/networks/goldens.npz") as file:
        return dict(file)


# Names that Chromium takes for this machine's, though not for a place that it trusts without https.
HOSTS = ["--host-resolver-rules=MAP *.example 127.0.0.1"]


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium, without a window."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", *HOSTS])
        yield running
        running.close()
