"""The slope of a logistic mixed model whose variances are known, as they are of simulated answers: a tenth of a second.

What takes long in `ganalyze.statistics.mixed_models` is to find how much people and images differ. With that given,
what is left is penalised iteratively reweighted least squares (Bates et al., J. Stat. Softw. 2015, §3): nearly the same
estimate, and z values that agree (tests/experiments/test_quick_fit.py). For power alone; real answers get the full
model.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import splu
from scipy.special import expit

_STEPS = 30


def quick_slope(points: pd.DataFrame, outcome: str, spread: Mapping[str, float]) -> tuple[float, float]:
    """Estimate and standard error of α, log odds per unit.

    points: alpha, the outcome (0 or 1), and a column of codes (0, 1, …) for every name in spread, which says by which
    standard deviation of log odds its levels differ.
    """
    rows, ones = np.arange(len(points)), np.ones(len(points))
    levels = [
        sparse.csr_array((sd * ones, (rows, pd.factorize(points[name])[0]))) for name, sd in spread.items() if sd > 0
    ]
    fixed = sparse.csr_array(np.column_stack([ones, points.alpha]))
    design = sparse.hstack([fixed, *levels], format="csr")
    penalty = np.r_[0.0, 0.0, np.ones(design.shape[1] - 2)]
    answers, values = points[outcome].to_numpy(float), np.zeros(design.shape[1])
    for _ in range(_STEPS):
        mean = expit(design @ values)
        weighted = design.multiply((mean * (1 - mean))[:, None])
        information = sparse.csc_array(design.T @ weighted) + sparse.diags_array(penalty, format="csc")
        solver = splu(information, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        step = solver.solve(design.T @ (answers - mean) - penalty * values)
        values += step
        if np.abs(step).max() < 1e-6:
            break
    unit = np.zeros(len(values))
    unit[1] = 1
    return float(values[1]), float(np.sqrt(solver.solve(unit)[1]))
