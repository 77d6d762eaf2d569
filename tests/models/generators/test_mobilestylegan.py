"""MobileStyleGAN against OpenVINO's own run of the published files (tests/fixtures/networks)."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ganalyze.models.generators import GENERATORS
from ganalyze.models.generators.mobilestylegan import inverse_haar, load_mapping, to_w
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.randomness import stream, truncated_normal
from tests.networks import load_generator, weights_in


@pytest.fixture(scope="module")
def faces(weights_dir):
    return load_generator("mobilestylegan-ffhq", weights_dir)


def z_and_y(n, seed=4):
    return torch.from_numpy(truncated_normal(stream(seed, "test"), (n, 1536))) * 0.7, torch.zeros(n, dtype=torch.long)


@torch.no_grad()
def test_w_and_images_equal_openvinos(faces, weights_dir, goldens):
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 512), dtype="float32"))
    w = to_w(load_mapping(weights_in(weights_dir))(noise))
    torch.testing.assert_close(w, torch.from_numpy(goldens["w"]), rtol=0, atol=1e-4)
    images = inverse_haar(faces.synthesis.bands([w] * 23)).numpy()
    places = np.random.default_rng(1).integers(images.size, size=20_000)
    np.testing.assert_allclose(images.ravel()[places], goldens["faces"], rtol=0, atol=1e-3)


@torch.no_grad()
def test_images_are_the_mean_of_the_published_images_pixels(faces):
    w = [to_w(torch.randn(1, 512, generator=torch.Generator().manual_seed(1)))] * 23
    full = inverse_haar(faces.synthesis.bands(w))
    torch.testing.assert_close(faces.synthesis(w), torch.nn.functional.avg_pool2d(full, 2), rtol=0, atol=1e-5)


def test_images_have_the_stated_form_and_range(faces):
    assert (faces.z_dim, faces.num_classes, faces.image_size, len(faces.class_names)) == (1536, 1, 256, 1)
    images = faces(*z_and_y(2))
    assert images.shape == (2, 3, 256, 256)
    assert images.abs().max() <= 1


def test_a_smaller_image_is_the_larger_ones_mean_by_area(faces, weights_dir):
    large = load_generator("mobilestylegan-ffhq", weights_dir, {"image_size": 512})(*z_and_y(1))
    assert large.shape == (1, 3, 512, 512)
    torch.testing.assert_close(
        faces(*z_and_y(1)), torch.nn.functional.avg_pool2d(large, 2), rtol=0, atol=0.05
    )  # but for clipping


def test_parts_of_z_change_their_own_scale_of_the_image(faces):
    """A coarse part changes the image's layout, a fine one colours more than edges."""
    z, y = z_and_y(1)
    other, _ = z_and_y(1, seed=5)
    before = faces(z, y)

    def layout_change(part):
        moved = z.clone()
        moved[:, faces.z_parts[part]] = other[:, faces.z_parts[part]]
        change = faces(moved, y) - before
        edges = change - torch.nn.functional.avg_pool2d(change, 31, 1, 15)
        return (edges.std() / change.std()).item()

    assert list(faces.z_parts) == list(GENERATORS["mobilestylegan-ffhq"].parts)
    assert layout_change("fine") < layout_change("coarse")


def test_p_is_nearly_normal_in_z(faces, weights_dir):
    noise = torch.randn(2000, 512, generator=torch.Generator().manual_seed(6))
    p = load_mapping(weights_in(weights_dir))(noise)
    z = torch.linalg.solve_triangular(faces.spread, (p - faces.mean).T, upper=False)
    torch.testing.assert_close(z.std(dim=1).mean(), torch.tensor(1.0), rtol=0.02, atol=0)
    assert z.mean(dim=1).abs().max() < 0.15
    assert torch.allclose(faces.spread, faces.spread.tril())


def test_truncation_is_asked_for_by_the_generator(weights_dir):
    assert load_generator("mobilestylegan-ffhq", weights_dir, {"truncation": 0.5}).truncation == 0.5


def test_an_image_does_not_depend_on_the_others_in_its_batch(faces):
    z, y = z_and_y(3)
    alone = torch.cat([faces(z[i : i + 1], y[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(alone, faces(z, y), rtol=0, atol=2e-5)


def test_every_part_of_z_has_a_gradient(faces):
    z, y = z_and_y(1)
    z.requires_grad_()
    faces(z, y).square().mean().backward()
    assert torch.isfinite(z.grad).all()
    assert all(z.grad[:, part].abs().max() > 0 for part in faces.z_parts.values())


class MixedPrecisions(TorchDispatchMode):
    """Notes operations that mix precisions in maps of more than 4×4 places: a CPU has none that is fast."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        maps = [one for one in args if isinstance(one, torch.Tensor) and one.ndim == 4 and len(one[0, 0]) > 4]
        if len({one.dtype for one in maps}) > 1 and func.overloadpacket != torch.ops.aten.copy_:
            self.seen.add(func)
        return func(*args, **(kwargs or {}))


def test_in_bf16_images_stay_near_those_of_float32_and_no_large_map_mixes_the_two(faces):
    with torch.no_grad():
        exact = faces(*z_and_y(2))
        with torch.autocast("cpu", torch.bfloat16), MixedPrecisions() as mixed:
            rough = faces(*z_and_y(2)).float()
    assert (rough - exact).square().mean().sqrt() < 0.02 * exact.std()
    assert not mixed.seen


def test_another_size_is_refused(weights_dir):
    with pytest.raises(GanalyzeError, match="option image_size of generator 'mobilestylegan-ffhq': got 300"):
        load_generator("mobilestylegan-ffhq", weights_dir, {"image_size": 300})


def test_files_that_do_not_belong_together_are_refused(weights_dir, tmp_path):
    for name in GENERATORS["mobilestylegan-ffhq"].files:
        (tmp_path / name).symlink_to(weights_dir / name.replace("Mapping", "Synthesis"))
    with pytest.raises(GanalyzeError, match=r"MappingNetwork.xml does not fit the network"):
        load_generator("mobilestylegan-ffhq", tmp_path)


@torch.no_grad()
def test_a_residual_adds_to_each_style_what_a_part_of_z_adds_to_all_its_styles(faces):
    z, y = z_and_y(1)
    more = torch.randn(3, 512, generator=torch.Generator().manual_seed(2)) / 4
    residual = more.repeat_interleave(torch.tensor([7, 6, 10]), dim=0)[None]
    assert residual.shape[1:] == faces.residual_shape
    torch.testing.assert_close(faces(z, y, residual), faces(z + more.flatten()[None], y), rtol=0, atol=1e-4)
    torch.testing.assert_close(faces(z, y, torch.zeros_like(residual)), faces(z, y), rtol=0, atol=1e-4)
