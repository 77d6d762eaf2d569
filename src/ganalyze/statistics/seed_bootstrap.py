"""The bootstrap over seeds: the images of a seed go together, so that seeds are drawn anew, not images."""

import numpy as np

DRAWS = 1000


def products_over_seeds(
    values: np.ndarray, seeds: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of products of k columns, of which variances, covariances and all that is made of them follow: (k, k) of all
    rows, and (DRAWS, k, k) of as many seeds drawn with replacement. values (n, k), seeds (n,): whose each row is."""
    _, codes = np.unique(seeds, return_inverse=True)
    count = codes.max() + 1
    of_seeds = np.zeros((count, values.shape[1], values.shape[1]))
    np.add.at(of_seeds, codes, values[:, :, None] * values[:, None, :])
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS)
    return of_seeds.sum(0), np.tensordot(drawn, of_seeds, 1)
