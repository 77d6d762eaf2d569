"""What the authors' own code computes (tests/fixtures/authors/README.md), and how near ours must come."""

import json
from pathlib import Path

import numpy as np
import torch

_NUMBERS = json.loads((Path(__file__).parent / "fixtures/authors/authors.json").read_text())


def numbers(name: str) -> dict[str, torch.Tensor]:
    """The numbers `name` by what they are."""
    return {key: torch.tensor(value) for key, value in _NUMBERS[name].items()}


def draw_z_and_y(seed: int, count: int, z_dim: int) -> tuple[torch.Tensor, torch.Tensor, np.random.Generator]:
    """z uniform in ±2 and y as for the authors' code, and the generator to go on drawing from."""
    rng = np.random.default_rng(seed)
    z = torch.from_numpy(rng.uniform(-2, 2, (count, z_dim)).astype(np.float32))
    return z, torch.from_numpy(rng.integers(1000, size=count)), rng


def assert_equal(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float = 1e-4) -> None:
    """Equal within `tolerance` of the largest value."""
    difference = (ours.detach().flatten() - theirs.flatten()).abs().max()
    assert difference <= tolerance * theirs.abs().max(), f"{difference} of {theirs.abs().max()}"


def assert_same_direction(ours: torch.Tensor, theirs: torch.Tensor, cosine: float = 0.9999) -> None:
    found = torch.cosine_similarity(ours.detach().flatten(), theirs.flatten(), dim=0)
    assert found >= cosine
