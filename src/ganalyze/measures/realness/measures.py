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

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from timm.data import ImageNetInfo
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kernel_poly, kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric
from torchvision.transforms.functional import center_crop, pil_to_tensor, resize

from ganalyze.images.image_sets import read_manifest
from ganalyze.images.reading import ImageReader
from ganalyze.models.compute import Compute
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.intervals import normal_interval
from ganalyze.support.progress import progress
from ganalyze.support.randomness import stream

GENERATED = (
    "The reference is generated: distances to it tell how far images move from unmodified ones, not from photographs."
)
MEASURES = ["fid", "is_mean", "kid_mean", "precision", "recall"]
SPLITS = 10  # of the Inception Score, as everywhere
NEIGHBOURS = 3  # of precision and recall, likewise
MIN_IMAGES = 2 * SPLITS  # two images a split
PHOTOGRAPHS = {".jpeg", ".jpg", ".png"}


@dataclass(frozen=True)
class RealnessOptions:
    """seed: of the run. per_class: photographs drawn from each class of a folder. halves: of the seeds, for the
    intervals (their half-width is then known to about 1/√(2 halves)). batch_size: images the network sees at once; on
    a CPU more than a few are slower. It changes no result."""

    seed: int
    per_class: int = 50
    halves: int = 500
    batch_size: int = 8

    def __post_init__(self) -> None:
        for name, least in (("per_class", 1), ("halves", 10), ("batch_size", 1)):
            if getattr(self, name) < least:
                raise GanalyzeError(f"{name} of realness: got {getattr(self, name)}, must be at least {least}")


def measure_realness(
    manifest_path: Path, reference: Path, extractor: str, options: RealnessOptions, weights_dir: Path, compute: Compute
) -> pd.DataFrame:
    """Measure the images of a manifest at every alpha against a reference: a row an alpha, ascending.

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
    manifest = _complete(read_manifest(manifest_path), manifest_path)
    alphas = np.sort(manifest.alpha.unique())
    test = ImageFiles(manifest_path.parent, tuple(manifest.file), _shape(manifest_path, manifest.file.iloc[0]))
    others, title, caution = find_reference(Path(reference), manifest, test.shape, options)
    network = EXTRACTORS.load(extractor, weights_dir, compute.device)

    features, logits = (
        layer.unflatten(0, (-1, len(alphas))).transpose(0, 1)  # (alphas, seeds, features)
        for layer in extract_features(network, test, options.batch_size, compute.device, "features of test set")
    )
    real, _ = extract_features(network, others, options.batch_size, compute.device, "features of reference")
    halves = _halves(features.shape[1], options)
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
        extractor=extractor,
        reference=title,
        note=f"{EXTRACTORS[extractor].note} {caution}".strip(),
    )


# --- images ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ImageFiles:
    """Stored images: `files` relative to `folder`, as in a manifest, (H, W) = `shape`. Where `fit`, images of another
    shape are made to fit, as photographs are: resized to cover it (bilinear, antialiased), and centre-cropped."""

    folder: Path
    files: tuple[str, ...]
    shape: tuple[int, int]
    fit: bool = False


class StoredImages(Dataset):
    """Stored images as torch-fidelity takes them: (3, H, W) uint8 tensors, read from their shards one by one."""

    def __init__(self, images: ImageFiles, reader: ImageReader):
        self.images, self.reader = images, reader

    def __len__(self) -> int:
        return len(self.images.files)

    def __getitem__(self, index: int) -> Tensor:
        file, shape = self.images.files[index], self.images.shape
        image = Image.fromarray(self.reader.read(file))
        if (image.height, image.width) != shape:
            if not self.images.fit:
                raise GanalyzeError(
                    f"{self.images.folder / file} is {image.width}×{image.height} pixels, others are "
                    f"{shape[1]}×{shape[0]}: all must be of one size"
                )
            image = center_crop(resize(image, max(shape)), list(shape))
        return pil_to_tensor(image)


def extract_features(
    network: FeatureExtractorBase, images: ImageFiles, batch_size: int, device: torch.device, label: str
) -> list[Tensor]:
    """The layers a network was made with, each (N, D) float32, of N images."""
    batches = []
    with ImageReader(images.folder) as reader, progress(len(images.files), "image", label) as bar, torch.no_grad():
        for batch in DataLoader(StoredImages(images, reader), batch_size):
            batches.append([layer.cpu() for layer in network(batch.to(device))])
            bar.update(len(batch))
    return [torch.cat(layer) for layer in zip(*batches, strict=True)]


def find_reference(
    source: Path, manifest: pd.DataFrame, shape: tuple[int, int], options: RealnessOptions
) -> tuple[ImageFiles, str, str]:
    """The reference images for a test set's manifest, what to call them, and a caution; see `measure_realness`."""
    classes = manifest.drop_duplicates("class_id").sort_values("class_id")[["class_id", "class_name"]]
    if source.is_dir():
        files = _draw_photographs(source, classes, options)
        found = ImageFiles(source, files, shape, fit=True), f"photographs of {Path(*source.parts[-2:])}", ""
    elif source.suffix == ".csv":
        files = _unmodified(source, manifest, set(classes.class_id))
        found = ImageFiles(source.parent, files, shape), "unmodified samples of the generator", GENERATED
    else:
        raise GanalyzeError(
            f"reference {source} not found: give a folder of photographs with one subfolder a class "
            "(ImageNet's train or val), or the manifest (.csv) of a generated set"
        )
    if len(files) < MIN_IMAGES:
        raise GanalyzeError(f"reference {source} has {len(files)} image(s): {MIN_IMAGES} are needed, thousands better")
    return found


def _draw_photographs(folder: Path, classes: pd.DataFrame, options: RealnessOptions) -> tuple[str, ...]:
    """`per_class` photographs of each class, drawn at random; the same whichever other classes there are."""
    present = {path.name for path in folder.iterdir() if path.is_dir()}
    if not present:
        raise GanalyzeError(
            f"reference {folder} has no subfolders: photographs must lie in one subfolder a class, "
            "named by synset as ImageNet's train (n01440764) or by class_name"
        )
    synsets = dict(enumerate(ImageNetInfo("imagenet-1k").label_names()))
    names = {row.class_id: {str(row.class_name), synsets.get(row.class_id)} & present for row in classes.itertuples()}
    lacking = [class_id for class_id, found in names.items() if not found]
    if lacking:
        first = f"{synsets.get(lacking[0], 'class')} ({classes.set_index('class_id').class_name[lacking[0]]})"
        raise GanalyzeError(
            f"reference {folder} lacks {len(lacking)} of the test set's {len(names)} class(es), "
            f"first {first}: complete the folder"
        )
    drawn = []
    for class_id, found in names.items():
        name = min(found)
        files = sorted(path.name for path in (folder / name).iterdir() if path.suffix.lower() in PHOTOGRAPHS)
        if len(files) < options.per_class:
            raise GanalyzeError(
                f"reference {folder / name} has {len(files)} photograph(s), {options.per_class} "
                "a class are asked for: complete it or ask for fewer"
            )
        rng = stream(options.seed, "reference", int(class_id))
        drawn += [f"{name}/{files[i]}" for i in sorted(rng.permutation(len(files))[: options.per_class])]
    return tuple(drawn)


def _unmodified(path: Path, manifest: pd.DataFrame, classes: set[int]) -> tuple[str, ...]:
    """The images of a generated reference set, at alpha 0 and of the test set's classes."""
    reference = read_manifest(path)
    _need_columns(reference, path)
    if shared := set(reference.image_id) & set(manifest.image_id):
        raise GanalyzeError(
            f"reference {path} shares {len(shared)} image(s) with the test set, first {min(shared)}: "
            "generate a set of another name"
        )
    reference = reference[(reference.alpha == 0) & reference.class_id.isin(classes)].sort_values("image_id")
    if lacking := classes - set(reference.class_id):
        raise GanalyzeError(
            f"reference {path} lacks {len(lacking)} of the test set's {len(classes)} class(es) at "
            f"alpha 0, first class_id {min(lacking)}: generate it with all classes"
        )
    return tuple(reference.file)


def _need_columns(manifest: pd.DataFrame, path: Path) -> None:
    if missing := [name for name in ("seed_id", "class_id", "class_name", "alpha") if name not in manifest]:
        raise GanalyzeError(f"manifest {path} lacks the column(s) {', '.join(missing)}")


def _complete(manifest: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The manifest ordered by seed and alpha, with every seed once at every alpha."""
    _need_columns(manifest, path)
    seeds = manifest.seed_id.nunique()
    twice = manifest.duplicated(["seed_id", "alpha"]).any()
    if twice or len(manifest) != seeds * manifest.alpha.nunique():
        raise GanalyzeError(f"manifest {path} must have every seed once at every alpha: generate the set again")
    if seeds < MIN_IMAGES:
        raise GanalyzeError(f"manifest {path} has {seeds} image(s) an alpha: too few, realness needs {MIN_IMAGES}")
    return manifest.sort_values(["seed_id", "alpha"], ignore_index=True)


def _shape(manifest_path: Path, file: str) -> tuple[int, int]:
    with ImageReader(manifest_path.parent) as reader:
        return reader.read(file).shape[:2]


def _halves(seeds: int, options: RealnessOptions) -> np.ndarray:
    """Random halves of the seeds, (halves, seeds // 2) indices: the first and second halves of random orders."""
    orders = np.tile(np.arange(seeds), (-(-options.halves // 2), 1))
    orders = stream(options.seed, "realness", "halves").permuted(orders, axis=1)
    return np.concatenate([orders[:, : seeds // 2], orders[:, seeds // 2 : seeds // 2 * 2]])[: options.halves]


# --- measures ----------------------------------------------------------------------------------------------


class Reference:
    """A reference set, features (M, D) float32, with what every comparison with it takes."""

    def __init__(self, features: Tensor):
        self.features = features
        self.statistics = fid_features_to_statistics(features)
        self.frechet = FrechetDistance(features.numpy())
        self.radii = torch.cat(
            [torch.cdist(part, features).kthvalue(NEIGHBOURS + 1).values for part in features.split(1000)]
        )

    def measure(
        self, features: Tensor, logits: Tensor, halves: np.ndarray
    ) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        """The measures of images with `features` (N, D) and `logits` (N, C), and `MEASURES` of each half (H,).

        A half's KID leaves out the term of the reference alone, which does not scatter.
        """
        size = min(1000, len(features), len(self.features))
        fid = fid_statistics_to_metric(fid_features_to_statistics(features), self.statistics, verbose=False)
        isc = isc_features_to_metric(logits, SPLITS)
        kid = kid_features_to_metric(features, self.features, kid_subset_size=size, verbose=False)
        prc = prc_features_to_metric(
            features, self.features, prc_neighborhood=NEIGHBOURS, prc_batch_size=1000, save_cpu_ram=True, verbose=False
        )
        point = {
            "fid": fid["frechet_inception_distance"],
            "is_mean": isc["inception_score_mean"],
            "is_std": isc["inception_score_std"],
            "kid_mean": kid["kernel_inception_distance_mean"],
            "kid_std": kid["kernel_inception_distance_std"],
            "precision": prc["precision"],
            "recall": prc["recall"],
        }

        within = kernel_poly(features.numpy(), features.numpy())
        across = kernel_poly(features.numpy(), self.features.numpy()).mean(axis=1)
        np.fill_diagonal(within, 0)
        near = torch.cdist(features, features)
        far = torch.cdist(features, self.features)
        precise = (far <= self.radii).any(dim=1).numpy()
        pairs = halves.shape[1] * (halves.shape[1] - 1)
        radii = [near[half][:, half].kthvalue(NEIGHBOURS + 1).values for half in halves]
        return point, {
            "fid": np.array(self.frechet(features.numpy(), halves)),
            # Half the splits, so that a split has as many images as in the whole.
            "is_mean": np.array(
                [isc_features_to_metric(logits[half], SPLITS // 2)["inception_score_mean"] for half in halves]
            ),
            "kid_mean": np.array(
                [within[np.ix_(half, half)].sum() / pairs - 2 * across[half].mean() for half in halves]
            ),
            "precision": precise[halves].mean(axis=1),
            "recall": np.array(
                [
                    (far[half] <= radius[:, None]).any(dim=0).float().mean()
                    for half, radius in zip(halves, radii, strict=True)
                ]
            ),
        }


class FrechetDistance:
    """The FID to a fixed reference (M, D), exact, but fast enough for hundreds of halves.

    With images X and reference R, both centred and divided by √(count - 1), the covariances are XᵀX and RᵀR. The trace
    of √(XᵀX RᵀR), which makes the FID costly, is the sum of the singular values of XRᵀ, and R may be replaced by its
    triangular QR factor. So N images cost a symmetric eigenproblem of N×N, or D×D if that is smaller. torch-fidelity's
    value agrees to 1e-6 of itself: it takes means in float32 and roots of eigenvalues that are 0 but for rounding.
    """

    def __init__(self, reference: np.ndarray):
        reference = reference.astype(np.float64)
        self.mean = reference.mean(axis=0)
        self.factor = np.linalg.qr((reference - self.mean) / np.sqrt(len(reference) - 1), mode="r")

    def __call__(self, features: np.ndarray, subsets: Sequence[np.ndarray]) -> list[float]:
        """The FID of each subset (indices) of images with `features` (N, D)."""
        features = features.astype(np.float64)
        projected = features @ self.factor.T
        trace = (self.factor**2).sum()
        distances = []
        for subset in subsets:
            mean = features[subset].mean(axis=0)
            spread = ((features[subset] - mean) ** 2).sum() / (len(subset) - 1)
            product = (projected[subset] - projected[subset].mean(axis=0)) / np.sqrt(len(subset) - 1)
            if len(product) > product.shape[1]:
                product = product.T
            shared = np.sqrt(np.linalg.eigvalsh(product @ product.T).clip(0)).sum()
            distances.append(float(((mean - self.mean) ** 2).sum() + spread + trace - 2 * shared))
        return distances
