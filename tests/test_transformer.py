"""T(z, α) = z + αθ (Eq. 2), and the stored direction."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganalyze.errors import GanalyzeError
from ganalyze.transformer import load_direction, save_direction, transform


@given(n=st.integers(1, 5), dim=st.integers(1, 8), seed=st.integers(0, 99))
def test_each_z_moves_by_its_own_alpha_along_theta(n, dim, seed):
    rng = np.random.default_rng(seed)
    z, alpha, theta = rng.normal(size=(n, dim)), rng.normal(size=n), rng.normal(size=dim)
    y = torch.zeros(n, dtype=torch.long)
    moved = transform(torch.from_numpy(z), y, torch.from_numpy(alpha), torch.from_numpy(theta)).numpy()
    np.testing.assert_allclose(moved, [z[i] + alpha[i] * theta for i in range(n)])


def test_at_alpha_0_nothing_moves():
    z, theta = torch.randn(3, 4), torch.randn(4)
    assert torch.equal(transform(z, torch.zeros(3, dtype=torch.long), torch.zeros(3), theta), z)


def test_a_stored_direction_comes_back_with_what_it_was_trained_on(tmp_path):
    theta = torch.randn(100)
    save_direction(theta, tmp_path / "theta.safetensors", {"assessor": "resmem", "samples": 400})
    loaded, about = load_direction(tmp_path / "theta.safetensors", 100)
    assert torch.equal(loaded, theta)
    assert about == {"assessor": "resmem", "samples": 400}


def test_a_direction_of_another_generator_is_refused(tmp_path):
    save_direction(torch.randn(140), tmp_path / "theta.safetensors", {})
    with pytest.raises(GanalyzeError, match=r"shape \(140,\), this generator needs \(100,\)"):
        load_direction(tmp_path / "theta.safetensors", 100)


def test_a_missing_or_broken_direction_is_named(tmp_path):
    with pytest.raises(GanalyzeError, match="not found: train it first"):
        load_direction(tmp_path / "theta.safetensors", 100)
    (tmp_path / "theta.safetensors").write_bytes(b"short")
    with pytest.raises(GanalyzeError, match="not a readable safetensors file"):
        load_direction(tmp_path / "theta.safetensors", 100)
