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

from ganalyze.direction.generation import draw_z
from ganalyze.direction.transformer import Transformer
from ganalyze.images.pixels import to_images, to_pixels
from ganalyze.models.compute import Compute
from ganalyze.models.contract import Assessor, Generator, truncation_of
from ganalyze.support.progress import progress
from ganalyze.support.randomness import stream


def random_direction(theta: Tensor, rng: np.random.Generator) -> Tensor:
    """A direction of θ's shape and length, (z_dim,) or (classes, z_dim), uniform over the parts of z that θ moves; the
    classes share it, each at its own length."""
    moves = (theta != 0).reshape(-1, theta.shape[-1]).any(0)
    drawn = torch.from_numpy(rng.standard_normal(theta.shape[-1])).to(theta) * moves
    return drawn / drawn.norm() * theta.norm(dim=-1, keepdim=True)


@torch.no_grad()
def slopes_along(
    generator: Generator,
    assessor: Assessor,
    directions: Sequence[Tensor],
    rescaling: str,
    seeds: pd.DataFrame,
    ends: tuple[float, float],
    compute: Compute,
    *,
    set_name: str,
    seed: int,
    batch_size: int,
    label: str,
) -> np.ndarray:
    """Of each direction (D,), the mean over seeds of (score at the upper end − score at the lower) / (the α between).

    seeds: as `draw_seeds` gives them. seed: of the run. Scores are of 8-bit images, as everywhere.
    """
    rows = seeds.itertuples()
    drawn = [draw_z(set_name, row.class_id, row.z_index, generator.z_dim, seed=seed) for row in rows]
    z = truncation_of(generator) * torch.from_numpy(np.stack(drawn)).to(compute.device).repeat_interleave(2, 0)
    y = torch.tensor(seeds.class_id.to_numpy(), device=compute.device).repeat_interleave(2, 0)
    alpha = torch.tensor(ends, device=compute.device).repeat(len(seeds))
    slopes = np.empty(len(directions))
    with progress(len(directions) * len(z), "image", label) as bar, compute.autocast():
        for index, theta in enumerate(directions):
            moved = Transformer.along(theta, rescaling)(z, y, alpha)  # type: ignore[arg-type]
            scores = [
                assessor(to_images(to_pixels(generator(*part)), compute.device)).float()
                for part in zip(moved.split(batch_size), y.split(batch_size), strict=True)
            ]
            change = torch.cat(scores).reshape(-1, 2).diff(dim=1)
            slopes[index] = float(change.mean()) / (ends[1] - ends[0])
            bar.update(len(z))
    return slopes


def p_value(slope: float, null: np.ndarray) -> float:
    """How probable it is that a random direction is as steep as this one, up or down; at least 1 / (1 + how many were
    tried)."""
    return (1 + int((np.abs(null) >= abs(slope)).sum())) / (1 + len(null))


def compare_with_null(
    generator: Generator,
    assessor: Assessor,
    transformer: Transformer,
    seeds: pd.DataFrame,
    ends: tuple[float, float],
    directions: int,
    compute: Compute,
    *,
    study: str,
    set_name: str,
    seed: int,
    batch_size: int,
) -> pd.DataFrame:
    """A row a direction, θ first: direction ("learnt" or the number of a random one), slope, and p of the learnt one.

    Columns: direction, slope, n (seeds), p.
    """
    theta = transformer.theta.detach().to(compute.device)
    rng = stream(seed, study, "null directions")
    tried = [theta, *(random_direction(theta, rng) for _ in range(directions))]
    slopes = slopes_along(
        generator,
        assessor,
        tried,
        transformer.settings.rescaling,
        seeds,
        ends,
        compute,
        set_name=set_name,
        seed=seed,
        batch_size=batch_size,
        label=f"null directions of {study}",
    )
    table = pd.DataFrame({"direction": ["learnt", *map(str, range(directions))], "slope": slopes, "n": len(seeds)})
    return table.assign(p=[p_value(slopes[0], slopes[1:])] + [np.nan] * directions)
