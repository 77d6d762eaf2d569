"""What explains the rise: how much of a seed's changes of score goes along with its changes of image factors.

Scores and factors are taken as deviations from their seed's mean over α, so that only what changes within a seed
counts. The share of a factor is the rise of R² that it brings, averaged over all orders in which factors can enter
(Lindeman, Merenda & Gold 1980; Grömping, J. Stat. Softw. 2006): the shares add up to R². What goes along need not be
the cause.
"""

from collections.abc import Sequence
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests

from ganalyze.statistics.seed_bootstrap import products_over_seeds
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.randomness import stream


def explain_changes(
    images: pd.DataFrame, factors: Sequence[str], *, seed: int, study: str, outcome: str = "score"
) -> pd.DataFrame:
    """Of a scored set's images (seed_id, score, factors), a row a factor, and last one for all of them together.

    outcome: what is explained, where it is not the score.
    Columns: factor; estimate, the score's change for a change of the factor by one standard deviation of its changes,
    the others held; std_error, ci_low, ci_high (95 %), p, by seed-clustered errors; p_holm, corrected for the number of
    factors (Holm 1979); share (of the variance of the score's changes, 0 to 1), share_ci_low, share_ci_high (95 %, of a
    bootstrap over seeds); n (images), seeds. Images that lack a factor are left out, factors that never change too.

    Raises GanalyzeError where no factor changes, or the score does not.
    """
    present = [name for name in factors if images[name].notna().any()]
    rows = images.dropna(subset=[*present, outcome])
    deviations = rows[[outcome, *present]] - rows.groupby("seed_id")[[outcome, *present]].transform("mean")
    changing = [name for name in present if deviations[name].std() > 1e-9]
    if not changing or not deviations[outcome].std() > 0:
        raise GanalyzeError(
            f"nothing to explain: within the seeds of {study} no factor changes, or the {outcome} does not"
        )
    x, y = deviations[changing] / deviations[changing].std(), deviations[outcome]
    fit = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": rows.seed_id})
    interval = fit.conf_int()
    shares, bounds = _shares_with_bounds(
        np.column_stack([x, y]), rows.seed_id.to_numpy(), stream(seed, study, "shares")
    )
    table = pd.DataFrame(
        {
            "factor": changing,
            "estimate": fit.params.to_numpy(),
            "std_error": fit.bse.to_numpy(),
            "ci_low": interval[0].to_numpy(),
            "ci_high": interval[1].to_numpy(),
            "p": fit.pvalues.to_numpy(),
            "p_holm": multipletests(fit.pvalues, method="holm")[1],
        }
    )
    table = pd.concat([table, pd.DataFrame({"factor": ["all"]})], ignore_index=True)
    return table.assign(
        share=shares, share_ci_low=bounds[0], share_ci_high=bounds[1], n=len(rows), seeds=rows.seed_id.nunique()
    )


def explain_hits(points: pd.DataFrame, factors: Sequence[str], *, seed: int) -> pd.DataFrame:
    """The same of hits in the memory game, 0 or 1: which clones of a seed people remember, by how they differ from its
    other clones. Single answers are mostly chance, so that shares are small.

    points: data points (seed_id, alpha, hit, data_source, factors). Columns as of `explain_changes`; chance, the share
    that as many factors would have if they explained nothing (one, or k of all, over n − seeds); and data_source. After
    all factors comes "alpha", on its own, as a yardstick. Where there is nothing to explain: one row, "all", without
    shares.
    """
    source = points.data_source.iloc[0] if len(points) else "none"
    try:
        table = explain_changes(points, factors, seed=seed, study="memorability", outcome="hit")
        alone = explain_changes(points, ["alpha"], seed=seed, study="memorability", outcome="hit")[1:]
    except GanalyzeError:
        nothing = pd.DataFrame({"factor": ["all"], "n": len(points), "seeds": points.seed_id.nunique()})
        return nothing.assign(**dict.fromkeys(["share", "share_ci_low", "share_ci_high", "chance"], np.nan)).assign(
            data_source=source
        )
    each = np.where(table.factor == "all", len(table) - 1, 1) / (table.n - table.seeds)
    alone = alone.assign(factor="alpha", chance=1 / (alone.n - alone.seeds))
    return pd.concat([table.assign(chance=each), alone], ignore_index=True).assign(data_source=source)


def _shares_with_bounds(
    values: np.ndarray, seeds: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The share of each factor (columns but the last of `values`) in the variance of the last, and of all of them
    (k + 1,); and their 95 % bounds (2, k + 1) by drawing seeds anew."""
    whole, drawn = products_over_seeds(values, seeds, rng)
    return _shares(whole[None])[0], np.quantile(_shares(drawn), [0.025, 0.975], axis=0)


def _shares(grams: np.ndarray) -> np.ndarray:
    """Shares (n, k + 1) from sums of products (n, k + 1, k + 1), those of the explained variable last."""
    k = grams.shape[1] - 1
    explained: dict[tuple[int, ...], np.ndarray] = {(): np.zeros(len(grams))}
    for size in range(1, k + 1):
        for subset in combinations(range(k), size):
            xx, xy = grams[:, subset, :][:, :, subset], grams[:, subset, k]
            beta = np.matmul(np.linalg.pinv(xx, hermitian=True), xy[..., None])[..., 0]
            explained[subset] = (beta * xy).sum(1) / grams[:, k, k]
    shares = np.zeros((len(grams), k + 1))
    for subset, r2 in explained.items():
        for factor in set(range(k)) - set(subset):
            larger = tuple(sorted((*subset, factor)))
            weight = factorial(len(subset)) * factorial(k - len(subset) - 1) / factorial(k)
            shares[:, factor] += weight * (explained[larger] - r2)
    shares[:, k] = explained[tuple(range(k))]
    return shares
