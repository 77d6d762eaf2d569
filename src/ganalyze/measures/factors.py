"""The emerging factors of paper §3.2: seven numbers that describe an image and its subject.

Four come from the pixels, three from a mask of the subject. The paper names each factor in half a sentence;
where it leaves room, the rule chosen is stated beside the code. Sums run over integers and are exact, so a
factor is the same, bit for bit, whichever images it is measured with, and does not change where it should not
(pixels shuffled, a mask flipped).
"""

import math
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from ganalyze.images.image_sets import ImageSet, read_manifest
from ganalyze.images.reading import ImageReader, images_in
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.intervals import normal_interval

IMAGE_FACTORS = ["brightness", "colorfulness", "redness", "entropy"]
MASK_FACTORS = ["object_size", "centeredness", "squareness"]


def image_factors(images: Iterable[np.ndarray]) -> pd.DataFrame:
    """Measure pixels: `images` is (N, H, W, 3) uint8 RGB, or N images (H, W, 3) of any sizes.

    Returns N rows of

    - brightness: mean of the grey image, 0 to 1. Grey is Rec. 601 luma, 0.299 R + 0.587 G + 0.114 B.
    - colorfulness: M3 of Hasler & Süsstrunk (2003), "Measuring colourfulness in natural images", on RGB of
      0 to 255: 0 is grey, 82 highly colourful.
    - redness: share of red pixels, 0 to 1; see `_redness`.
    - entropy: of the 256-bin histogram of the grey image (luma rounded to 8 bits), 0 to 8 bits.
    """
    return pd.DataFrame([_image_row(image) for image in images], columns=IMAGE_FACTORS, dtype=float)


def mask_factors(masks: Iterable[np.ndarray | None]) -> pd.DataFrame:
    """Measure subjects: `masks` is (N, H, W) bool, or N masks (H, W) of any sizes, None where there is none.

    Returns N rows of

    - object_size: share of the image's pixels, 0 to 1.
    - centeredness: 1 - distance of the mask's centroid from the frame's centre / half the frame's diagonal. 1
      is centred, 0 would be the outermost point of a corner.
    - squareness: minor / major axis, 0 to 1, of the ellipse with the mask's normalized second central
      moments. A pixel counts as a unit square, which itself has the moment 1/12, so that a rectangle has
      exactly the ratio of its sides (as in MATLAB's regionprops; scikit-image's leaves the 1/12 out).

    A mask is usable if it tells a subject from a ground: where it is None, empty or covers every pixel, all
    three are NaN.
    """
    return pd.DataFrame([_mask_row(mask) for mask in masks], columns=MASK_FACTORS, dtype=float)


def measure(
    images: Path | str, masks: Path | str | None = None, threads: int | None = None, batch: int = 64
) -> pd.DataFrame:
    """Measure stored images: image_id and the seven factors, a row an image, in the order of `images`.

    images: a manifest, or a folder of images (`images_in`, of any sizes), where a file's stem is its image_id. masks:
    the same for the subjects' masks, found by image_id; a pixel with a non-zero channel is subject. An image
    without a usable mask has NaN there (see `mask_factors`). threads: all cores by default. A thread is
    handed `batch` names at a time and holds one image, so memory does not grow with their number; neither
    number changes the results.

    Raises GanalyzeError where there are no images, one cannot be read, no mask belongs to any image, or a
    mask is not of its image's size.
    """
    if threads is not None and threads < 1:
        raise GanalyzeError(f"{threads} threads were asked for: at least 1 is needed")
    folder, files = _files(images)
    mask_folder, mask_files = _files(masks) if masks else (Path(), {})
    if masks and not files.keys() & mask_files.keys():
        raise GanalyzeError(
            f"none of the masks in {masks} belongs to an image in {images}: "
            f"both need the same image_id, here {next(iter(files))}"
        )

    def measure_batch(image_ids: list[str]) -> np.ndarray:
        rows = []
        with ImageReader(folder) as image_reader, ImageReader(mask_folder) as mask_reader:
            for image_id in image_ids:
                image, mask = image_reader.read(files[image_id]), None
                if image_id in mask_files:
                    red, green, blue = np.moveaxis(mask_reader.read(mask_files[image_id]), 2, 0)
                    mask = (red | green | blue) > 0  # 15 times as fast as any(axis=2)
                    if mask.shape != image.shape[:2]:
                        raise GanalyzeError(
                            f"the mask of {image_id} is {_size(mask)} pixels, its image "
                            f"{_size(image)}: they must be of one size"
                        )
                rows.append(_image_row(image) + _mask_row(mask))
        return np.array(rows)

    # Threads do: decoding PNG and NumPy's loops, where nearly all the time goes, run outside Python's lock.
    image_ids = list(files)
    batches = [image_ids[start : start + batch] for start in range(0, len(image_ids), batch)]
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        rows = np.concatenate(list(pool.map(measure_batch, batches)))
    table = pd.DataFrame(rows, columns=IMAGE_FACTORS + MASK_FACTORS)
    table.insert(0, "image_id", image_ids)
    return table


def by_alpha(factors: pd.DataFrame, images: ImageSet) -> pd.DataFrame:
    """A row a factor and alpha: alpha, factor, n (images that have it), mean in its unit, its 95 % confidence interval
    over them ci_low, ci_high, and mean_z, the mean of the factor z-scored over all images.

    factors: as `measure` gives them, of the set's images. Raises GanalyzeError where the manifest has no alpha.
    """
    images = images.at(images.alphas)
    names = [*IMAGE_FACTORS, *MASK_FACTORS]
    table = images.manifest[["image_id", "alpha"]].merge(factors, on="image_id", validate="1:1")
    normalised = (table[names] - table[names].mean()) / table[names].std()
    parts = []
    for name in names:
        groups = table.groupby("alpha")[name]
        n, mean = groups.count(), groups.mean()
        low, high = normal_interval(mean, groups.std() / n**0.5)
        z = normalised[name].groupby(table.alpha).mean()
        columns = {"factor": name, "n": n, "mean": mean, "ci_low": low, "ci_high": high, "mean_z": z}
        parts.append(pd.DataFrame(columns).reset_index())
    return pd.concat(parts, ignore_index=True)


def _files(source: Path | str) -> tuple[Path, dict[str, str]]:
    """The folder of a manifest or a folder of images, and the file in it of each image_id."""
    source = Path(source)
    if not source.exists():
        raise GanalyzeError(f"{source} not found: give a manifest or a folder of images")
    if not source.is_dir():
        manifest = read_manifest(source)
        return source.parent, dict(zip(manifest.image_id.astype(str), manifest.file.astype(str), strict=True))
    return source, images_in(source)


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}×{image.shape[0]}"


def _image_row(image: np.ndarray) -> tuple[float, float, float, float]:
    """The `IMAGE_FACTORS` of one image, (H, W, 3) uint8."""
    grey = Image.fromarray(image).convert("L")  # Rec. 601 luma, rounded to 8 bits
    planes = image.reshape(-1, 3).T.astype(np.int16, order="C")
    red, green, blue = planes
    red_sum, green_sum, blue_sum = (int(plane.sum(dtype=np.int64)) for plane in planes)
    return (
        (299 * red_sum + 587 * green_sum + 114 * blue_sum) / (1000 * 255 * red.size),
        _colorfulness(red, green, blue),
        _redness(red, green, blue),
        _entropy(np.array(grey.histogram())),
    )


def _colorfulness(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> float:
    """M3 = σ + 0.3 μ of the colours rg = R - G and yb = (R + G) / 2 - B, from planes (P,) of 0 to 255."""
    rg, twice_yb = red - green, red + green - 2 * blue  # twice, to stay with integers
    deviation = math.sqrt(_covariance(rg, rg) + _covariance(twice_yb, twice_yb) / 4)
    mean = math.hypot(rg.sum(dtype=np.int64), twice_yb.sum(dtype=np.int64) / 2) / rg.size
    return deviation + 0.3 * mean


def _redness(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> float:
    """The share of red pixels, from planes (P,) of 0 to 255.

    The paper does not say which pixels are red. Here, in HSV: hue within 20° of pure red, saturation of at
    least 0.5 (greyish and pink pixels are out), value of at least 0.2 (nearly black ones are out).
    """
    least = np.minimum(green, blue)
    chroma = red - least
    # Where red is the largest channel, hue is 60° (G - B) / chroma; where it is not, the hue test fails.
    hue = 3 * np.abs(green - blue) <= chroma
    return np.count_nonzero(hue & (2 * chroma >= red) & (5 * red >= 255)) / red.size


def _entropy(counts: np.ndarray) -> float:
    """Shannon's entropy of a histogram, in bits."""
    # scipy.stats.entropy takes logarithms to base e and divides, so that its last bits differ from these.
    counts = counts[counts > 0]
    total = counts.sum()
    return float(np.sum(counts / total * np.log2(total / counts)))


def _mask_row(mask: np.ndarray | None) -> tuple[float, float, float]:
    """The `MASK_FACTORS` of one mask, (H, W) bool, or NaN where it is unusable."""
    area = 0 if mask is None else np.count_nonzero(mask)
    if mask is None or area in (0, mask.size):
        return math.nan, math.nan, math.nan
    height, width = mask.shape
    y, x = np.nonzero(mask)
    # Twice the centroid's offsets from the centre, which is at (width - 1) / 2 when pixels count from 0.
    across = (2 * int(x.sum()) - area * (width - 1)) / area
    down = (2 * int(y.sum()) - area * (height - 1)) / area
    return (
        area / mask.size,
        1 - math.hypot(across, down) / math.hypot(width, height),
        _axis_ratio(_covariance(x, x) + 1 / 12, _covariance(y, y) + 1 / 12, _covariance(x, y)),
    )


def _axis_ratio(xx: float, yy: float, xy: float) -> float:
    """Minor / major axis of the ellipse of a covariance matrix: the square root of its eigenvalues' ratio."""
    middle, half_gap = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    return math.sqrt((middle - half_gap) / (middle + half_gap))


def _covariance(x: np.ndarray, y: np.ndarray) -> float:
    """The covariance of two series of integers (P,). Rounded only once, at the division."""
    x, y = x.astype(np.int64), y.astype(np.int64)
    count = x.size
    return (count * int(np.dot(x, y)) - int(x.sum()) * int(y.sum())) / count**2
