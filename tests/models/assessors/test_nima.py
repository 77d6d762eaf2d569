"""NIMA against Keras' run of the published file (tests/fixtures/networks)."""

import numpy as np
import pytest
import torch

from tests.networks import load_assessor


@pytest.fixture(scope="module")
def nima(weights_dir):
    return load_assessor("nima-aesthetic", weights_dir)


def test_distributions_equal_keras(nima, goldens):
    images = np.random.default_rng(3).uniform(-1, 1, (3, 224, 224, 3)).astype("float32")
    images[1] = np.linspace(-1, 1, 224)[None, :, None]
    images[2, :, :, 0] = 0.5
    distribution = nima.distribution(torch.from_numpy(images).permute(0, 3, 1, 2))
    torch.testing.assert_close(distribution, torch.from_numpy(goldens["ratings"]), rtol=0, atol=1e-5)


def test_the_score_is_the_mean_rating(nima):
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(1)) * 2 - 1
    torch.testing.assert_close(nima(images), (nima.distribution(images) * torch.arange(1.0, 11.0)).sum(dim=1))
    assert ((nima(images) > 1) & (nima(images) < 10)).all()
