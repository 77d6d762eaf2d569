"""T(z, α) = z + αθ (Eq. 2), and the stored direction."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.torch import save_file

from ganalyze.direction.settings import TransformerSettings
from ganalyze.direction.transformer import Transformer
from ganalyze.support.errors import GanalyzeError


@given(n=st.integers(1, 5), dim=st.integers(1, 8), seed=st.integers(0, 99))
def test_each_z_moves_by_its_own_alpha_along_theta(n, dim, seed):
    rng = np.random.default_rng(seed)
    z, alpha, theta = rng.normal(size=(n, dim)), rng.normal(size=n), rng.normal(size=dim)
    y = torch.zeros(n, dtype=torch.long)
    moved = Transformer.along(torch.from_numpy(theta))(torch.from_numpy(z), y, torch.from_numpy(alpha))
    np.testing.assert_allclose(moved.detach(), [z[i] + alpha[i] * theta for i in range(n)])


def test_at_alpha_0_nothing_moves():
    z, theta = torch.randn(3, 4), torch.randn(4)
    assert torch.equal(Transformer.along(theta)(z, torch.zeros(3, dtype=torch.long), torch.zeros(3)), z)


def test_the_identity_moves_nothing():
    z = torch.randn(3, 4)
    assert torch.equal(Transformer.identity(4)(z, torch.zeros(3, dtype=torch.long), torch.ones(3)), z)


def test_class_dependent_directions_move_each_z_along_its_classes_own():
    z, alpha, theta, y = torch.randn(3, 4), torch.tensor([0.5, -1, 2]), torch.randn(6, 4), torch.tensor([5, 0, 5])
    expected = torch.stack([z[i] + alpha[i] * theta[y[i]] for i in range(3)])
    torch.testing.assert_close(Transformer.along(theta)(z, y, alpha), expected)


@given(n=st.integers(1, 5), seed=st.integers(0, 99))
def test_rescaling_gives_a_seed_or_the_whole_batch_its_length_back(n, seed):
    rng = np.random.default_rng(seed)
    z, theta = torch.from_numpy(rng.normal(size=(n, 6))), torch.from_numpy(rng.normal(size=6))
    alpha, y = torch.from_numpy(rng.normal(size=n)), torch.zeros(n, dtype=torch.long)
    moved, per_seed, per_batch = (
        Transformer.along(theta, rescaling)(z, y, alpha).detach() for rescaling in ("none", "per_seed", "per_batch")
    )
    torch.testing.assert_close(per_seed.norm(dim=1), z.norm(dim=1))
    torch.testing.assert_close(per_batch.norm(), z.norm())
    for rescaled in (per_seed, per_batch):  # in the same direction as before
        torch.testing.assert_close(torch.cosine_similarity(rescaled, moved), torch.ones(n, dtype=torch.float64))


def test_only_rescaling_per_batch_depends_on_the_batch():
    z, alpha, theta, y = torch.randn(4, 6), torch.randn(4), torch.randn(6), torch.zeros(4, dtype=torch.long)

    def alone_as_together(rescaling):
        transformer = Transformer.along(theta, rescaling)
        together = transformer(z, y, alpha)
        alone = torch.cat([transformer(z[i : i + 1], y[:1], alpha[i : i + 1]) for i in range(4)])
        return torch.allclose(alone, together)

    assert alone_as_together("none")
    assert alone_as_together("per_seed")
    assert not alone_as_together("per_batch")


@pytest.mark.parametrize(
    ("start", "deviation", "largest"), [("zeros", 0, 0), ("normal", 1, 6), ("uniform", 0.1 / np.sqrt(3), 0.1)]
)
def test_a_direction_starts_as_asked(start, deviation, largest):
    settings = TransformerSettings(kind="class_dependent", start=start)
    transformer = Transformer(settings, 140, 100, np.random.default_rng(0))
    assert transformer.theta.shape == (100, 140)
    torch.testing.assert_close(transformer.theta, transformer.shared + transformer.own)
    assert transformer.own.std().item() == pytest.approx(deviation, rel=0.05)
    assert transformer.own.abs().max() <= largest
    shared = Transformer(TransformerSettings(start=start), 140, 100, np.random.default_rng(0))
    assert shared.theta.shape == (140,)


@pytest.mark.parametrize("option", ["kind", "rescaling", "start"])
def test_a_transformer_that_there_is_not_is_refused(option):
    with pytest.raises(ValidationError, match=rf"{option}\n  Input should be '"):
        TransformerSettings(**{option: "other"})


@pytest.mark.parametrize("shape", [(100,), (7, 100)])
@pytest.mark.parametrize("rescaling", ["none", "per_seed", "per_batch"])
def test_a_stored_direction_comes_back_with_what_it_was_trained_on(tmp_path, shape, rescaling):
    theta = torch.randn(shape)
    Transformer.along(theta, rescaling).save(tmp_path / "theta.safetensors", {"assessor": "resmem"}, 400)
    loaded = Transformer.load(tmp_path / "theta.safetensors", 100)
    assert torch.equal(loaded.theta, theta)
    kind = "one_direction" if len(shape) == 1 else "class_dependent"
    assert loaded.about == {"assessor": "resmem", "transformer": kind, "rescaling": rescaling, "samples": 400}
    assert loaded.settings == TransformerSettings(kind=kind, rescaling=rescaling)


@given(moves=st.sets(st.sampled_from("abc"), min_size=1), kind=st.sampled_from(["one_direction", "class_dependent"]))
def test_the_parts_that_do_not_move_stay_as_they_are(moves, kind):
    parts = {"a": slice(0, 2), "b": slice(2, 3), "c": slice(3, 6)}
    settings = TransformerSettings(kind=kind, start="normal", moves=tuple(moves))
    transformer = Transformer(settings, 6, 3, np.random.default_rng(1), parts)
    z = torch.randn(4, 6)
    moved = transformer(z, torch.tensor([0, 1, 2, 0]), torch.ones(4))
    moved.sum().backward()
    for name, part in parts.items():
        assert torch.equal(moved[:, part], z[:, part]) == (name not in moves)
        assert bool(transformer.shared.grad[part].any()) == (name in moves)
        assert bool(transformer.theta[..., part].any()) == (name in moves)


def test_which_parts_move_is_stored_with_the_direction(tmp_path):
    settings = TransformerSettings(start="normal", moves=("b",))
    transformer = Transformer(settings, 4, 1, np.random.default_rng(1), {"a": slice(0, 2), "b": slice(2, 4)})
    transformer.save(tmp_path / "theta.safetensors", {}, 8)
    loaded = Transformer.load(tmp_path / "theta.safetensors", 4)
    assert torch.equal(loaded.theta, transformer.theta)
    assert loaded.settings.moves == ("b",)


@pytest.mark.parametrize(("parts", "words"), [({"a": slice(0, 2)}, "its parts are a"), ({}, "it names none")])
def test_a_part_that_z_does_not_have_is_refused(parts, words):
    with pytest.raises(GanalyzeError, match=f"z of this generator has no part 'middle': {words}"):
        Transformer(TransformerSettings(moves=("middle",)), 4, 1, parts=parts)


def test_a_direction_of_another_generator_is_refused(tmp_path):
    Transformer.identity(140).save(tmp_path / "theta.safetensors", {}, 0)
    with pytest.raises(GanalyzeError, match=r"shape \(140,\), this generator needs \(100,\)"):
        Transformer.load(tmp_path / "theta.safetensors", 100)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({}, "does not say its transformer and rescaling: train it again"),
        ({"transformer": "one_direction"}, "does not say its rescaling: train it again"),
        ({"transformer": "one_direction", "rescaling": "other"}, "rescaling: got 'other', input should be 'none'"),
        ({"transformer": "class_dependent", "rescaling": "none"}, r"has shape \(100,\), which is not class_dependent"),
    ],
)
def test_a_direction_that_does_not_say_how_z_moves_is_refused(tmp_path, about, words):
    path = tmp_path / "theta.safetensors"
    save_file({"theta": torch.randn(100)}, path, metadata={"about": json.dumps(about)})
    with pytest.raises(GanalyzeError, match=words):
        Transformer.load(path, 100)


def test_a_direction_without_metadata_is_refused(tmp_path):
    save_file({"theta": torch.randn(100)}, tmp_path / "theta.safetensors")
    with pytest.raises(GanalyzeError, match="does not say its transformer and rescaling"):
        Transformer.load(tmp_path / "theta.safetensors")


def test_a_missing_or_broken_direction_is_named(tmp_path):
    with pytest.raises(GanalyzeError, match="not found: train it first"):
        Transformer.load(tmp_path / "theta.safetensors", 100)
    (tmp_path / "theta.safetensors").write_bytes(b"short")
    with pytest.raises(GanalyzeError, match="not a readable safetensors file"):
        Transformer.load(tmp_path / "theta.safetensors", 100)
