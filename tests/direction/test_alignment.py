"""How alike directions are, and what each does to the other assessors' scores."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

from ganalyze.direction.alignment import compare_directions
from ganalyze.direction.transformer import Transformer


def along(*theta):
    return Transformer.along(torch.tensor(theta, dtype=torch.float64))


def scored(intercepts, slope, alphas=(-0.2, 0.0, 0.2)):
    rows = [[seed, alpha, start + slope * alpha] for seed, start in enumerate(intercepts) for alpha in alphas]
    return pd.DataFrame(rows, columns=["seed_id", "alpha", "score"])


@pytest.fixture
def table():
    directions = {"a": along(3, 0, 0, 0), "b": along(-1, 0, 1, 0)}
    scores = {
        ("a", "a"): scored([0, 1, 2], 5),  # SD of the seeds 1, gain 2
        ("a", "b"): scored([0, 1, 2], -5, (-0.2, 0.2)),  # gain -2, in SD of b's seeds, 2
        ("b", "a"): scored([0, 1, 2], 0, (-1.0, 1.0)),
        ("b", "b"): scored([0, 2, 4], 10, (-1.0, 0.0, 1.0)),
    }
    return compare_directions(directions, scores).set_index(["direction", "assessor"])


def test_cosines_are_those_of_the_directions(table):
    assert table.cosine["a", "a"] == pytest.approx(1)
    assert table.cosine["a", "b"] == table.cosine["b", "a"] == pytest.approx(-(0.5**0.5))


def test_a_direction_that_all_classes_share_compares_with_one_for_each_class():
    shared, own = along(1, 0), along([1, 0], [0, 1])
    scores = dict.fromkeys([(a, b) for a in "ab" for b in "ab"], scored([0, 1, 2], 1))
    table = compare_directions({"a": shared, "b": own}, scores).set_index(["direction", "assessor"])
    assert table.cosine["a", "b"] == table.cosine["b", "a"] == pytest.approx(0.5)  # the mean of 1 and 0
    assert table.random_95["a", "b"] == table.random_95["a", "a"] == pytest.approx(1.959964 / 2**0.5)


def test_cosines_of_random_directions_lie_within_the_stated_range_as_often_as_stated(table):
    vectors = np.random.default_rng(0).normal(size=(2, 20_000, 200))
    unit = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
    cosines = np.einsum("nd,nd->n", *unit)
    assert (np.abs(cosines) < norm.ppf(0.975) / 200**0.5).mean() == pytest.approx(0.95, abs=0.01)
    assert table.random_95.eq(norm.ppf(0.975) / 4**0.5).all()


def test_changes_are_in_standard_deviations_of_the_assessors_own_seeds(table):
    expected = {("a", "a"): 2.0, ("a", "b"): -1.0, ("b", "a"): 0.0, ("b", "b"): 10.0}
    assert table.change.to_dict() == pytest.approx(expected)


def test_the_interval_is_that_of_the_mean_gain_over_seeds():
    noisy = scored([0, 1, 2, 3], 1)
    noisy.loc[noisy.alpha == 0.2, "score"] += [0.0, 0.4, 0.8, 1.2]
    row = compare_directions({"a": along(1, 1, 1, 1)}, {("a", "a"): noisy}).iloc[0]
    gain = (0.4 + np.array([0.0, 0.4, 0.8, 1.2])) / np.std([0, 1, 2, 3], ddof=1)
    assert row.change == pytest.approx(gain.mean())
    assert row.change_ci_high - row.change == pytest.approx(1.959964 * gain.std(ddof=1) / 2)
