"""A training step on BigGAN-256 and EmoNet (random weights in the authors' formats): ours, and the authors' own code
where a clone of their repository is at hand, else a plain loop that computes every layer as published."""

import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from apart import KEEP_MEMORY, run_apart, tell
from peak import peak_rates
from plain import plain_score
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from ganalyze.direction.settings import TransformerSettings
from ganalyze.direction.steps import ganalyze_loss
from ganalyze.direction.transformer import Transformer
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.compute import Compute
from ganalyze.models.generators import GENERATORS
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.randomness import truncated_normal
from ganalyze.support.settings import Count, Positive, Settings

_BATCH = 4  # z vectors a step, as in the paper
_PRECISIONS = ("float32", "bf16")


class Arguments(Settings):
    """What is measured, and on what."""

    steps: Positive = Field(default=3, description="timed steps of batch 4, after one")
    cosine_steps: Count = Field(default=0, description="steps after which bf16's θ is compared with float32's; 0: not")
    authors: Path | None = Field(default=None, description="a clone of LoreGoetschalckx/GANalyze, to run it as well")
    width: Positive = Field(default=96, description="of BigGAN-256; 96 is the published one")
    threads: Positive = Field(default=2, description="of the CPU")


def main(arguments: Arguments) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))  # what makes the weights is in the tests
    with tempfile.TemporaryDirectory() as folder:
        run_apart(make_networks, folder, arguments.width)
        against, *theirs = "a plain loop", plain_training, folder
        if arguments.authors:
            against, *theirs = "the authors' loop", authors_training, folder, arguments.authors, arguments.width
        contenders = {against: theirs} | {f"ours, {name}": [our_training, folder, name] for name in _PRECISIONS}
        runs = {
            (label, kept): run_apart(*call, arguments.steps, arguments.threads, environment=KEEP_MEMORY if kept else {})
            for label, call in contenders.items()
            for kept in (False, True)
        }
        needed = run_apart(count_operations, folder, arguments.threads).result
        rates = {name: run_apart(peak_rates, name, arguments.threads).result for name in _PRECISIONS}
        thetas = [
            run_apart(our_training, folder, name, arguments.cosine_steps, arguments.threads).result.theta
            for name in _PRECISIONS * bool(arguments.cosine_steps)
        ]

    print(f"{'':33} {'s/step':>8} {'core s/step':>12} {'peak MiB':>9}  losses")
    for (label, kept), timed in runs.items():
        losses = ", ".join(f"{loss:.5f}" for loss in timed.result.losses)
        print(
            f"{label:19} {'memory kept' if kept else 'as it comes':13} {timed.result.seconds:8.2f} "
            f"{timed.result.core_seconds:12.2f} {timed.peak:9.0f}  {losses}"
        )
    for name in _PRECISIONS:
        work, seconds = f"a training step, four z, BigGAN-256 and EmoNet, {name}", runs[f"ours, {name}", True].result[0]
        tell(work, seconds, against, runs[against, False].result.seconds)
        tell(work, seconds, "the same, memory kept too", runs[against, True].result.seconds, "≥ 3.5")
        for what, rate in rates[name].items():
            print(
                f"{name}: a step is {needed / 1e12:.2f} Tflop; at the {rate / 1e12:.3f} Tflop/s of a large {what} "
                f"{needed / rate:.1f} s, {needed / rate / seconds:.0%} of which is reached"
            )
    if thetas:
        cosine = np.dot(*thetas) / np.prod([np.linalg.norm(theta) for theta in thetas])
        print(f"θ after {arguments.cosine_steps} steps in bf16: cosine {cosine:.5f} with float32's")


class Trained(NamedTuple):
    """Seconds and core seconds a step after the first, θ, and the losses of all steps."""

    seconds: float
    core_seconds: float
    theta: np.ndarray
    losses: list[float]


def make_networks(folder: str, width: int) -> None:
    """Write the weights of both, random."""
    from tests import published

    published.write_biggan(Path(folder), 256, width)
    published.write_emonet(Path(folder))


def train(
    loss_of: Callable[[Tensor, Tensor, Tensor], Tensor], theta: Tensor, steps: int, threads: int, device: str = "cpu"
) -> Trained:
    """Steps of Adam, always of the same batches. loss_of: (z, y, α) → loss."""
    torch.set_num_threads(threads)
    optimizer = torch.optim.Adam([theta], lr=2e-4)
    losses, start, core_start = [], 0.0, 0.0
    for step in range(steps + 1):
        if step == 1:
            start, core_start = time.perf_counter(), time.process_time()
        rng = np.random.default_rng(step)
        z = torch.from_numpy(truncated_normal(rng, (_BATCH, 140)))
        y, alpha = torch.from_numpy(rng.integers(1000, size=_BATCH)), torch.from_numpy(rng.uniform(-0.5, 0.5, _BATCH))
        loss = loss_of(z.to(device), y.to(device), alpha.float().to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    seconds, cores = (time.perf_counter() - start) / steps, (time.process_time() - core_start) / steps
    return Trained(seconds, cores, theta.detach().flatten().double().cpu().numpy(), losses)


def ours(folder: str, precision: str, threads: int) -> tuple[Callable[[Tensor, Tensor, Tensor], Tensor], Tensor]:
    """The loss of our step, of (z, y, α), and θ."""
    compute = Compute(threads=threads, precision=precision, memory_format="channels_last").prepare()
    weights = Weights(weights_dir=(Path(folder),))
    generator = GENERATORS.load("biggan-256", weights, compute)
    assessor = ASSESSORS.load("emonet", weights, compute)
    transformer = Transformer(TransformerSettings(), generator.z_dim, generator.num_classes)

    def loss_of(z: Tensor, y: Tensor, alpha: Tensor) -> Tensor:
        with compute.autocast():
            return ganalyze_loss(generator, assessor, z, transformer(z, y, alpha), y, alpha)

    return loss_of, transformer.shared


def our_training(folder: str, precision: str, steps: int, threads: int) -> Trained:
    """The step of `ganalyze.direction.training`."""
    return train(*ours(folder, precision, threads), steps, threads)


def authors_training(folder: str, clone: Path, width: int, steps: int, threads: int, device: str = "cpu") -> Trained:
    """The step of the authors' train_pytorch.py, with their modules out of a clone of their repository."""
    sys.path.insert(0, str(Path(clone, "pytorch").resolve()))
    theirs = {name: importlib.import_module(name) for name in ("generators.biggan", "assessors", "utils.pytorch")}
    generator = theirs["generators.biggan"].Generator256(chn=width)
    generator.load_state_dict(torch.load(Path(folder, "biggan-256.pth"), weights_only=True))
    generator.eval().requires_grad_(False).to(device)
    place, file = tempfile.mkdtemp(dir=folder), "EmoNet_valence_moments_resnet50_5_best.pth.tar"
    Path(place, "assessors").mkdir()
    Path(place, "assessors", file).symlink_to(Path(folder, file).resolve())
    os.chdir(place)
    assessor, before, after = theirs["assessors"].emonet(True)
    assessor.eval().requires_grad_(False).to(device)
    one_hot, denorm = theirs["utils.pytorch"].one_hot, theirs["utils.pytorch"].denorm

    def score(z, y):
        images = before(denorm(generator(z, one_hot(y))))
        return after(assessor(images.view(-1, *images.shape[-3:])))

    return _train_by_score(score, steps, threads, device)  # without their rescaling, which takes no time


def plain_training(folder: str, steps: int, threads: int, device: str = "cpu") -> Trained:
    """The step as one writes it down, with networks as published."""
    return _train_by_score(plain_score(folder, device), steps, threads, device)


def _train_by_score(score: Callable[[Tensor, Tensor], Tensor], steps: int, threads: int, device: str) -> Trained:
    theta = torch.zeros(140, device=device, requires_grad=True)

    def loss_of(z: Tensor, y: Tensor, alpha: Tensor) -> Tensor:
        target = score(z, y) + alpha
        return F.mse_loss(score(z + alpha[:, None] * theta, y), target)

    return train(loss_of, theta, steps, threads, device)


def count_operations(folder: str, threads: int) -> float:
    """Floating-point operations of one of our steps."""
    with FlopCounterMode(display=False) as counter:
        train(*ours(folder, "float32", threads), 1, threads)
    return counter.get_total_flops() / 2  # two steps: one comes before the clock


if __name__ == "__main__":
    run_command(main)
