"""Measure how fast the slow parts are, and how much memory they take, against the plain way of doing the same.

    python scripts/bench.py factors
    python scripts/bench.py mixed_models

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

from ganalyze.errors import GanalyzeError, run_command
from ganalyze.factors import IMAGE_FACTORS, measure
from ganalyze.image_sets import Shard, iterate_images, read_manifest, write_manifest
from ganalyze.mixed_models import fit_mixed_model


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
        print(f"{label:18} {run.seconds:8.1f} {rate:9.0f} {rate / loop_rate:7.1f} "
              f"{1000 * run.core_seconds / images:14.2f} {run.peak:9.0f}")  # fmt: skip
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
        print(f"{formula:64} {run.seconds:8.1f} {seconds:8.1f} {seconds / run.seconds:6.1f} "
              f"{slope.log_likelihood - first[1]:10.2g} {(slope.estimate - first[2]) / first[3]:10.2g}")  # fmt: skip


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
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    run_command(main)
