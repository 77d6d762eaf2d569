"""What tests share: the demo's real networks."""

from pathlib import Path

import pytest

from ganalyze.weights import fetch, load_catalogue

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def weights_dir() -> Path:
    """The folder with the demo's published weights; on a fresh clone they are fetched first."""
    catalogue = load_catalogue(REPOSITORY / "config/weights.yaml")
    folder = REPOSITORY / "weights"
    for name in ("weights.tar", "emotion_model.hdf5", "model.pt"):
        fetch(name, catalogue, folder)
    return folder
