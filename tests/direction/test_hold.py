"""Holding other scores while one rises: the closed form, what it leaves as it was, and exact resume."""

import shlex

import numpy as np
import pytest
import torch
from torch import nn

from ganalyze.direction.settings import Objective, Training, TransformerSettings
from ganalyze.direction.steps import ganalyze_loss
from ganalyze.direction.training import describe_models, train_direction
from ganalyze.direction.transformer import Transformer
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.support.arguments import parse
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import command_line
from tests.networks import weights_in

CPU = Compute(device="cpu", threads=2).prepare()


class LinearGenerator(nn.Module):
    """G(z) = M z, as (N, 3, 1, 1) images, from two values."""

    z_dim, num_classes, image_size = 2, 1, 1
    matrix = torch.tensor([[1.0, 0.2], [-0.4, 0.9], [0.3, 0.5]])

    def forward(self, z, y):
        return (z @ self.matrix.T)[:, :, None, None]


class LinearAssessor(nn.Module):
    """A(x) = w · x. After so many calls, where `calls` are counted, the training is cut off."""

    def __init__(self, *weights, calls=None):
        super().__init__()
        self.weights = torch.tensor(weights)
        self.calls_left = calls

    def forward(self, images):
        if self.calls_left is not None:
            self.calls_left -= 1
            if self.calls_left < 0:
                raise KeyboardInterrupt
        return images.flatten(1) @ self.weights

    def slope(self):
        """Of the score on z, (2,)."""
        return (self.weights @ LinearGenerator.matrix).numpy().astype(float)


RAISED, ONE, OTHER = LinearAssessor(1.0, 0.5, 0.0), LinearAssessor(0.0, 1.0, 0.6), LinearAssessor(0.7, 0.1, 0.4)


def trained(checkpoint, held=(), assessor=RAISED, samples=400, say=print):
    every = 1 if samples == 400 else samples
    settings = Training(samples=samples, batch_size=8, learning_rate=0.05, alpha_max=0.5, checkpoint_every=every)
    transformer, losses, _ = train_direction(
        LinearGenerator(),
        assessor,
        settings,
        TransformerSettings(),
        CPU,
        study="s",
        seed=1,
        checkpoint=checkpoint,
        models={},
        held=held,
        say=say,
    )
    return transformer.theta.detach(), losses


@pytest.mark.parametrize("weights", [(0.5, 0.25), (2.0, 0.0), (0.1, 8.0)])
def test_a_held_training_converges_to_the_closed_form(tmp_path, weights):
    """With scores linear in z, of slopes a and b₁, b₂, the loss of a z and α is α² ((a·θ − 1)² + Σ wₖ (bₖ·θ)²),
    whatever the z. Its expectation is least where the gradient is 0: (a aᵀ + Σ wₖ bₖ bₖᵀ) θ = a."""
    theta, losses = trained(tmp_path / "last.pt", list(zip((ONE, OTHER), weights, strict=True)), samples=4800)
    a, slopes = RAISED.slope(), (ONE.slope(), OTHER.slope())
    left = np.outer(a, a) + sum(w * np.outer(b, b) for w, b in zip(weights, slopes, strict=True))
    expected = np.linalg.solve(left, a)
    np.testing.assert_allclose(theta.numpy(), expected, atol=2e-3)
    least = (a @ expected - 1) ** 2 + sum(w * (b @ expected) ** 2 for w, b in zip(weights, slopes, strict=True))
    # The mean of α² over ±0.5 is 1/12.
    assert losses.loss[-200:].mean() == pytest.approx(least / 12, rel=0.1, abs=1e-6)


def test_what_is_held_moves_less_than_along_the_plain_direction(tmp_path):
    plain, _ = trained(tmp_path / "plain.pt", samples=3200)
    held, _ = trained(tmp_path / "held.pt", [(ONE, 10.0)], samples=3200)
    assert RAISED.slope() @ held.numpy() == pytest.approx(1, abs=0.01)
    assert abs(ONE.slope() @ held.numpy()) < 0.01 < 0.1 < abs(ONE.slope() @ plain.numpy())


def test_the_loss_adds_weight_times_the_mean_squared_change_of_each_held_score():
    z, alpha, y = torch.randn(5, 2), torch.linspace(-0.5, 0.5, 5), torch.zeros(5, dtype=torch.long)
    theta = torch.tensor([0.7, -0.3])
    moved = Transformer.along(theta)(z, y, alpha)
    loss = ganalyze_loss(LinearGenerator(), RAISED, z, moved, y, alpha, [(ONE, 3.0), (OTHER, 0.5)])
    a, b, c = (one.slope() @ theta.numpy() for one in (RAISED, ONE, OTHER))
    expected = alpha.square().mean().item() * ((a - 1) ** 2 + 3 * b**2 + 0.5 * c**2)
    assert loss.item() == pytest.approx(expected, rel=1e-4)


def test_a_weight_of_0_leaves_every_bit_of_the_plain_training(tmp_path):
    plain, losses = trained(tmp_path / "plain.pt")
    theta, others = trained(tmp_path / "held.pt", [(ONE, 0.0), (OTHER, 0.0)])
    assert torch.equal(theta, plain)
    assert others.equals(losses)
    assert not torch.equal(trained(tmp_path / "weighed.pt", [(ONE, 0.001)])[0], plain)


@pytest.mark.parametrize("stop_after", [1, 7, 49])
def test_a_held_training_that_was_cut_off_goes_on_to_the_same_bits(tmp_path, stop_after):
    held = [(ONE, 2.0), (OTHER, 0.5)]
    whole, losses = trained(tmp_path / "whole.pt", held)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "last.pt", held, LinearAssessor(1.0, 0.5, 0.0, calls=2 * stop_after))
    said = []
    theta, again = trained(tmp_path / "last.pt", held, say=said.append)
    assert said == [f"going on from step {stop_after} of 50"]
    assert torch.equal(theta, whole)
    assert again.equals(losses)


@pytest.mark.parametrize("other", [[], [(ONE, 3.0)], [(ONE, 2.0), (OTHER, 1.0)]])
def test_a_checkpoint_that_held_otherwise_is_not_used(tmp_path, other):
    trained(tmp_path / "last.pt", [(ONE, 2.0)])
    said = []
    theta, _ = trained(tmp_path / "last.pt", other, say=said.append)
    assert "starts over" in said[0]
    assert torch.equal(theta, trained(tmp_path / "fresh.pt", other)[0])


# --- settings ------------------------------------------------------------------------------------------------


HOLD = {"assessor": "brightness", "weight": 4}
SIZE = {"assessor": "object-size-u2netp", "weight": 1e-05}
VALENCE = {"assessor": "fer-valence", "weight": 0.5, "assessor_options": {"temperature": 4.5, "region": [0.2, 1.0]}}


def test_held_scores_travel_to_a_command_line_and_back():
    objective = Objective.model_validate({"assessor": "resmem", "hold": [HOLD, SIZE, VALENCE]})
    words = command_line(objective)
    assert parse(Objective, "", shlex.split(words)) == objective
    by_hand = ["--assessor", "resmem", "--hold", "{assessor: brightness, weight: 4}"]
    assert parse(Objective, "", by_hand).hold == objective.hold[:1]
    assert command_line(Objective(assessor="resmem")) == "--assessor resmem"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("brightness", r"arguments: hold\[0\]: got 'brightness'"),
        ("{assessor: brightness}", r"arguments: hold\[0\].weight: missing"),
        ("{assessor: brightness, weight: -1}", r"arguments: hold\[0\].weight: got -1, input should be greater"),
        ("{assessor: brightness, weight: .inf}", r"arguments: hold\[0\].weight: got inf, input should be a finite"),
        ("{assessor: brightness, wieght: 1}", r"hold\[0\].wieght: unknown key, did you mean weight"),
        ("{assessor: resmem, weight: 1}", "resmem is the score that is to rise"),
    ],
)
def test_what_cannot_be_held_is_told_with_its_place(word, told):
    with pytest.raises(GanalyzeError, match=told):
        parse(Objective, "", ["--assessor", "resmem", "--hold", word])


def test_a_direction_says_what_was_held_and_of_which_weights_unless_the_weight_is_0(weights_dir):
    generator, weights = GeneratorChoice(generator="dcgan-digiface"), weights_in(weights_dir)

    def described(*hold):
        objective = Objective.model_validate({"assessor": "fer-valence", "hold": list(hold)})
        return describe_models(generator, objective, weights)

    plain = described()
    assert set(plain) == {"generator", "assessor", "weights.tar", "emotion_model.hdf5"}
    assert described(HOLD | {"weight": 0}) == plain
    held = described(HOLD, SIZE)
    assert held["hold"] == [HOLD, SIZE]
    assert set(held) - set(plain) == {"hold", "u2netp.onnx"}
