"""Measure how fast the slow parts are, and how much memory they take, against the plain way of doing the same.

    python scripts/bench.py factors
    python scripts/bench.py mixed_models
    python scripts/bench.py training [--authors FOLDER]

Everything is made in a temporary folder and removed again.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from ganalyze.images.image_sets import Shard, iterate_images, read_manifest, write_manifest
from ganalyze.measures.factors import IMAGE_FACTORS, measure
from ganalyze.statistics.mixed_models import fit_mixed_model
from ganalyze.support.errors import GanalyzeError, run_command


class Run(NamedTuple):
    """What a function returned, its time on the clock and on the cores (s), its process's peak memory (MiB)."""

    result: Any
    seconds: float
    core_seconds: float
    peak: float


def apart(function: Callable, *args) -> Run:
    """Run `function` in a fresh process, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_timed, function, *args).result()


def _timed(function: Callable, *args) -> Run:
    start, core_start = time.perf_counter(), time.process_time()
    result = function(*args)
    seconds, core_seconds = time.perf_counter() - start, time.process_time() - core_start
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    return Run(result, seconds, core_seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


# --- factors --------------------------------------------------------------------------------------------------


def bench_factors(args: argparse.Namespace) -> None:
    """Factors from pixels: ours and a plain loop over images, images a second and peak memory at n and 2n."""
    with tempfile.TemporaryDirectory() as folder:
        once, twice = Path(folder, "once.csv"), Path(folder, "twice.csv")
        apart(make_images, once, twice, args.n)
        # The loop is timed before and after, since other work on the machine may come and go.
        loop_before = apart(plain_loop, once, args.loop_n)
        ours, ours_twice = apart(measure, once, None, args.threads), apart(measure, twice, None, args.threads)
        loop_after = apart(plain_loop, once, args.loop_n)

    loop_seconds = (loop_before.seconds + loop_after.seconds) / 2
    loop_rate = len(loop_before.result) / loop_seconds
    print(f"{'':18} {'seconds':>8} {'images/s':>9} {'× loop':>7} {'core ms/image':>14} {'peak MiB':>9}")
    for label, run in (
        (f"ours, n = {args.n}", ours),
        (f"ours, 2n = {2 * args.n}", ours_twice),
        ("plain loop", loop_before._replace(seconds=loop_seconds)),
    ):
        images = len(run.result)
        rate = images / run.seconds
        print(
            f"{label:18} {run.seconds:8.1f} {rate:9.0f} {rate / loop_rate:7.1f} "
            f"{1000 * run.core_seconds / images:14.2f} {run.peak:9.0f}"
        )
    difference = (ours.result[IMAGE_FACTORS].head(args.loop_n) - loop_before.result).abs().max()
    print("largest difference:", ", ".join(f"{name} {value:.1g}" for name, value in difference.items()))


def make_images(once: Path, twice: Path, n: int) -> None:
    """Write n images of 256×256, about as large as PNG as photographs, as shards beside the manifest `once`.

    `twice` lists each of them under two ids: twice the images to measure, without twice the disk.
    """
    random = np.random.default_rng(0)
    distinct = [_picture(random) for _ in range(min(n, 250))]
    files = []
    for start in range(0, n, 500):
        shard = f"shard-{start // 500:04d}.zip"
        with Shard(once.parent / shard) as out:
            for index in range(start, min(start + 500, n)):
                out.add(f"{index}.png", np.roll(distinct[index % len(distinct)], index, axis=1))
                files.append(f"{shard}/{index}.png")
    write_manifest(pd.DataFrame({"image_id": np.arange(n), "file": files}), once)
    write_manifest(pd.DataFrame({"image_id": np.arange(2 * n), "file": files * 2}), twice)


def _picture(random: np.random.Generator) -> np.ndarray:
    """Soft blots of colour with some grain, (256, 256, 3) uint8."""
    blots = Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8))
    grain = random.integers(-6, 7, (256, 256, 3))
    return (np.asarray(blots.resize((256, 256), Image.Resampling.BICUBIC)) + grain).clip(0, 255).astype(np.uint8)


def plain_loop(manifest: Path, count: int) -> pd.DataFrame:
    """The same factors of the first `count` images, as one writes them down from their definitions."""
    from skimage.color import rgb2hsv

    rows = []
    for image in iterate_images(manifest, read_manifest(manifest).file[:count]):
        red, green, blue = np.moveaxis(image.astype(float), 2, 0)
        grey = 0.299 * red + 0.587 * green + 0.114 * blue
        rg, yb = red - green, (red + green) / 2 - blue
        deviation, mean = np.hypot(rg.std(), yb.std()), np.hypot(rg.mean(), yb.mean())
        hue, saturation, value = np.moveaxis(rgb2hsv(image), 2, 0)
        is_red = (np.minimum(hue, 1 - hue) <= 20 / 360) & (saturation >= 0.5) & (value >= 0.2)
        counts, _ = np.histogram(grey.round(), bins=256, range=(0, 256))
        share = counts[counts > 0] / grey.size
        rows.append([grey.mean() / 255, deviation + 0.3 * mean, is_red.mean(), -(share * np.log2(share)).sum()])
    return pd.DataFrame(rows, columns=IMAGE_FACTORS)


# --- mixed models ---------------------------------------------------------------------------------------------

LOGISTIC_MODELS = [
    "hit ~ alpha + (1|participant) + (1|seed_id)",
    "hit ~ alpha + (1|participant) + (1|seed_id) + (1|class_id)",
    "hit ~ brightness + (1|participant) + (1|seed_id) + (1|class_id)",
]
GLMER = """
library(lme4)
data <- read.csv(commandArgs(trailingOnly = TRUE)[1])
for (formula in commandArgs(trailingOnly = TRUE)[-1]) {
  seconds <- system.time(model <- glmer(as.formula(formula), data, family = binomial))["elapsed"]
  slope <- summary(model)$coefficients[2, 1:2]
  cat(sprintf("%.3f,%.15g,%.15g,%.15g\\n", seconds, as.numeric(logLik(model)), slope[1], slope[2]))
}
"""


def bench_mixed_models(args: argparse.Namespace) -> None:
    """Logistic models at the paper's scale: ours and R's lme4 as it comes, seconds to fit with standard errors."""
    if not shutil.which("Rscript"):
        raise GanalyzeError("Rscript not found: install R with lme4 (Debian: apt-get install r-base-core r-cran-lme4)")
    data = memory_game_at_paper_scale()
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "trials.csv")
        data.to_csv(table, index=False)
        # lme4 is timed before and after, since other work on the machine may come and go.
        before = run_lme4(table)
        ours = [apart(fit_mixed_model, data, formula, "binomial", "hit") for formula in LOGISTIC_MODELS]
        after = run_lme4(table)

    print(
        f"{len(data)} trials\n{'model':64} {'ours, s':>8} {'lme4, s':>8} {'ratio':>6} {'Δ logLik':>10} {'Δβ / SE':>10}"
    )
    for formula, run, first, second in zip(LOGISTIC_MODELS, ours, before, after, strict=True):
        seconds, slope = (first[0] + second[0]) / 2, run.result.iloc[1]
        print(
            f"{formula:64} {run.seconds:8.1f} {seconds:8.1f} {seconds / run.seconds:6.1f} "
            f"{slope.log_likelihood - first[1]:10.2g} {(slope.estimate - first[2]) / first[3]:10.2g}"
        )


def memory_game_at_paper_scale() -> pd.DataFrame:
    """23,700 trials of 500 people with 1,500 seeds of 750 classes (paper §3.4), and a factor that rises with α."""
    random = np.random.default_rng(0)
    n, people, seeds = 23_700, 500, 1500
    person, seed = random.integers(people, size=n), random.integers(seeds, size=n)
    data = pd.DataFrame({"participant": person, "seed_id": seed, "class_id": seed // 2})
    data["alpha"] = random.choice([-0.2, -0.1, 0.0, 0.1, 0.2], size=n)
    data["brightness"] = 2 * data.alpha + random.normal(size=n)
    log_odds = 0.5 + 1.92 * data.alpha + 0.8 * random.normal(size=people)[person]
    log_odds += 0.6 * random.normal(size=seeds)[seed] + 0.4 * random.normal(size=seeds)[seed // 2]
    data["hit"] = (random.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    return data


def run_lme4(table: Path) -> list[list[float]]:
    """For each model: seconds, log likelihood, slope, its standard error."""
    done = subprocess.run(["Rscript", "-e", GLMER, table, *LOGISTIC_MODELS], capture_output=True, text=True)
    if done.returncode:
        raise GanalyzeError(f"lme4 failed: {done.stderr.strip().splitlines()[-1]}")
    return [[float(value) for value in line.split(",")] for line in done.stdout.split()]


# --- training -------------------------------------------------------------------------------------------------

_BATCH = 4  # z vectors a step, as in the paper


def bench_training(args: argparse.Namespace) -> None:
    """A training step on BigGAN-256 and EmoNet (random weights in the authors' formats): ours, a plain loop that
    computes every layer as published, and, where a clone of their repository is given, the authors' own code."""
    sys.path.insert(0, str(Path(__file__).parents[1]))  # what makes the weights is in the tests
    with tempfile.TemporaryDirectory() as folder:
        apart(make_networks, folder, args.width)
        contenders = {"plain loop": (plain_training, folder)}
        if args.authors:
            contenders["the authors'"] = (authors_training, folder, args.authors, args.width)
        for precision in ("float32", "bf16"):
            contenders[f"ours, {precision}"] = (our_training, folder, precision)
        runs = {label: apart(*call, args.steps, args.threads) for label, call in contenders.items()}
        tflop = apart(count_operations, folder, args.threads).result
        peaks = {name: apart(measure_peak, name, args.threads).result for name in ("float32", "bf16")}
        thetas = [
            apart(our_training, folder, precision, args.cosine_steps, args.threads).result[2]
            for precision in ("float32", "bf16") * bool(args.cosine_steps)
        ]

    base = runs["the authors'" if args.authors else "plain loop"].result
    print(f"{'':14} {'s/step':>8} {'core s/step':>12} {'×':>6} {'× (core)':>9} {'peak MiB':>9}  losses")
    for label, run in runs.items():
        seconds, cores, _, losses = run.result
        print(
            f"{label:14} {seconds:8.2f} {cores:12.2f} {base[0] / seconds:6.2f} {base[1] / cores:9.2f} "
            f"{run.peak:9.0f}  {', '.join(f'{loss:.5f}' for loss in losses)}"
        )
    for name, peak in peaks.items():
        bound = tflop / peak
        print(
            f"{name}: a step is {tflop:.2f} Tflop; at the {peak:.3f} Tflop/s of this machine's matrix product "
            f"{bound:.1f} s, {bound / runs[f'ours, {name}'].result[0]:.0%} of which is reached"
        )
    if thetas:
        cosine = np.dot(*thetas) / np.prod([np.linalg.norm(theta) for theta in thetas])
        print(f"θ after {args.cosine_steps} steps in bf16: cosine {cosine:.5f} with float32's")


def make_networks(folder: str, width: int) -> None:
    from tests import published

    published.write_biggan(Path(folder), 256, width)
    published.write_emonet(Path(folder))


def _train(loss_of: Callable, theta, steps: int, threads: int) -> tuple[float, float, np.ndarray, list[float]]:
    """Seconds and core seconds a step after the first, θ, and the losses. loss_of: (θ, z, y, α) → loss."""
    import torch

    from ganalyze.support.randomness import truncated_normal

    torch.set_num_threads(threads)
    optimizer = torch.optim.Adam([theta], lr=2e-4)
    losses, start, core_start = [], 0.0, 0.0
    for step in range(steps + 1):
        if step == 1:
            start, core_start = time.perf_counter(), time.process_time()
        rng = np.random.default_rng(step)
        z = torch.from_numpy(truncated_normal(rng, (_BATCH, 140)))
        y, alpha = torch.from_numpy(rng.integers(1000, size=_BATCH)), torch.from_numpy(rng.uniform(-0.5, 0.5, _BATCH))
        loss = loss_of(theta, z, y, alpha.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    seconds, cores = (time.perf_counter() - start) / steps, (time.process_time() - core_start) / steps
    return seconds, cores, theta.detach().flatten().double().numpy(), losses


def _ours(folder: str, precision: str, threads: int):
    import torch

    from ganalyze.direction.training import ganalyze_loss
    from ganalyze.models.assessors import load_assessor
    from ganalyze.models.compute import Compute
    from ganalyze.models.generators import load_generator

    compute = Compute.prepare("cpu", threads, precision, "channels_last")
    networks = load_generator("biggan-256", folder, "cpu"), load_assessor("emonet", folder, "cpu")
    networks = [compute.tuned(network) for network in networks]

    def loss_of(theta, z, y, alpha):
        with compute.autocast():
            return ganalyze_loss(*networks, theta, z, y, alpha)

    return loss_of, torch.zeros(140, requires_grad=True)


def our_training(folder: str, precision: str, steps: int, threads: int):
    return _train(*_ours(folder, precision, threads), steps, threads)


def authors_training(folder: str, clone: str, width: int, steps: int, threads: int):
    """The step of the authors' train_pytorch.py, with their modules out of a clone of their repository."""
    import importlib
    import os

    import torch

    sys.path.insert(0, str(Path(clone, "pytorch").resolve()))
    theirs = {name: importlib.import_module(name) for name in ("generators.biggan", "assessors", "utils.pytorch")}
    generator = theirs["generators.biggan"].Generator256(chn=width)
    generator.load_state_dict(torch.load(Path(folder, "biggan-256.pth"), weights_only=True))
    generator.eval().requires_grad_(False)
    Path(folder, "assessors").mkdir()
    Path(folder, "assessors", "EmoNet_valence_moments_resnet50_5_best.pth.tar").symlink_to(
        Path(folder, "EmoNet_valence_moments_resnet50_5_best.pth.tar").resolve()
    )
    os.chdir(folder)
    assessor, before, after = theirs["assessors"].emonet(True)
    assessor.eval().requires_grad_(False)
    one_hot, denorm = theirs["utils.pytorch"].one_hot, theirs["utils.pytorch"].denorm

    def score(z, y):
        images = before(denorm(generator(z, one_hot(y))))
        return after(assessor(images.view(-1, *images.shape[-3:])))

    def loss_of(theta, z, y, alpha):  # without their rescaling, which takes no time
        target = score(z, y) + alpha
        return torch.nn.functional.mse_loss(score(z + alpha[:, None] * theta, y), target)

    return _train(loss_of, torch.zeros(140, requires_grad=True), steps, threads)


def plain_training(folder: str, steps: int, threads: int):
    """Every layer as published, in a network of torch's own layers: nothing folded, nothing fused."""
    import torch
    from torch.nn import functional as F
    from torchvision.models import resnet50

    state = torch.load(Path(folder, "biggan-256.pth"), weights_only=True)
    emonet = torch.load(Path(folder, "EmoNet_valence_moments_resnet50_5_best.pth.tar"), weights_only=True)
    resnet = resnet50(num_classes=1)
    resnet.load_state_dict(
        {k.removeprefix("module.model.").replace("last_linear", "fc"): v for k, v in emonet["state_dict"].items()}
    )
    resnet.eval().requires_grad_(False)
    mean, std = (torch.tensor(x)[:, None, None] for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

    def weight(name):
        bar, u = state[f"{name}.module.weight_bar"], state[f"{name}.module.weight_u"]
        matrix = bar.flatten(1)
        v = matrix.T @ u
        v = v / (v.norm() + 1e-4)
        u = matrix @ v
        u = u / (u.norm() + 1e-4)
        return bar / (u @ (matrix @ v))

    def conv(x, name, padding=0):
        return F.conv2d(x, weight(name), state.get(f"{name}.module.bias"), padding=padding)

    def norm(x, name, condition):
        x = F.batch_norm(x, state[f"{name}.bn.running_mean"], state[f"{name}.bn.running_var"], eps=1e-4)
        gain, bias = (F.linear(condition, weight(f"{name}.{part}_embed")) for part in ("gamma", "beta"))
        return (gain + 1)[:, :, None, None] * x + bias[:, :, None, None]

    def attend(x):
        query, key = conv(x, "attention.theta").flatten(2), F.max_pool2d(conv(x, "attention.phi"), 2).flatten(2)
        value = F.max_pool2d(conv(x, "attention.g"), 2).flatten(2)
        seen = value @ (query.transpose(1, 2) @ key).softmax(-1).transpose(1, 2)
        return state["attention.gamma"] * conv(seen.unflatten(2, x.shape[2:]), "attention.o_conv") + x

    def generate(z, y):
        first, *codes = z.split(20, dim=1)
        embedding = F.linear(F.one_hot(y, 1000).float(), state["linear.weight"])
        x = F.linear(first, weight("G_linear"), state["G_linear.module.bias"])
        x = x.view(len(z), 4, 4, -1).permute(0, 3, 1, 2)
        for index, code in enumerate(codes):
            if index == 5:
                x = attend(x)
            block, condition = f"GBlock.{index}", torch.cat([code, embedding], 1)
            h = F.interpolate(F.relu(norm(x, f"{block}.HyperBN", condition)), scale_factor=2)
            h = F.relu(norm(conv(h, f"{block}.conv0", 1), f"{block}.HyperBN_1", condition))
            x = conv(h, f"{block}.conv1", 1) + conv(F.interpolate(x, scale_factor=2), f"{block}.conv_sc")
        last = [state[f"ScaledCrossReplicaBN.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return torch.tanh(conv(F.relu(F.batch_norm(x, *last, eps=1e-4)), "colorize", 1))

    def score(z, y):
        images = ((generate(z, y) + 1) / 2).clamp(0, 1)
        places = [(0, 0), (0, 32), (32, 0), (32, 32), (17, 17)]
        crops = torch.stack([(images[..., a : a + 224, b : b + 224] - mean) / std for a, b in places], 1)
        crops = torch.cat([crops, crops.flip(-1)], 1)
        return resnet(crops.flatten(0, 1)).view(-1, 10).mean(1)

    def loss_of(theta, z, y, alpha):
        target = score(z, y) + alpha
        return F.mse_loss(score(z + alpha[:, None] * theta, y), target)

    return _train(loss_of, torch.zeros(140, requires_grad=True), steps, threads)


def count_operations(folder: str, threads: int) -> float:
    """Floating-point operations of one of our steps, in 10¹²."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        _train(*_ours(folder, "float32", threads), 1, threads)
    return counter.get_total_flops() / 2 / 1e12  # two steps: one comes before the clock


def measure_peak(precision: str, threads: int) -> float:
    """What a large matrix product reaches, in 10¹² floating-point operations a second."""
    import torch

    from ganalyze.models.compute import PRECISIONS

    torch.set_num_threads(threads)
    size = 4096
    a, b = (torch.randn(size, size, dtype=PRECISIONS[precision]) for _ in range(2))
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e12


# --------------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    benches = parser.add_subparsers(required=True, metavar="bench")
    factors = benches.add_parser("factors", help=bench_factors.__doc__, description=bench_factors.__doc__)
    factors.add_argument("--n", type=int, default=7500, help="images to make and measure (%(default)s)")
    factors.add_argument("--loop-n", type=int, default=500, help="images the plain loop measures (%(default)s)")
    factors.add_argument("--threads", type=int, help="default: all cores")
    factors.set_defaults(run=bench_factors)
    models = benches.add_parser("mixed_models", help=bench_mixed_models.__doc__, description=bench_mixed_models.__doc__)
    models.set_defaults(run=bench_mixed_models)
    training = benches.add_parser("training", help=bench_training.__doc__, description=bench_training.__doc__)
    training.add_argument("--steps", type=int, default=3, help="timed steps of batch 4, after one (%(default)s)")
    training.add_argument("--cosine-steps", type=int, default=0, help="steps after which bf16's θ is compared (no)")
    training.add_argument("--authors", help="a clone of LoreGoetschalckx/GANalyze, to run their code as well")
    training.add_argument("--width", type=int, default=96, help="of BigGAN-256; published: %(default)s")
    training.add_argument("--threads", type=int, default=2, help="default: %(default)s")
    training.set_defaults(run=bench_training)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    run_command(main)
