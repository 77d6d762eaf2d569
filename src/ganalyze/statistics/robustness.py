"""Does the slope of the score hang on how it is asked? The same question to the same scores by several analyses (a
"multiverse"; Steegen, Tuerlinckx, Gelman & Vanpaemel, Perspect. Psychol. Sci. 2016)."""

import numpy as np
import pandas as pd
from scipy import stats

COLUMNS = ["analysis", "estimate", "ci_low", "ci_high", "p", "n", "note"]


def slopes_by_analysis(scores: pd.DataFrame, model: pd.DataFrame, robust: pd.DataFrame) -> pd.DataFrame:
    """The slope of the score on α, in units of the score per unit of α, a row an analysis: analysis (in words),
    estimate, ci_low, ci_high (95 %), p (two-sided, that there is no slope), n (images or seeds), note.

    scores: seed_id, alpha, score of a test set. model, robust: `mixed_models.csv` and `robust_models.csv` of them.
    Besides those models: α as steps, of which nothing is assumed, so that the slope is the mean step (all steps added
    up, over the range of α; paired t test over seeds); and the median of the seeds' own slopes, with the interval of
    the sign test, which asks only how many rise. A model that could not be had has a row without numbers, and why in
    note.
    """
    own = seed_slopes(scores)
    table = scores.pivot(index="seed_id", columns="alpha", values="score").dropna()
    steps = (table.iloc[:, -1] - table.iloc[:, 0]) / (table.columns[-1] - table.columns[0])
    tested, signs = stats.ttest_1samp(steps, 0), stats.quantile_test(own, q=0, p=0.5)
    within, between = tested.confidence_interval(0.95), signs.confidence_interval(0.95)
    rises = f"{(own > 0).sum()} of {len(own)} seeds rise"
    rows = [
        _of_model(model, "score", "the paper's model"),
        _of_model(robust, "own slopes", "a slope of its own for each seed"),
        _of_model(robust, "levels off", "at α = 0, where it may level off"),
        ["α as steps: their mean", steps.mean(), within.low, within.high, tested.pvalue, len(steps), None],
        ["sign test: the median seed", own.median(), between.low, between.high, signs.pvalue, len(own), rises],
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def seed_slopes(scores: pd.DataFrame) -> pd.Series:
    """The least-squares slope of each seed that has a score at every α, by seed_id."""
    table = scores.pivot(index="seed_id", columns="alpha", values="score").dropna()
    alpha = table.columns.to_numpy(float) - table.columns.to_numpy(float).mean()
    return table @ pd.Series(alpha / np.square(alpha).sum(), table.columns)


def _of_model(models: pd.DataFrame, name: str, words: str) -> list:
    of_name = models[models.model == name]
    slope = of_name[of_name.term == "alpha"].dropna(subset="estimate")
    if slope.empty:
        why = of_name.converged.iloc[0].removeprefix("no: ") if len(of_name) else "it was not fitted"
        return [words, *[np.nan] * 4, 0, why]
    row = slope.iloc[0]
    return [words, row.estimate, row.ci_low, row.ci_high, row.p, row.n, None]
