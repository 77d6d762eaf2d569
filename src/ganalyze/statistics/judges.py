"""Does another assessor see the rise too? Or did training find what one network mistakes for the property?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ganalyze.images.image_sets import gains
from ganalyze.statistics.seed_bootstrap import products_over_seeds
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.intervals import mean_interval
from ganalyze.support.randomness import stream


def compare_judges(trained: pd.DataFrame, judges: Mapping[str, pd.DataFrame], *, seed: int, study: str) -> pd.DataFrame:
    """A row for the assessor that the direction was trained on ("trained"), and one for each judge, by its name.

    trained, judges: their scores of the same images (image_id, seed_id, alpha, score). Columns: judge; change, of the
    score from the smallest α to the largest, in standard deviations of its own over the unmodified seeds, with its
    95 % interval over seeds, change_ci_low, change_ci_high; rising, the share of seeds whose score is higher at
    the largest α; correlation of its changes within seeds with those of the trained one, with a 95 % interval of a
    bootstrap over seeds, correlation_ci_low, correlation_ci_high; n (seeds). seed (of the run) and study name the
    random stream. Raises GanalyzeError where a judge has not scored the same images.
    """
    own = trained.set_index("image_id").score
    within = own - own.groupby(trained.set_index("image_id").seed_id).transform("mean")
    rows = []
    for name, scores in {"trained": trained, **judges}.items():
        if set(scores.image_id) != set(own.index):
            raise GanalyzeError(f"judge {name} of study {study} has scored other images than the trained assessor")
        change = gains(scores) / scores[scores.alpha == 0].score.std()
        mean, low, high = mean_interval(change)
        deviation = (scores.score - scores.groupby("seed_id").score.transform("mean")).to_numpy()
        pairs = np.column_stack([within[scores.image_id].to_numpy(), deviation])
        r, (r_low, r_high) = _correlation(pairs, scores.seed_id.to_numpy(), stream(seed, study, "judges", name))
        rows.append(
            {
                "judge": name,
                "change": mean,
                "change_ci_low": low,
                "change_ci_high": high,
                "rising": float((change > 0).mean()),
                "correlation": r,
                "correlation_ci_low": r_low,
                "correlation_ci_high": r_high,
                "n": len(change),
            }
        )
    return pd.DataFrame(rows)


def _correlation(pairs: np.ndarray, seeds: np.ndarray, rng: np.random.Generator) -> tuple[float, np.ndarray]:
    """Of deviations (n, 2) from their seeds' means; and its 95 % bounds by drawing seeds anew."""

    def correlation(products: np.ndarray) -> np.ndarray:
        return products[..., 0, 1] / np.sqrt(products[..., 0, 0] * products[..., 1, 1])

    whole, drawn = products_over_seeds(pairs, seeds, rng)
    return float(correlation(whole)), np.quantile(correlation(drawn), [0.025, 0.975])
