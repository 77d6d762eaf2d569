"""How much of what an image shows stays as it was when its seed is moved (not in the paper). Whether a face is still
the same person's cannot be measured here; whether its outline and its features are where they were, can."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ganalyze.images.image_sets import ImageSet
from ganalyze.models.contract import Detector
from ganalyze.support.intervals import normal_interval
from ganalyze.support.progress import progress


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks (H, W) bool: 1 where they are the same; NaN where both are empty."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else float("nan")


def shift(one: np.ndarray, other: np.ndarray) -> float:
    """How far landmarks (5, 2), the eyes first, are on average from others, in distances between the others' eyes."""
    return float(np.linalg.norm(one - other, axis=1).mean() / np.linalg.norm(other[0] - other[1]))


def outlines_kept(images: ImageSet, masks: ImageSet) -> pd.DataFrame:
    """The overlap of the subject's mask with that of the same seed at 0, by alpha (`_by_alpha`).

    masks: of the set's images, by image_id, white is subject.
    """
    rows = []
    for _, clones in images.manifest.groupby("seed_id"):
        seen = {clone.alpha: masks.image(clone.image_id)[..., 0] > 127 for clone in clones.itertuples()}
        rows += [(alpha, overlap(mask, seen[0])) for alpha, mask in seen.items() if alpha != 0]
    return _by_alpha(rows)


def landmarks_moved(images: ImageSet, detector: Detector) -> pd.DataFrame:
    """The `shift` of the largest face's landmarks from those of the same seed at 0, by alpha (`_by_alpha`). Seeds of
    which the detector finds no face at 0, or at an alpha, do not count there."""
    rows = []
    with progress(len(images), "image", f"landmarks of {images.name}") as bar:
        for _, clones in images.manifest.groupby("seed_id"):
            found = {clone.alpha: detector.faces(images.image(clone.image_id)) for clone in clones.itertuples()}
            seen = {alpha: faces[0].landmarks for alpha, faces in found.items() if faces}
            if 0 in seen:
                rows += [(alpha, shift(marks, seen[0])) for alpha, marks in seen.items() if alpha != 0]
            bar.update(len(clones))
    return _by_alpha(rows)


def _by_alpha(rows: Iterable[tuple[float, float]]) -> pd.DataFrame:
    """alpha, n (seeds), and of values (alpha, value) the mean over seeds with its 95 % confidence interval, ci_low,
    ci_high."""
    by_alpha = pd.DataFrame(rows, columns=["alpha", "value"]).groupby("alpha").value
    n, mean = by_alpha.count(), by_alpha.mean()
    low, high = normal_interval(mean, by_alpha.std() / n**0.5)
    return pd.DataFrame({"n": n, "mean": mean, "ci_low": low, "ci_high": high}).reset_index()


def compare_structure(sets: Mapping[str, tuple[ImageSet, ImageSet]], detector: Detector | None = None) -> pd.DataFrame:
    """`outlines_kept` and, with a detector of faces, `landmarks_moved` of several studies, in the columns study and
    measure (outline_overlap, landmark_shift) and theirs. sets: images and masks, by study."""
    tables = []
    for study, (images, masks) in sets.items():
        tables.append(outlines_kept(images, masks).assign(study=study, measure="outline_overlap"))
        if detector:
            tables.append(landmarks_moved(images, detector).assign(study=study, measure="landmark_shift"))
    table = pd.concat(tables, ignore_index=True)
    return table[["study", "measure", "alpha", "n", "mean", "ci_low", "ci_high"]]
