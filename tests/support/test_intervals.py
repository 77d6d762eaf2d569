"""The 95 % interval, of numbers and of columns."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from ganalyze.support.intervals import Z_975, normal_interval


def test_z_is_the_quantile_of_the_standard_normal():
    assert norm.ppf(0.975) == Z_975
    assert norm.cdf(Z_975) - norm.cdf(-Z_975) == pytest.approx(0.95, abs=1e-15)


@given(estimate=st.floats(-1e6, 1e6), std_error=st.floats(0, 1e6))
def test_an_interval_holds_95_percent_of_the_normal_distribution_about_its_estimate(estimate, std_error):
    low, high = normal_interval(estimate, std_error)
    assert low <= estimate <= high
    assert (low, high) == pytest.approx(norm.interval(0.95, estimate, std_error or 1e-300), rel=1e-9, abs=1e-9)


def test_columns_have_an_interval_a_row_and_no_interval_where_there_is_no_error():
    estimates, errors = pd.Series([1.0, 2.0], index=["a", "b"]), pd.Series([0.5, np.nan], index=["a", "b"])
    low, high = normal_interval(estimates, errors)
    assert (low["a"], high["a"]) == normal_interval(1.0, 0.5)
    assert math.isnan(low["b"])
    assert math.isnan(high["b"])
