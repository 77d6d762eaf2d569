"""A training step on BigGAN-256 and EmoNet (random weights in the authors' formats): ours, a plain loop that computes
every layer as published, and, where a clone of their repository is at hand, the authors' own code."""

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
from apart import best_time, run_apart, tell
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
_PRECISIONS = {"float32": torch.float32, "bf16": torch.bfloat16}


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
        contenders = {"plain loop": (plain_training, folder)}
        if arguments.authors:
            contenders["the authors'"] = (authors_training, folder, arguments.authors, arguments.width)
        for precision in ("float32", "bf16"):
            contenders[f"ours, {precision}"] = (our_training, folder, precision)
        runs = {label: run_apart(*call, arguments.steps, arguments.threads) for label, call in contenders.items()}
        tflop = run_apart(count_operations, folder, arguments.threads).result
        peaks = {name: run_apart(measure_peak, name, arguments.threads).result for name in ("float32", "bf16")}
        thetas = [
            run_apart(our_training, folder, precision, arguments.cosine_steps, arguments.threads).result.theta
            for precision in ("float32", "bf16") * bool(arguments.cosine_steps)
        ]

    base = runs["the authors'" if arguments.authors else "plain loop"].result
    print(f"{'':14} {'s/step':>8} {'core s/step':>12} {'×':>6} {'× (core)':>9} {'peak MiB':>9}  losses")
    for label, timed in runs.items():
        trained = timed.result
        faster, less = base.seconds / trained.seconds, base.core_seconds / trained.core_seconds
        print(
            f"{label:14} {trained.seconds:8.2f} {trained.core_seconds:12.2f} {faster:6.2f} {less:9.2f} "
            f"{timed.peak:9.0f}  {', '.join(f'{loss:.5f}' for loss in trained.losses)}"
        )
    for name in peaks:
        seconds, against = (
            runs[f"ours, {name}"].result.seconds,
            "the authors' loop" if arguments.authors else "a plain loop",
        )
        tell(f"a training step, four z, BigGAN-256 and EmoNet, {name}", seconds, against, base.seconds, "≥ 3.5")
    for name, peak in peaks.items():
        bound = tflop / peak
        print(
            f"{name}: a step is {tflop:.2f} Tflop; at the {peak:.3f} Tflop/s of this machine's matrix product "
            f"{bound:.1f} s, {bound / runs[f'ours, {name}'].result.seconds:.0%} of which is reached"
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


def _train(
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


def _ours(folder: str, precision: str, threads: int) -> tuple[Callable[[Tensor, Tensor, Tensor], Tensor], Tensor]:
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
    return _train(*_ours(folder, precision, threads), steps, threads)


def authors_training(folder: str, clone: Path, width: int, steps: int, threads: int, device: str = "cpu") -> Trained:
    """The step of the authors' train_pytorch.py, with their modules out of a clone of their repository."""
    sys.path.insert(0, str(Path(clone, "pytorch").resolve()))
    theirs = {name: importlib.import_module(name) for name in ("generators.biggan", "assessors", "utils.pytorch")}
    generator = theirs["generators.biggan"].Generator256(chn=width)
    generator.load_state_dict(torch.load(Path(folder, "biggan-256.pth"), weights_only=True))
    generator.eval().requires_grad_(False).to(device)
    Path(folder, "assessors").mkdir()
    Path(folder, "assessors", "EmoNet_valence_moments_resnet50_5_best.pth.tar").symlink_to(
        Path(folder, "EmoNet_valence_moments_resnet50_5_best.pth.tar").resolve()
    )
    os.chdir(folder)
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

    return _train(loss_of, theta, steps, threads, device)


def count_operations(folder: str, threads: int) -> float:
    """Floating-point operations of one of our steps, in 10¹²."""
    with FlopCounterMode(display=False) as counter:
        _train(*_ours(folder, "float32", threads), 1, threads)
    return counter.get_total_flops() / 2 / 1e12  # two steps: one comes before the clock


def measure_peak(precision: str, threads: int) -> float:
    """What a large matrix product reaches, in 10¹² floating-point operations a second."""
    torch.set_num_threads(threads)
    size = 4096
    a, b = (torch.randn(size, size, dtype=_PRECISIONS[precision]) for _ in range(2))
    return 2 * size**3 / best_time(lambda: a @ b) / 1e12


if __name__ == "__main__":
    run_command(main)
