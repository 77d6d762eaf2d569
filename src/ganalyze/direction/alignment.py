"""How alike the directions are, and what moving along one does to the other assessors' scores. The paper asks this
of aesthetics and memorability only (§4); here every pair of studies is compared."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import gains
from ganalyze.support.intervals import Z_975, mean_interval


def cosine(theta: np.ndarray, other: np.ndarray) -> float:
    """Of two θ, (z_dim,) or (classes, z_dim); one that all classes share counts for each of them."""
    one, two = np.broadcast_arrays(theta, other)
    return float(np.vdot(one, two) / (np.linalg.norm(one) * np.linalg.norm(two)))


def compare_directions(
    transformers: Mapping[str, Transformer], scores: Mapping[tuple[str, str], pd.DataFrame]
) -> pd.DataFrame:
    """A row for each ordered pair (direction, assessor) of studies:

    - cosine of the two studies' θ (one that all classes share counts for each of them), and random_95: 95 % of pairs
      of random directions of as many dimensions have a cosine within ± this (its standard deviation is 1/√z_dim).
    - change: how far the mean score of the assessor's study moves when seeds go from the smallest to the largest α
      of the direction's study, in standard deviations of that score over the unmodified seeds of the assessor's own
      study; change_ci_low, change_ci_high: its 95 % confidence interval over seeds.

    transformers: by study. scores: by (direction, assessor), those of the direction's test set by the assessor of the
    other study, seed_id, alpha, score; at least at the smallest and the largest α, and at 0 where both are the same
    study.
    """
    directions = {study: transformer.theta.detach().numpy() for study, transformer in transformers.items()}
    rows = []
    for direction, theta in directions.items():
        for assessor, other in directions.items():
            own = scores[assessor, assessor]
            spread = own[own.alpha == 0].score.std()
            change = gains(scores[direction, assessor]) / spread
            mean, low, high = mean_interval(change)
            rows.append(
                {
                    "direction": direction,
                    "assessor": assessor,
                    "cosine": cosine(theta, other),
                    "random_95": Z_975 / min(theta.size, other.size) ** 0.5,
                    "change": mean,
                    "change_ci_low": low,
                    "change_ci_high": high,
                    "n": len(change),
                }
            )
    return pd.DataFrame(rows)
