"""Whether another training finds the same direction."""

import numpy as np
import pytest
import torch

from ganalyze.measures.stability import along_training, cosines


def test_cosines_are_those_of_each_two_directions():
    one, other = torch.tensor([3.0, 4.0, 0.0]), torch.tensor([4.0, 3.0, 0.0])
    table = cosines({"0": one, "1": other, "2": -one})
    assert list(zip(table["first"], table["second"], strict=True)) == [("0", "1"), ("0", "2"), ("1", "2")]
    np.testing.assert_allclose(table.cosine, [24 / 25, -1, -24 / 25])


def test_ninety_five_in_a_hundred_random_directions_stay_within_the_bound():
    rng = np.random.default_rng(0)
    drawn = torch.from_numpy(rng.standard_normal((40, 512)))
    drawn[:, :256] = 0  # parts of z that do not move have no say
    table = cosines({str(number): theta for number, theta in enumerate(drawn)})
    assert table.random_95.unique() == pytest.approx(1.96 / 256**0.5, abs=1e-4)
    assert (table.cosine.abs() < table.random_95).mean() == pytest.approx(0.95, abs=0.025)


def test_the_way_of_a_training_ends_at_itself():
    course = {4: torch.tensor([1.0, 0.0]), 8: torch.tensor([1.0, 1.0]), 10: torch.tensor([2.0, 2.0])}
    table = along_training(course, np.array([0.2, 0.3, 0.4]))
    assert list(table.samples) == [4, 8, 10]
    np.testing.assert_allclose(table.share, [0.5, 0.75, 1])
    np.testing.assert_allclose(table.cosine, [0.5**0.5, 1, 1])
    np.testing.assert_allclose(table.length, [1 / 8**0.5, 0.5, 1])
