"""The slope of a logistic mixed model whose variances are known, as they are of simulated answers: a tenth of a second.

What takes long in `ganalyze.statistics.mixed_models` is to find how much people and images differ. With that given,
what is left is penalised iteratively reweighted least squares (Bates et al., J. Stat. Softw. 2015, §3): nearly the same
estimate, and z values that agree (tests/experiments/test_quick_fit.py). For power alone; real answers get the full
model.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ganalyze.statistics.laplace import PenalisedLogit


def quick_slope(points: pd.DataFrame, outcome: str, spread: Mapping[str, float]) -> tuple[float, float]:
    """Estimate and standard error of α, log odds per unit.

    points: alpha, the outcome (0 or 1), and a column of codes (0, 1, …) for every name in spread, which says by which
    standard deviation of log odds its levels differ.
    """
    intercept, alpha, n, values = 0, 1, len(points), [np.ones(len(points)), points.alpha]
    places, effects = [np.full(n, intercept), np.full(n, alpha)], 2
    for name, sd in spread.items():
        if sd > 0:
            codes, levels = pd.factorize(points[name])
            places.append(effects + codes)
            values.append(np.full(n, sd))
            effects += len(levels)
    penalty = np.where(np.arange(effects) > alpha, 1.0, 0.0)
    logit = PenalisedLogit(np.column_stack(places), penalty, points[outcome].to_numpy(float))
    logit.fit(np.column_stack(values), np.zeros(n))
    return float(logit.effects[alpha]), logit.std_error(alpha)
