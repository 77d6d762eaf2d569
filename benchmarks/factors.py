"""Factors from pixels: ours and a plain loop over images, in images a second and peak memory, at n images and at 2n."""

import tempfile
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from apart import run_apart, tell
from PIL import Image
from pydantic import Field

from ganalyze.images.image_sets import ImageSet, write_manifest
from ganalyze.images.shards import Shard
from ganalyze.measures.factors import IMAGE_FACTORS, measure
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Positive, Settings


class Arguments(Settings):
    """How much is measured."""

    n: Positive = Field(default=7500, description="images to make and measure")
    loop_n: Positive = Field(default=500, description="images that the plain loop measures")
    threads: Positive | None = Field(default=None, description="of ours; default: all cores")


def main(arguments: Arguments) -> None:
    with tempfile.TemporaryDirectory() as folder:
        once, twice = Path(folder, "once.csv"), Path(folder, "twice.csv")
        run_apart(make_images, once, twice, arguments.n)
        # The loop is timed before and after, since other work on the machine may come and go.
        loop_before = run_apart(plain_loop, once, arguments.loop_n)
        ours = run_apart(measure, once, None, arguments.threads)
        ours_twice = run_apart(measure, twice, None, arguments.threads)
        loop_after = run_apart(plain_loop, once, arguments.loop_n)

    loop_seconds = (loop_before.seconds + loop_after.seconds) / 2
    loop_rate = len(loop_before.result) / loop_seconds
    print(f"{'':18} {'seconds':>8} {'images/s':>9} {'× loop':>7} {'core ms/image':>14} {'peak MiB':>9}")
    for label, timed in (
        (f"ours, n = {arguments.n}", ours),
        (f"ours, 2n = {2 * arguments.n}", ours_twice),
        ("plain loop", loop_before._replace(seconds=loop_seconds)),
    ):
        images = len(timed.result)
        rate = images / timed.seconds
        print(
            f"{label:18} {timed.seconds:8.1f} {rate:9.0f} {rate / loop_rate:7.1f} "
            f"{1000 * timed.core_seconds / images:14.2f} {timed.peak:9.0f}"
        )
    work = f"brightness, colorfulness, redness and entropy of {arguments.n:,} images"
    tell(work, ours.seconds, "a plain loop", arguments.n / loop_rate, "≥ 10")
    difference = (ours.result[IMAGE_FACTORS].head(arguments.loop_n) - loop_before.result).abs().max()
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
    from skimage.color import rgb2hsv  # here, so that it takes no memory where ours is measured

    rows = []
    for image in islice(ImageSet.open(manifest).images(), count):
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


if __name__ == "__main__":
    run_command(main)
