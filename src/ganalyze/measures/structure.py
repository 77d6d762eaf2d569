"""How much of what an image shows stays as it was when its seed is moved (not in the paper). Whether a face is still
the same person's cannot be measured here; whether its outline is, can."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ganalyze.images.image_sets import ImageSet
from ganalyze.support.intervals import normal_interval


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks (H, W) bool: 1 where they are the same; NaN where both are empty."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else float("nan")


def outlines_kept(images: ImageSet, masks: ImageSet) -> pd.DataFrame:
    """For each alpha but 0 of a set: alpha, n (seeds), and the overlap of the subject's mask with that of the same seed
    at 0: its mean over seeds, and the 95 % confidence interval of that, ci_low, ci_high.

    masks: of the set's images, by image_id, white is subject.
    """
    rows = []
    for seed, clones in images.manifest.groupby("seed_id"):
        seen = {clone.alpha: masks.image(clone.image_id)[..., 0] > 127 for clone in clones.itertuples()}
        rows += [(seed, alpha, overlap(mask, seen[0])) for alpha, mask in seen.items() if alpha != 0]
    by_alpha = pd.DataFrame(rows, columns=["seed_id", "alpha", "overlap"]).groupby("alpha").overlap
    n, mean = by_alpha.count(), by_alpha.mean()
    low, high = normal_interval(mean, by_alpha.std() / n**0.5)
    return pd.DataFrame({"n": n, "mean": mean, "ci_low": low, "ci_high": high}).reset_index()


def compare_structure(sets: Mapping[str, tuple[ImageSet, ImageSet]]) -> pd.DataFrame:
    """`outlines_kept` of several studies, with the column study first. sets: images and masks, by study."""
    tables = [outlines_kept(images, masks).assign(study=study) for study, (images, masks) in sets.items()]
    table = pd.concat(tables, ignore_index=True)
    return table[["study", *table.columns.drop("study")]]
