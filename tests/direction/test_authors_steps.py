"""Two steps of our training equal two of the authors' loop: loss, gradient and θ, with their options."""

import numpy as np
import pytest
import torch

from ganalyze.direction import training
from ganalyze.direction.settings import Training, TransformerSettings
from ganalyze.direction.training import train_direction
from ganalyze.models.compute import Compute
from tests import published
from tests.authors import assert_equal, assert_same_direction, draw_z_and_y, numbers
from tests.networks import load_assessor, load_generator


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """In float64 from the file on, as theirs: in float32 these random networks' gradients have three digits."""
    folder = tmp_path_factory.mktemp("weights")
    torch.save({name: value.double() for name, value in published.biggan(256, 8).items()}, folder / "biggan-256.pth")
    published.write_emonet(folder)
    torch.set_default_dtype(torch.float64)
    try:
        yield load_generator("biggan-256", folder), load_assessor("emonet", folder)
    finally:
        torch.set_default_dtype(torch.float32)


def the_authors_draws(training, step, z_dim, num_classes, **streams):
    z, y, rng = draw_z_and_y(20 + step, 2, z_dim)
    return z.double(), y, torch.from_numpy(rng.uniform(-0.5, 0.5, 2)).float()


@pytest.mark.parametrize(
    ("kind", "theirs", "gradients"),
    [
        ("one_direction", "OneDirection", "accumulated"),
        pytest.param("one_direction", "OneDirection", "zeroed", marks=pytest.mark.slow),
        pytest.param("class_dependent", "ClassDependent", "zeroed", marks=pytest.mark.slow),
        pytest.param("class_dependent", "ClassDependent", "accumulated", marks=pytest.mark.slow),
    ],
)
def test_two_steps_equal_the_authors(networks, tmp_path, monkeypatch, kind, theirs, gradients):
    expected = numbers(f"steps {theirs} {gradients}")
    rng = np.random.default_rng(13)
    seen = []

    class Transformer(training.Transformer):
        """Starts where theirs did."""

        def __init__(self, *arguments):
            super().__init__(*arguments)
            with torch.no_grad():
                if kind == "class_dependent":
                    self.own.copy_(0.3 * published.normal(rng, 140, 1000).T)
                    self.shared.copy_(0.3 * published.normal(rng, 140))
                else:
                    self.shared.copy_(0.3 * published.normal(rng, 1, 140)[0])
            self.double()

    class Adam(torch.optim.Adam):
        """Keeps the gradients that it steps along."""

        def step(self):
            seen.append([parameter.grad.clone() for parameter in self.param_groups[0]["params"]])
            super().step()

    monkeypatch.setattr(training, "Transformer", Transformer)
    monkeypatch.setattr(torch.optim, "Adam", Adam)
    monkeypatch.setattr(training, "draw_batch", the_authors_draws)
    transformer, losses, _ = train_direction(
        *networks,
        Training(samples=4, batch_size=2, learning_rate=2e-4, alpha_max=0.5, gradients=gradients),
        TransformerSettings(kind=kind, rescaling="per_batch", start="normal"),
        Compute(device="cpu", threads=2).prepare(),
        study="s",
        seed=0,
        checkpoint=tmp_path / "last.pt",
        models={},
    )
    theta = transformer.theta

    assert_equal(torch.tensor(losses.loss), expected["losses"])
    for step in range(2):
        shared = "shared_gradients" if kind == "class_dependent" else "gradients"
        assert_equal(seen[step][0], expected[shared][step])
        assert_same_direction(seen[step][0], expected[shared][step])
    if kind == "class_dependent":
        assert_equal(theta[expected["classes"]], expected["theta"])
        assert_equal(seen[1][1][expected["classes"]], expected["gradients"][1])
    else:
        assert_equal(theta, expected["theta"])
