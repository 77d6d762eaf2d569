"""How many participants and images the experiments need, by simulation (§3.3.2, §3.4, §3.4.1, §4).

The memory game is to detect an effect of α as large as the paper's: two-sided p below .05. Wald's z grows with the root
of the number of participants N, so that one number k for each effect tells the whole curve:

    z ~ Normal(k √N, 1)        power(N) = Φ(k √N − 1.96) + Φ(−k √N − 1.96)

k is estimated from the z of all data sets, of every N, with a standard error of 1/√(Σ N). That uses each data set
better than counting detections, whose shares stand beside the curve to check it. The 2AFC task is to show that α makes
no difference, where it makes none, by the equivalence test (`ganalyze.statistics.equivalence`), whose curve follows
from the standard error, which shrinks with √N.

Simulated observers do one series each, of 60 targets (2AFC: 80) of the paper's test set (1,500 images a condition, two
of each class), or of fewer images. What is uncertain here is uncertain by simulation only: that people are as the
observers are assumed to be is not part of it. Seeds differ in level, and not in how much α does to them.
"""

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import binomtest, norm

from ganalyze.experiments.observers import Traits
from ganalyze.experiments.quick_fit import quick_slope
from ganalyze.statistics.equivalence import Equivalence, equivalence_p
from ganalyze.support.intervals import Z_975, normal_interval
from ganalyze.support.progress import progress
from ganalyze.support.randomness import stream

TARGETS = {"memory_game": 60, "two_afc": 80}  # a series
SEEDS, SEEDS_PER_CLASS = 1500, 2
FEWER_SEEDS = (80, 200, 500)  # images a condition, besides the paper's
GRIDS = {"object_size": (-0.8, -0.4, 0.0, 0.4, 0.8)}  # §3.4.1; the others:
GRID = (-0.2, -0.1, 0.0, 0.1, 0.2)
PARTICIPANTS = (10, 20, 40, 80, 160)
PARTICIPANTS_2AFC = (40, 80, 160)
Z_95 = float(norm.ppf(0.95))


def estimate_power(effects: dict[str, float], data_sets: int, seed: int, equivalence: Equivalence) -> pd.DataFrame:
    """effects: β of hits, in log odds per unit of α, by study. data_sets: of each size.

    Returns rows of experiment, study, beta and varies ("participants" or "images") with the columns of `power_table`,
    images (a condition) and data_source. Images vary at the simulated number of participants that is nearest to
    the one for 80 % power, and have shares alone. The last rows are the 2AFC task's, with β = 0.
    """
    margin = equivalence.per_unit("alpha")
    sizes = len(PARTICIPANTS) + len(FEWER_SEEDS)
    tables = []
    with progress(data_sets * (len(effects) * sizes + len(PARTICIPANTS_2AFC)), "data set", "power") as bar:

        def fits(experiment: str, study: str, beta: float, participants: int, seeds: int = SEEDS) -> np.ndarray:
            found = []
            for data_set in range(data_sets):
                rng = stream(seed, "power", experiment, study, participants, seeds, data_set)
                points = simulate_answers(experiment, beta, GRIDS.get(study, GRID), participants, seeds, rng)
                found.append(quick_slope(points, "answer", spread()))
                bar.update(1)
            return np.array(found)

        for study, beta in effects.items():
            slopes = np.array([fits("memory_game", study, beta, n) for n in PARTICIPANTS])
            table = power_table(slopes[..., 0] / slopes[..., 1], PARTICIPANTS)
            near = min(PARTICIPANTS, key=lambda n: abs(n - table.needed[0]))
            shares = []
            for seeds in FEWER_SEEDS:
                fewer = fits("memory_game", study, beta, near, seeds)
                shares.append(
                    _shares(np.abs(fewer[:, 0] / fewer[:, 1]) > Z_975) | {"participants": near, "images": seeds}
                )
            whole = table[table.participants == near][["participants", "data_sets", "share", "share_low", "share_high"]]
            images = pd.concat([pd.DataFrame(shares), whole.assign(images=SEEDS)], ignore_index=True)
            both = [table.assign(varies="participants", images=SEEDS), images.assign(varies="images")]
            tables.append(pd.concat(both, ignore_index=True).assign(experiment="memory_game", study=study, beta=beta))
        slopes = np.array([fits("two_afc", "memorability", 0.0, n) for n in PARTICIPANTS_2AFC])
        table = equivalence_table(slopes, PARTICIPANTS_2AFC, margin).assign(varies="participants", images=SEEDS)
        tables.append(table.assign(experiment="two_afc", study="memorability", beta=0.0))
    table = pd.concat(tables, ignore_index=True).assign(data_source="simulated")
    first = ["experiment", "study", "beta", "varies", "participants", "images"]
    return table[[*first, *table.columns.difference(first, sort=False)]]


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
    shares = pd.DataFrame([_shares(np.abs(row) > Z_975) for row in z]).assign(participants=participants)
    grid = _grid(participants)
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


def equivalence_table(slopes: np.ndarray, participants: tuple[int, ...], margin: float) -> pd.DataFrame:
    """The same of showing none, from estimates and standard errors (numbers of participants, data sets, 2) of data sets
    without an effect. The curve has no band: standard errors hardly differ from one data set to the next."""
    n = np.array(participants, float)
    error = np.sqrt((np.square(slopes[..., 1]) * n[:, None]).mean())  # of one participant

    def shown(of: np.ndarray) -> np.ndarray:
        return np.maximum(0, 2 * norm.cdf(margin * np.sqrt(of) / error - Z_95) - 1)

    shares = [
        _shares(np.array([equivalence_p(estimate, std_error, margin) for estimate, std_error in row]) < 0.05)
        for row in slopes
    ]
    grid = _grid(participants)
    enough = brentq(lambda of: shown(of) - 0.8, 1, 1e9)
    curve = pd.DataFrame({"participants": grid, "power": shown(grid), "needed": enough})
    return curve.merge(pd.DataFrame(shares).assign(participants=participants), on="participants", how="left")


def spread() -> dict[str, float]:
    """By how much simulated people, seeds and classes differ, log odds."""
    traits = Traits()
    return {"participant": traits.participant_sd, "seed_id": traits.seed_sd, "class_id": traits.class_sd}


def simulate_answers(
    experiment: str, beta: float, grid: tuple[float, ...], participants: int, seeds: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Data points: participant, seed_id, class_id, alpha, answer (1: a hit, or the fake found). The observers are
    those of `ganalyze.experiments.observers`, all careful, whose score is α itself; each meets seeds of their
    own, one clone of each."""
    traits, targets = Traits(), TARGETS[experiment]
    seed_id = np.concatenate([rng.choice(seeds, targets, replace=False) for _ in range(participants)])
    points = pd.DataFrame({"participant": np.repeat(np.arange(participants), targets), "seed_id": seed_id})
    points = points.assign(class_id=seed_id // SEEDS_PER_CLASS, alpha=rng.choice(grid, len(seed_id)))
    odds = traits.intercept + beta * points.alpha.to_numpy()
    for name, sd in spread().items():
        odds += sd * rng.normal(size=points[name].max() + 1)[points[name]]
    lapses = rng.beta(20 * traits.lapses, 20 * (1 - traits.lapses), participants)[points.participant]
    guess = rng.random(len(points)) < (0.5 if experiment == "two_afc" else 0.0)
    right = rng.random(len(points)) < expit(odds)
    return points.assign(answer=np.where(rng.random(len(points)) < lapses, guess, right).astype(int))


def _shares(detected: np.ndarray) -> dict[str, float]:
    interval = binomtest(int(detected.sum()), len(detected)).proportion_ci(method="wilson")
    return {
        "data_sets": len(detected),
        "share": detected.mean(),
        "share_low": interval.low,
        "share_high": interval.high,
    }


def _grid(participants: tuple[int, ...]) -> np.ndarray:
    spaced = np.geomspace(min(participants) / 2, max(participants) * 2, 60)
    return np.unique([*participants, *spaced.round().astype(int)])
