"""Does the score rise at every step of α, and does it level off? A slope says neither."""

import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests


def step_changes(scores: pd.DataFrame) -> pd.DataFrame:
    """Of scores (seed_id, alpha, score), a row for each two neighbours on the α grid: how the score of a seed changes
    from one to the next, by a paired t test over the seeds that have both, corrected for the number of steps (Holm
    1979).

    Columns: alpha_from, alpha_to, n (seeds), mean, ci_low, ci_high (95 %, of t), p, p_holm.
    """
    table = scores.pivot(index="seed_id", columns="alpha", values="score")
    rows = []
    for low, high in zip(table.columns, table.columns[1:], strict=False):
        change = (table[high] - table[low]).dropna()
        tested = stats.ttest_1samp(change, 0)
        interval = tested.confidence_interval(0.95)
        rows.append([low, high, len(change), change.mean(), interval.low, interval.high, tested.pvalue])
    steps = pd.DataFrame(rows, columns=["alpha_from", "alpha_to", "n", "mean", "ci_low", "ci_high", "p"])
    return steps.assign(p_holm=multipletests(steps.p, method="holm")[1])
