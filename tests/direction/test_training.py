"""Learning θ: Eq. 1 against independent calculations, the draws of §2.2, and exact resume after a kill."""

import importlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy import stats
from torch import nn

from ganalyze.direction import steps
from ganalyze.direction.course import load_course
from ganalyze.direction.settings import Training, TransformerSettings
from ganalyze.direction.steps import ganalyze_loss
from ganalyze.direction.training import draw_batch, train_direction
from ganalyze.direction.transformer import Transformer
from ganalyze.models.compute import Compute
from ganalyze.support.errors import GanalyzeError
from tests.networks import load_assessor, load_generator

CPU = Compute(device="cpu", threads=2).prepare()


class LinearGenerator(nn.Module):
    """G(z, y) = M z + c_y, as (N, 3, 1, 1) images: a generator whose derivative is known."""

    z_dim, num_classes, image_size = 5, 4, 1

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(0)
        self.register_buffer("matrix", torch.from_numpy(rng.normal(size=(3, 5))))
        self.register_buffer("shift", torch.from_numpy(rng.normal(size=(4, 3))))

    def forward(self, z, y):
        return (z.to(self.matrix.dtype) @ self.matrix.T + self.shift[y])[:, :, None, None]


class SquareAssessor(nn.Module):
    """A(x) = w · x²."""

    weights = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)

    def forward(self, images):
        return (images.flatten(1).square() * self.weights).sum(1)


def settings(**changes):
    values = {"samples": 40, "batch_size": 4, "learning_rate": 0.05, "alpha_max": 0.5, "checkpoint_every": 1}
    return Training(**(values | changes))


def train(
    checkpoint,
    assessor=None,
    training=None,
    transformer=TransformerSettings(),  # noqa: B008 -- frozen
    compute=CPU,
    study="s",
    seed=1,
    models=None,
    say=print,
):
    """θ and the losses of a training with the linear generator."""
    transformer, losses, _ = train_direction(
        LinearGenerator(),
        assessor or SquareAssessor(),
        training or settings(),
        transformer,
        compute,
        study=study,
        seed=seed,
        checkpoint=checkpoint,
        models=models or {},
        say=say,
    )
    return transformer.theta.detach(), losses


class Stop(Exception):
    pass


class StoppingAssessor(SquareAssessor):
    """Ends the training after so many steps."""

    def __init__(self, steps):
        super().__init__()
        self.calls_left = 2 * steps  # two scorings a step

    def forward(self, images):
        if not self.calls_left:
            raise Stop
        self.calls_left -= 1
        return super().forward(images)


def test_loss_and_gradient_are_those_of_equation_1_worked_out_by_hand():
    generator, assessor = LinearGenerator(), SquareAssessor()
    rng = np.random.default_rng(5)
    z, y, alpha = rng.normal(size=(6, 5)), rng.integers(4, size=6), rng.uniform(-0.5, 0.5, 6)
    theta = rng.normal(size=5)

    # Eq. 1 in numpy: L = mean((A(G(z + αθ)) − A(G(z)) − α)²); dL/dθ = mean(2 r · 2 w x · M · α).
    matrix, shift, w = generator.matrix.numpy(), generator.shift.numpy(), assessor.weights.numpy()
    seed, clone = z @ matrix.T + shift[y], (z + alpha[:, None] * theta) @ matrix.T + shift[y]
    residual = clone**2 @ w - (seed**2 @ w + alpha)
    gradient = np.mean(2 * residual[:, None] * alpha[:, None] * ((2 * w * clone) @ matrix), axis=0)

    transformer = Transformer.along(torch.from_numpy(theta))
    z, y, alpha = map(torch.from_numpy, (z, y, alpha))
    loss = ganalyze_loss(generator, assessor, z, transformer(z, y, alpha), y, alpha)
    loss.backward()
    # The loss compares scores in float32, as every assessor gives them.
    assert loss.item() == pytest.approx(np.mean(residual**2), rel=1e-5)
    np.testing.assert_allclose(transformer.shared.grad.numpy(), gradient, rtol=1e-4)


def test_the_gradient_through_the_real_networks_is_that_of_finite_differences(weights_dir):
    generator = load_generator("dcgan-digiface", weights_dir).double()
    assessor = load_assessor("fer-valence", weights_dir)
    noise = torch.Generator().manual_seed(6)
    z, y = torch.randn(3, 100, generator=noise).double(), torch.zeros(3, dtype=torch.long)
    alpha = torch.tensor([-0.3, 0.2, 0.4]).double()
    theta = torch.randn(100, generator=noise).double().mul(0.5)

    def loss(theta):
        transformer = Transformer.along(theta)
        return ganalyze_loss(generator, assessor, z, transformer(z, y, alpha), y, alpha), transformer.shared

    value, parameter = loss(theta)
    value.backward()
    direction = parameter.grad / parameter.grad.norm()
    step = 1e-3  # small beside the networks' kinks, large beside float32's last digit
    with torch.no_grad():
        up, down = (loss(theta + sign * step * direction)[0].item() for sign in (1, -1))
    assert (up - down) / (2 * step) == pytest.approx(parameter.grad.norm().item(), rel=0.02)


def test_the_first_steps_are_adams_from_zero(tmp_path):
    generator, assessor = LinearGenerator(), SquareAssessor()
    training = settings(samples=8)
    theta, losses = train(tmp_path / "last.pt", training=training)

    # Adam as in Kingma & Ba (2015), algorithm 1, with gradients of Eq. 1 by hand.
    matrix, shift, w = generator.matrix.numpy(), generator.shift.numpy(), assessor.weights.numpy()
    expected, m, v = np.zeros(5), 0, 0
    for t in (1, 2):
        batch = draw_batch(training, t - 1, 5, 4, study="s", seed=1)
        z, y, alpha = (x.numpy().astype(float) if x.is_floating_point() else x.numpy() for x in batch)
        clone = (z + alpha[:, None] * expected) @ matrix.T + shift[y]
        residual = clone**2 @ w - ((z @ matrix.T + shift[y]) ** 2 @ w + alpha)
        assert losses.loss[t - 1] == pytest.approx(np.mean(residual**2), rel=1e-4)
        gradient = np.mean(2 * residual[:, None] * alpha[:, None] * ((2 * w * clone) @ matrix), axis=0)
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        expected -= 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    np.testing.assert_allclose(theta.numpy(), expected, rtol=1e-4)


def test_batches_are_drawn_as_the_paper_says():
    def draw(step):
        return draw_batch(settings(samples=40_000, batch_size=20_000), step, 3, 10, study="s", seed=1)

    z, y, alpha = draw(0)
    assert stats.kstest(z[:, 0].numpy(), stats.truncnorm(-2, 2).cdf).pvalue > 1e-3
    assert stats.kstest(alpha.numpy(), stats.uniform(-0.5, 1).cdf).pvalue > 1e-3
    assert stats.chisquare(np.bincount(y.numpy(), minlength=10)).pvalue > 1e-3
    again, other = draw(0)[0], draw(1)[0]
    assert torch.equal(z, again)
    assert abs(np.corrcoef(z[:, 0], other[:, 0])[0, 1]) < 0.03


def test_the_last_batch_holds_what_is_left(tmp_path):
    _, losses = train(tmp_path / "c.pt", training=settings(samples=10))
    assert losses.step.tolist() == [1, 2, 3]
    assert losses.samples.tolist() == [4, 8, 10]


@pytest.mark.parametrize("stop_after", range(1, 10))
def test_training_stopped_after_any_step_goes_on_to_the_same_bits(tmp_path, stop_after):
    whole, whole_losses = train(tmp_path / "whole.pt")
    with pytest.raises(Stop):
        train(tmp_path / "last.pt", StoppingAssessor(stop_after))
    said = []
    theta, losses = train(tmp_path / "last.pt", say=said.append)
    assert said == [f"going on from step {stop_after} of 10"]
    assert torch.equal(theta, whole)
    assert losses.equals(whole_losses)


@pytest.mark.parametrize("precision", ["float32", "fp16"])
def test_accumulated_gradients_and_class_dependent_directions_go_on_to_the_same_bits(tmp_path, precision):
    how = {
        "compute": Compute(device="cpu", threads=2, precision=precision).prepare(),
        "transformer": TransformerSettings(kind="class_dependent", rescaling="per_seed", start="uniform"),
    }
    accumulated, zeroed = settings(gradients="accumulated"), settings(gradients="zeroed")
    whole, losses = train(tmp_path / "whole.pt", training=accumulated, **how)
    with pytest.raises(Stop):
        train(tmp_path / "last.pt", StoppingAssessor(4), accumulated, **how)
    theta, again = train(tmp_path / "last.pt", training=accumulated, **how)
    assert theta.shape == (4, 5)
    assert torch.equal(theta, whole)
    assert again.equals(losses)
    assert not torch.equal(train(tmp_path / "zeroed.pt", training=zeroed, **how)[0], whole)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"training": settings(learning_rate=0.01)},
        {"training": settings(samples=44)},
        {"study": "other"},
        {"transformer": TransformerSettings(rescaling="per_seed")},
        {"compute": Compute(threads=1)},
        {"models": {"model.pt": "b" * 64}},  # other weights under the same name
    ],
    ids=["seed", "learning_rate", "samples", "study", "rescaling", "threads", "weights"],
)
def test_a_checkpoint_of_another_training_is_not_used(tmp_path, change):
    train(tmp_path / "last.pt", models={"model.pt": "a" * 64})
    said = []
    change = {"models": {"model.pt": "a" * 64}} | change
    theta, _ = train(tmp_path / "last.pt", **change, say=said.append)
    assert "starts over" in said[0]
    assert torch.equal(theta, train(tmp_path / "fresh.pt", **change)[0])


def test_how_often_checkpoints_are_made_is_not_part_of_the_training(tmp_path):
    train(tmp_path / "last.pt")
    said = []
    train(tmp_path / "last.pt", training=settings(checkpoint_every=7), say=said.append)
    assert said == ["going on from step 10 of 10"]


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """The file of a module that an assessor imports."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "helper_of_an_assessor.py"
    file.write_text('"""Helps."""\nGAIN = 1\n')
    importlib.import_module(file.stem)
    yield file
    del sys.modules[file.stem]


def test_a_checkpoint_made_by_other_code_is_not_used(tmp_path, helper):
    """Not even where only a module that an assessor imports has changed."""
    said = []
    train(tmp_path / "last.pt")
    train(tmp_path / "last.pt", say=said.append)
    assert "going on from step 10" in said.pop()
    helper.write_text('"""Helps."""\nGAIN = 5\n')
    train(tmp_path / "last.pt", say=said.append)
    assert "code: training starts over" in said[0]


@pytest.mark.parametrize("text", ['"""Helps much."""\nGAIN = 1\n', '"""Helps."""\n\nGAIN = 1  # no unit\n', "GAIN=1"])
def test_an_edited_comment_or_docstring_throws_no_checkpoint_away(tmp_path, helper, text):
    train(tmp_path / "last.pt")
    helper.write_text(text)
    said = []
    train(tmp_path / "last.pt", say=said.append)
    assert said == ["going on from step 10 of 10"]


def test_a_broken_checkpoint_is_not_used(tmp_path):
    (tmp_path / "last.pt").write_bytes(b"half a file")
    said = []
    train(tmp_path / "last.pt", say=said.append)
    assert "cannot be read" in said[0]


def test_a_loss_that_is_not_finite_ends_the_training_with_advice(tmp_path):
    class Broken(SquareAssessor):
        def forward(self, images):
            return super().forward(images) * float("nan")

    with pytest.raises(GanalyzeError, match=r"loss of study s is nan at step 0: lower the learning rate"):
        train(tmp_path / "last.pt", Broken())


class OnADevice(Compute):
    """As on a CUDA device, where losses are read many at a time; but for the device."""

    @property
    def on_cuda(self):
        return True

    def send(self, values):
        return values


@pytest.fixture
def device(monkeypatch):
    monkeypatch.setattr(steps, "recorded", lambda function, example, say: function)
    return OnADevice(threads=2)


def test_losses_that_are_read_many_at_a_time_are_the_same_and_none_is_left_out_of_a_checkpoint(tmp_path, device):
    theta, losses = train(tmp_path / "each.pt")
    training = settings(checkpoint_every=3)
    with pytest.raises(Stop):
        train(tmp_path / "blocks.pt", StoppingAssessor(8), training, compute=device)
    said = []
    theta_of_blocks, losses_of_blocks = train(
        tmp_path / "blocks.pt", training=training, compute=device, say=said.append
    )
    assert said == ["going on from step 6 of 10"]
    assert torch.equal(theta_of_blocks, theta)
    assert losses_of_blocks.equals(losses)


def test_a_loss_among_them_that_is_not_finite_is_told_with_its_step_before_more_is_saved(tmp_path, device):
    class Broken(StoppingAssessor):
        def forward(self, images):
            try:
                return super().forward(images)
            except Stop:
                return images.flatten(1).sum(1) * float("nan")

    training = settings(checkpoint_every=4)
    with pytest.raises(GanalyzeError, match="loss of study s is nan at step 5: lower"):
        train(tmp_path / "last.pt", Broken(5), training, compute=device)
    assert len(torch.load(tmp_path / "last.pt", weights_only=True)["losses"]) == 4


@pytest.mark.parametrize("name", ["samples", "batch_size", "learning_rate", "alpha_max", "checkpoint_every"])
def test_settings_that_make_no_sense_are_refused(name):
    with pytest.raises(ValidationError, match=rf"{name}\n  Input should be greater than 0 .*input_value=-1"):
        settings(**{name: -1})


@pytest.mark.slow
def test_the_command_killed_again_and_again_ends_with_the_same_bytes(tmp_path, weights_dir):
    def command(folder):
        return [
            sys.executable,
            "scripts/train_direction.py",
            "--generator",
            "dcgan-digiface",
            "--assessor",
            "fer-valence",
            "--study",
            "valence",
            "--seed",
            "3",
            "--samples",
            "240",
            "--batch-size",
            "4",
            "--learning-rate",
            "0.03",
            "--alpha-max",
            "0.3",
            "--checkpoint-every",
            "1",
            "--weights-dir",
            str(weights_dir),
            "--output",
            f"{folder}/theta.safetensors",
            "--loss",
            f"{folder}/loss.csv",
            "--course",
            f"{folder}/course.safetensors",
            "--checkpoint",
            f"{folder}/last.pt",
        ]

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(whole), check=True, capture_output=True)
    checkpoint = killed / "last.pt"
    for wait in (0.0, 0.13, 0.31):
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        process = subprocess.Popen(command(killed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and (checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0) == before:
            time.sleep(0.005)
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "the training ended before it could be killed"
        assert not (killed / "theta.safetensors").exists()
    subprocess.run(command(killed), check=True, capture_output=True)
    assert list(load_course(whole / "course.safetensors")) == [4, 8, 16, 32, 64, 128, 240]
    for name in ("theta.safetensors", "loss.csv", "course.safetensors"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize("rescaling", ["none", "per_seed", "per_batch"])
def test_how_many_the_networks_see_at_once_changes_no_more_than_last_digits(tmp_path, rescaling):
    settings = TransformerSettings(rescaling=rescaling, start="normal")

    def trained(at_once):
        training = Training(samples=21, batch_size=7, at_once=at_once, learning_rate=0.1, alpha_max=0.5)
        checkpoint = tmp_path / f"{at_once}.pt"
        networks = LinearGenerator(), SquareAssessor()
        transformer, losses, _ = train_direction(
            *networks, training, settings, CPU, study="s", seed=1, checkpoint=checkpoint, models={}
        )
        return transformer.theta.detach(), losses.loss

    theta, losses = trained(None)
    for at_once in (1, 3, 7, 50):
        other_theta, other_losses = trained(at_once)
        torch.testing.assert_close(other_theta, theta, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(other_losses, losses, rtol=1e-4)
