"""Would any direction do it? The score along random directions of the same length, beside the one that was learnt.

What is compared is the slope of the score between the ends of the α grid, averaged over some seeds of the test set.
The rank of a direction that is no better than random ones is uniform among them, so that
p = (1 + those at least as steep) / (1 + all of them), as of a permutation test (Phipson & Smyth, Stat. Appl. Genet.
Mol. Biol. 2010).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ganalyze.direction.inverted import Inverted
from ganalyze.direction.transformer import Transformer
from ganalyze.measures.slopes import slopes_along
from ganalyze.models.compute import Compute
from ganalyze.models.contract import Assessor, Generator
from ganalyze.support.randomness import stream


def random_direction(theta: Tensor, rng: np.random.Generator) -> Tensor:
    """A direction of θ's shape and length, (z_dim,) or (classes, z_dim), uniform over the parts of z that θ moves; the
    classes share it, each at its own length."""
    moves = (theta != 0).reshape(-1, theta.shape[-1]).any(0)
    drawn = torch.from_numpy(rng.standard_normal(theta.shape[-1])).to(theta) * moves
    return drawn / drawn.norm() * theta.norm(dim=-1, keepdim=True)


def p_value(slope: float, null: np.ndarray) -> float:
    """How probable it is that a random direction is as steep as this one, up or down; at least 1 / (1 + how many were
    tried)."""
    return (1 + int((np.abs(null) >= abs(slope)).sum())) / (1 + len(null))


def compare_with_null(
    generator: Generator,
    assessor: Assessor,
    transformer: Transformer,
    seeds: Sequence[Inverted],
    ends: tuple[float, float],
    directions: int,
    batch_size: int,
    compute: Compute,
    *,
    study: str,
    seed: int,
) -> pd.DataFrame:
    """A row a direction, θ first. seed: of the run, which with the study names the random stream.

    Columns: direction ("learnt" or the number of a random one), slope, n (seeds), p of the learnt one.
    """
    theta, rng = transformer.theta.detach().to(compute.device), stream(seed, study, "null directions")
    tried = [theta, *(random_direction(theta, rng) for _ in range(directions))]
    transformers = [Transformer.along(one, transformer.settings.rescaling) for one in tried]
    slopes = slopes_along(
        generator, assessor, transformers, seeds, ends, batch_size, compute, f"null directions of {study}"
    )
    table = pd.DataFrame({"direction": ["learnt", *map(str, range(directions))], "slope": slopes, "n": len(seeds)})
    return table.assign(p=[p_value(slopes[0], slopes[1:])] + [np.nan] * directions)
