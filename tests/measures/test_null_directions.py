"""Random directions: as long as the learnt one, in the same parts of z, and of a rank that is uniform where nothing was
learnt."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import kstest
from torch import nn

from ganalyze.direction.generation import draw_seeds, drawn_seeds
from ganalyze.direction.settings import ImageSetSettings
from ganalyze.direction.transformer import Transformer
from ganalyze.measures.null_directions import compare_with_null, p_value, random_direction
from ganalyze.measures.slopes import slopes_along
from ganalyze.models.compute import Compute
from ganalyze.support.randomness import stream

CPU = Compute(device="cpu", threads=1)


class Bright(nn.Module):
    """Images (N, 3, 1, 1) whose brightness is w · z."""

    z_dim, num_classes, class_names, image_size = 6, 2, ("a", "b"), 1

    def __init__(self):
        super().__init__()
        self.w = torch.tensor([0.08, -0.02, 0.04, 0.0, 0.02, 0.0])

    def forward(self, z, y):
        return (z @ self.w)[:, None, None, None].expand(-1, 3, 1, 1)


def brightness(images):
    return images.mean(dim=(1, 2, 3))


def seeds(count=4):
    return drawn_seeds(draw_seeds(ImageSetSettings(seeds_per_class=count), 2, 5), "test", 6, seed=5)


def slopes(*directions):
    transformers = list(map(Transformer.along, directions))
    return slopes_along(Bright(), brightness, transformers, seeds(), (-2.0, 2.0), 3, CPU, "")


def test_slopes_are_those_of_the_score():
    directions = [torch.eye(6)[0], -torch.eye(6)[2], torch.zeros(6)]
    assert slopes(*directions) == pytest.approx([0.08, -0.04, 0], abs=1 / 127.5 / 4)  # 8-bit images


@pytest.mark.parametrize("classes", [1, 3])
def test_a_random_direction_is_as_long_and_moves_the_same_parts(classes):
    theta = torch.randn(classes, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 1, 0, 0, 1, 1])
    theta = theta[0] if classes == 1 else theta
    drawn = random_direction(theta, stream(0, "x"))
    assert drawn.shape == theta.shape
    assert torch.allclose(drawn.norm(dim=-1), theta.norm(dim=-1))
    assert ((drawn == 0) == (theta == 0)).all()


def test_a_direction_that_was_learnt_stands_out_and_the_table_says_so():
    learnt = Transformer.along(3 * Bright().w / Bright().w.norm())
    given = Bright(), brightness, learnt, seeds(), (-2.0, 2.0), 39, 3, CPU
    table = compare_with_null(*given, study="s", seed=5)
    assert list(table) == ["direction", "slope", "n", "p"]
    assert table.direction.tolist() == ["learnt", *map(str, range(39))]
    assert table.slope[0] > table.slope[1:].abs().max()
    assert table.p[0] == pytest.approx(1 / 40)
    assert table.p[1:].isna().all()
    again = compare_with_null(*given, study="s", seed=5)
    pd.testing.assert_frame_equal(again, table)


def test_where_nothing_was_learnt_p_is_uniform():
    rng, values = np.random.default_rng(3), []
    for _ in range(400):
        directions = rng.standard_normal((20, 6))
        steep = (directions / np.linalg.norm(directions, axis=1, keepdims=True)) @ Bright().w.numpy()
        values.append(p_value(steep[0], steep[1:]))
    assert min(values) == 1 / 20
    # A step function: made continuous by chance within its steps.
    assert kstest(np.array(values) - rng.random(400) / 20, "uniform").pvalue > 0.01
