"""Independent random streams by name.

Every random number of a run comes from `stream(seed, *names)`. The names say what the numbers are for, not
when or where they are drawn, so results do not depend on cores, chunks, restarts or the order of jobs.
"""

import hashlib

import numpy as np
from scipy.special import ndtr, ndtri


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A generator that depends on the run's seed and on `names` alone.

    `stream(0, "training", 7)` and `stream(0, "training", 8)` are statistically independent.
    """
    # repr keeps ("a", "b") apart from ("a, b",) and 1 apart from "1".
    digest = hashlib.sha256(repr((int(seed), *names)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def truncated_normal(rng: np.random.Generator, shape: tuple[int, ...], bound: float = 2.0) -> np.ndarray:
    """Standard normal values truncated to [-bound, bound] (paper §2.2: bound 2), float32.

    By inversion, so that a draw always takes one number from the stream.
    """
    low, high = ndtr(-bound), ndtr(bound)
    return ndtri(rng.uniform(low, high, size=shape)).clip(-bound, bound).astype(np.float32)


def normal_tails(rng: np.random.Generator, shape: tuple[int, ...], bound: float = 2.0) -> np.ndarray:
    """Standard normal values beyond ±bound, float32: what `truncated_normal` leaves out (paper §3.3.2, vigilance)."""
    share = ndtr(-bound)
    place = rng.uniform(-share, share, size=shape)
    return np.copysign(ndtri(np.abs(place).clip(1e-16)), place).astype(np.float32)
