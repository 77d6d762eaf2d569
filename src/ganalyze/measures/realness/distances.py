"""The measures themselves, of the features of images beside those of a reference."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kernel_poly, kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

MEASURES = ["fid", "is_mean", "kid_mean", "precision", "recall"]
SPLITS = 10  # of the Inception Score, as everywhere
NEIGHBOURS = 3  # of precision and recall, likewise


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
            "fid": np.array(self.frechet(features.numpy(), list(halves))),
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
        self.factor: np.ndarray = np.linalg.qr((reference - self.mean) / np.sqrt(len(reference) - 1), mode="r")  # type: ignore[assignment]

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
