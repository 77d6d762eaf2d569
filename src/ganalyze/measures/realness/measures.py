"""How real a set of images is, at every alpha (paper §3.3.1, Fig. 5A).

Four measures, all torch-fidelity's, on the features that one network gives to the images:

- fid: Fréchet Inception Distance (Heusel et al. 2017) to a reference set, 0 and up, less is more real. It grows as
  the set gets smaller, the more so the more it falls short of the number of features: compare sets of one size only.
  `fid_half` is the FID of half as many images, to show it.
- is_mean, is_std: Inception Score (Salimans et al. 2016) over 10 splits, from 1 to the number of classes: each image
  of a clear class, all of many. It needs no reference. It too depends on the size of the set.
- kid_mean, kid_std: Kernel Inception Distance (Bińkowski et al. 2018) over 100 subsets, the same question as the
  FID's, but unbiased: 0 where both sets come from one distribution, however few images there are.
- precision, recall (Kynkäänniemi et al. 2019), 0 to 1: the share of images that lie among the reference's, and of
  the reference's that lie among the images.

The 95 % intervals tell how far other seeds would move a measure; the reference is held fixed. They come from random
halves of the seeds: over halves, a mean scatters just as it does over whole sets of other seeds (Shao & Wu 1989,
delete-d jackknife with d = n/2). A bootstrap would draw images twice, and a set with doubles is less varied, so that
its FID and recall are worse for that alone. The halves are the same at every alpha, so the intervals of the *change*
from alpha 0 take into account that the same seeds stand behind both values; those, not the overlap of single
intervals, tell whether two alphas differ.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ganalyze.images.image_sets import ImageSet
from ganalyze.measures.realness.distances import MEASURES, Reference
from ganalyze.measures.realness.features import extract_features
from ganalyze.measures.realness.reference import MIN_IMAGES, find_reference, need_columns
from ganalyze.measures.realness.settings import RealnessMeasurement
from ganalyze.models.compute import Compute
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.weights.files import Weights
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.intervals import normal_interval
from ganalyze.support.randomness import stream


def measure_realness(
    test: ImageSet,
    reference: Path,
    settings: RealnessMeasurement,
    *,
    seed: int,
    weights: Weights,
    compute: Compute,
) -> pd.DataFrame:
    """Measure the images of a test set at every alpha against a reference: a row an alpha, ascending.

    reference: the manifest of an image set made without any change (alpha 0) from other z vectors, or a folder of
    photographs with a subfolder for each class, named by its class_name or ImageNet synset. Only classes of the test
    set are taken. Photographs are resized and centre-cropped to the size of the test set's images.

    Columns: alpha, n_images, n_reference; `MEASURES`, each with _ci_low, _ci_high, and the interval of its change from
    alpha 0, _change_ci_low and _change_ci_high (absent where there is no alpha 0); fid_half, is_std, kid_std;
    extractor, reference, and note: why values do not compare with published ones, or empty.

    The networks run in float32 whatever `compute` says of precision: another one would move the FID.

    Raises GanalyzeError where the test set has not every seed at every alpha, or fewer than 20 seeds; where the
    reference is missing, shares images with the test set, or lacks a class or enough images; and for images that
    cannot be read or differ in size.
    """
    test = _complete(test)
    shape = test.image(test.manifest.image_id[0]).shape[:2]
    others, title, caution = find_reference(Path(reference), test.manifest, settings.reference_per_class, seed)
    network = EXTRACTORS.load(settings.extractor, weights, compute)

    alphas, size = np.array(test.alphas), settings.features_batch_size
    features, logits = (
        layer.unflatten(0, (-1, len(alphas))).transpose(0, 1)  # (alphas, seeds, features)
        for layer in extract_features(network, test, shape, size, compute)
    )
    photographs = Path(reference).is_dir()
    real, _ = extract_features(network, others, shape, size, compute, fit=photographs)
    halves = _halves(features.shape[1], settings.halves, seed)
    standard = Reference(real)
    points, scatter = zip(
        *(standard.measure(*images, halves) for images in zip(features, logits, strict=True)), strict=True
    )
    table = pd.DataFrame(points)
    by_half = {name: np.stack([one[name] for one in scatter]) for name in MEASURES}  # (alphas, halves)
    for name in MEASURES:
        table[f"{name}_ci_low"], table[f"{name}_ci_high"] = normal_interval(table[name], by_half[name].std(axis=1))
        if 0 in alphas:
            origin = int(np.flatnonzero(alphas == 0)[0])
            change = table[name] - table[name][origin]
            low, high = normal_interval(change, (by_half[name] - by_half[name][origin]).std(axis=1))
            table[f"{name}_change_ci_low"], table[f"{name}_change_ci_high"] = low, high
    table.insert(0, "alpha", alphas)
    table["fid_half"] = by_half["fid"].mean(axis=1)
    return table.assign(
        n_images=features.shape[1],
        n_reference=len(real),
        extractor=settings.extractor,
        reference=title,
        note=f"{EXTRACTORS[settings.extractor].note} {caution}".strip(),
    )


def _complete(test: ImageSet) -> ImageSet:
    """The set ordered by seed and alpha, with every seed once at every alpha."""
    manifest, path = test.manifest, test.folder / f"{test.name}.csv"
    need_columns(manifest, path)
    seeds = manifest.seed_id.nunique()
    twice = manifest.duplicated(["seed_id", "alpha"]).any()
    if twice or len(manifest) != seeds * manifest.alpha.nunique():
        raise GanalyzeError(f"manifest {path} must have every seed once at every alpha: generate the set again")
    if seeds < MIN_IMAGES:
        raise GanalyzeError(f"manifest {path} has {seeds} image(s) an alpha: too few, realness needs {MIN_IMAGES}")
    return ImageSet(manifest.sort_values(["seed_id", "alpha"]), test.folder, test.name)


def _halves(seeds: int, count: int, seed: int) -> np.ndarray:
    """Random halves of the seeds, (count, seeds // 2) indices: the first and second halves of random orders."""
    orders = np.tile(np.arange(seeds), (-(-count // 2), 1))
    orders = stream(seed, "realness", "halves").permuted(orders, axis=1)
    return np.concatenate([orders[:, : seeds // 2], orders[:, seeds // 2 : seeds // 2 * 2]])[:count]
