"""T(z, α) = z + αθ (Eq. 2), and the stored direction."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganalyze.direction.transformer import Direction, TransformerOptions, load_direction, save_direction, transform
from ganalyze.support.errors import GanalyzeError


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


def test_class_dependent_directions_move_each_z_along_its_classes_own():
    z, alpha, theta, y = torch.randn(3, 4), torch.tensor([0.5, -1, 2]), torch.randn(6, 4), torch.tensor([5, 0, 5])
    expected = torch.stack([z[i] + alpha[i] * theta[y[i]] for i in range(3)])
    torch.testing.assert_close(transform(z, y, alpha, theta), expected)


@given(n=st.integers(1, 5), seed=st.integers(0, 99))
def test_rescaling_gives_a_seed_or_the_whole_batch_its_length_back(n, seed):
    rng = np.random.default_rng(seed)
    z, theta = torch.from_numpy(rng.normal(size=(n, 6))), torch.from_numpy(rng.normal(size=6))
    alpha, y = torch.from_numpy(rng.normal(size=n)), torch.zeros(n, dtype=torch.long)
    moved = transform(z, y, alpha, theta)
    per_seed, per_batch = (transform(z, y, alpha, theta, how) for how in ("per_seed", "per_batch"))
    torch.testing.assert_close(per_seed.norm(dim=1), z.norm(dim=1))
    torch.testing.assert_close(per_batch.norm(), z.norm())
    for rescaled in (per_seed, per_batch):  # in the same direction as before
        torch.testing.assert_close(torch.cosine_similarity(rescaled, moved), torch.ones(n, dtype=torch.float64))


def test_only_rescaling_per_batch_depends_on_the_batch():
    z, alpha, theta, y = torch.randn(4, 6), torch.randn(4), torch.randn(6), torch.zeros(4, dtype=torch.long)

    def alone_as_together(rescaling):
        together = transform(z, y, alpha, theta, rescaling)
        alone = torch.cat([transform(z[i : i + 1], y[:1], alpha[i : i + 1], theta, rescaling) for i in range(4)])
        return torch.allclose(alone, together)

    assert alone_as_together("none")
    assert alone_as_together("per_seed")
    assert not alone_as_together("per_batch")


@pytest.mark.parametrize(
    ("start", "deviation", "largest"), [("zeros", 0, 0), ("normal", 1, 6), ("uniform", 0.1 / np.sqrt(3), 0.1)]
)
def test_a_direction_starts_as_asked(start, deviation, largest):
    options = TransformerOptions("class_dependent", start=start)
    direction = Direction(options, 140, 100, np.random.default_rng(0))
    assert direction().shape == (100, 140)
    torch.testing.assert_close(direction(), direction.shared + direction.own)
    assert direction.own.std().item() == pytest.approx(deviation, rel=0.05)
    assert direction.own.abs().max() <= largest
    assert Direction(TransformerOptions(start=start), 140, 100, np.random.default_rng(0))().shape == (140,)


@pytest.mark.parametrize("option", ["kind", "rescaling", "start"])
def test_a_transformer_that_there_is_not_is_refused(option):
    with pytest.raises(GanalyzeError, match=f"{option} of the transformer: got 'other', allowed are"):
        TransformerOptions(**{option: "other"})


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
