"""ResMem against the published package."""

import numpy as np
import torch

from tests.networks import load_assessor


def test_scores_equal_the_published_packages(weights_dir):
    # From the published package (resmem 1.1.6) run on the central 227 pixels of images made as here.
    published = [0.896295428276062, 0.8226979374885559, 0.8344878554344177]
    images = np.random.default_rng(2).uniform(0, 1, (3, 3, 256, 256)).astype("float32")
    images[1] = np.linspace(0, 1, 256)
    images[2] *= 0.3
    resmem = load_assessor("resmem", weights_dir)
    with torch.no_grad():
        scores = resmem(torch.from_numpy(images) * 2 - 1)
    torch.testing.assert_close(scores, torch.tensor(published), rtol=1e-4, atol=1e-4)
