"""How many participants a memory game needs to detect an effect of α as large as the paper's (§3.4, §3.4.1, §4).

Simulated observers play one series each, of 60 targets of the paper's test set (1,500 seeds, 750 classes); the
logistic mixed model is fitted, and the effect counts as detected where its two-sided p is below .05. Wald's z grows
with the root of the number of participants N, so that one number k for each effect tells the whole curve:

    z ~ Normal(k √N, 1)        power(N) = Φ(k √N − 1.96) + Φ(−k √N − 1.96)

k is estimated from the z of all data sets, of every N, with a standard error of 1/√(Σ N). That uses each data set
better than counting detections, whose shares stand beside the curve to check it. Both are uncertain by simulation only:
that people are as the observers are assumed to be is not part of it.
"""

import numpy as np
import pandas as pd
from scipy.stats import binomtest, norm

from ganalyze.experiments.observers import Observers, simulate_trials
from ganalyze.statistics.formulas import trial_formula
from ganalyze.statistics.mixed_models import fit_mixed_model
from ganalyze.support.intervals import Z_975, normal_interval
from ganalyze.support.progress import progress
from ganalyze.support.randomness import stream

TARGETS = 60  # a series
SEEDS, SEEDS_PER_CLASS = 1500, 2
GRIDS = {"object_size": (-0.8, -0.4, 0.0, 0.4, 0.8)}  # §3.4.1; the others:
GRID = (-0.2, -0.1, 0.0, 0.1, 0.2)
PARTICIPANTS = (10, 20, 40, 80, 160)


def estimate_power(effects: dict[str, float], data_sets: int, seed: int) -> pd.DataFrame:
    """effects: β, in log odds per unit of α, by study. data_sets: of each size.

    Returns rows of study and beta with the columns of `power_table`, and data_source.
    """
    tables = []
    with progress(len(effects) * len(PARTICIPANTS) * data_sets, "data set", "power") as bar:
        for study, beta in effects.items():
            z = np.empty((len(PARTICIPANTS), data_sets))
            for row, participants in enumerate(PARTICIPANTS):
                for column in range(data_sets):
                    z[row, column] = _z(study, beta, participants, column, seed)
                    bar.update(1)
            table = power_table(z, PARTICIPANTS)
            table.insert(0, "study", study)
            table.insert(1, "beta", beta)
            tables.append(table)
    return pd.concat(tables, ignore_index=True).assign(data_source="simulated")


def power_table(z: np.ndarray, participants: tuple[int, ...]) -> pd.DataFrame:
    """The curve and the shares, from Wald's z of each data set, (numbers of participants, data sets).

    A row a number of participants, finely spaced: participants; power with power_low and power_high, the curve and its
    95 % band; needed, needed_low, needed_high: participants for a power of 80 %; and at the simulated numbers data_sets
    and share, how many detected the effect, with Wilson's 95 % interval share_low and share_high.
    """
    n = np.array(participants, float)
    k = abs((z * np.sqrt(n)[:, None]).sum()) / (n.sum() * z.shape[1])
    low, high = normal_interval(k, 1 / np.sqrt(n.sum() * z.shape[1]))
    low = max(0.0, low)
    detected = (np.abs(z) > Z_975).sum(axis=1)
    shares = [binomtest(int(hits), z.shape[1]).proportion_ci(method="wilson") for hits in detected]
    shares = pd.DataFrame(
        {
            "participants": participants,
            "data_sets": z.shape[1],
            "share": detected / z.shape[1],
            "share_low": [share.low for share in shares],
            "share_high": [share.high for share in shares],
        }
    )
    grid = np.unique([*participants, *np.geomspace(n.min() / 2, n.max() * 2, 60).round().astype(int)])
    curve = pd.DataFrame(
        {
            "participants": grid,
            "power": power(k, grid),
            "power_low": power(low, grid),
            "power_high": power(high, grid),
            "needed": needed(k),
            "needed_low": needed(high),
            "needed_high": needed(low),
        }
    )
    return curve.merge(shares, on="participants", how="left")


def power(k: float, participants: np.ndarray) -> np.ndarray:
    """The probability that an effect of strength k is detected."""
    expected = k * np.sqrt(participants)
    return norm.cdf(expected - Z_975) + norm.cdf(-expected - Z_975)


def needed(k: float, wanted: float = 0.8) -> float:
    """Participants for a power of `wanted` (the other tail, below 1e-5 there, left out); infinite without an effect."""
    return ((Z_975 + norm.ppf(wanted)) / k) ** 2 if k > 0 else np.inf


def _z(study: str, beta: float, participants: int, data_set: int, seed: int) -> float:
    """Wald's z of α in one simulated data set."""
    rng = stream(seed, "power", study, participants, data_set)
    tracks, images = _targets(GRIDS.get(study, GRID), participants, rng)
    # The score is α itself, so that the sensitivity is β. Participants whose series would not count are left out.
    observers = Observers(sensitivity=beta, careless=0.0)
    trials = simulate_trials(tracks, images, "memory_game", observers, seed, f"power {study} {participants} {data_set}")
    points = trials.rename(columns={"response": "hit"})
    formula = trial_formula("hit", "alpha", SEEDS // SEEDS_PER_CLASS)
    alpha = fit_mixed_model(points, formula, "binomial", "hit").set_index("term").loc["alpha"]
    return alpha.estimate / alpha.std_error


def _targets(grid: tuple[float, ...], participants: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Repeats of targets, different seeds for each participant, and the images' manifest."""
    seed_id = np.repeat(np.arange(SEEDS), len(grid))
    images = pd.DataFrame({"seed_id": seed_id, "class_id": seed_id // SEEDS_PER_CLASS, "alpha": np.tile(grid, SEEDS)})
    images = images.assign(image_id=images.index.astype(str), score=images.alpha)
    seeds = np.concatenate([rng.choice(SEEDS, TARGETS, replace=False) for _ in range(participants)])
    chosen = images.iloc[seeds * len(grid) + rng.integers(len(grid), size=len(seeds))].reset_index(drop=True)
    slots = np.repeat(np.arange(participants), TARGETS)
    return chosen.assign(
        slot=slots,
        series=1,
        track=slots.astype(str),
        trial_index=np.tile(np.arange(TARGETS), participants),
        phase="main",
        role="target",
        is_repeat=1,
        lag=34,
        foil_image_id=None,
        fake_side=None,
    ), images
