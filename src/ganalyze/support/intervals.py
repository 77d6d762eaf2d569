"""95 % confidence intervals by the normal approximation, the same wherever the library gives one."""

from typing import TypeVar

import numpy as np
import pandas as pd
from scipy.special import ndtri

Numbers = TypeVar("Numbers", float, np.ndarray, pd.Series)

Z_975 = float(ndtri(0.975))
"""The standard normal's 97.5th percentile, 1.96: of its values, 95 % lie within ± this."""


def normal_interval(estimate: Numbers, std_error: Numbers) -> tuple[Numbers, Numbers]:
    """Both ends of the 95 % interval of an estimate, in its own unit; NaN where the standard error is."""
    margin = Z_975 * std_error
    return estimate - margin, estimate + margin


def mean_interval(values: pd.Series) -> tuple[float, float, float]:
    """The mean, and both ends of its 95 % interval over the values, in their own unit."""
    mean = values.mean()
    return mean, *normal_interval(mean, values.std() / len(values) ** 0.5)
