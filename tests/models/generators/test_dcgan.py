"""The DCGAN against a calculation of its own from the published weights."""

import pytest
import torch
import torch.nn.functional as F

from ganalyze.support.errors import GanalyzeError
from tests.networks import load_generator


@pytest.fixture(scope="module")
def dcgan(weights_dir):
    return load_generator("dcgan-digiface", weights_dir)


def z_and_y(n):
    return torch.randn(n, 100, generator=torch.Generator().manual_seed(4)), torch.zeros(n, dtype=torch.long)


def test_images_equal_the_published_layers_applied_one_by_one(dcgan, weights_dir):
    state = torch.load(weights_dir / "weights.tar", weights_only=True, map_location="cpu")["netG_state_dict"]
    z, y = z_and_y(3)
    x = z.reshape(3, 100, 1, 1).double()
    for layer in range(5):
        weight = state[f"main.{3 * layer}.weight"].double()
        x = F.conv_transpose2d(x, weight, stride=2 if layer else 1, padding=1 if layer else 0)
        if layer < 4:
            gamma, beta, mean, variance = (
                state[f"main.{3 * layer + 1}.{name}"].double()[:, None, None]
                for name in ("weight", "bias", "running_mean", "running_var")
            )
            x = ((x - mean) / (variance + 1e-5).sqrt() * gamma + beta).clamp(min=0)
    torch.testing.assert_close(dcgan(z, y), torch.tanh(x).float(), rtol=1e-4, atol=1e-5)


def test_images_have_the_stated_form_and_range(dcgan):
    assert (dcgan.z_dim, dcgan.num_classes, dcgan.image_size, len(dcgan.class_names)) == (100, 1, 64, 1)
    images = dcgan(*z_and_y(4))
    assert images.shape == (4, 3, 64, 64)
    assert images.abs().max() <= 1


def test_an_image_does_not_depend_on_the_others_in_its_batch(dcgan):
    z, y = z_and_y(5)
    alone = torch.cat([dcgan(z[i : i + 1], y[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(alone, dcgan(z, y), rtol=1e-5, atol=1e-5)


def test_the_image_has_a_gradient_with_respect_to_z(dcgan):
    z, y = z_and_y(1)
    z.requires_grad_()
    dcgan(z, y).mean().backward()
    assert torch.isfinite(z.grad).all()
    assert z.grad.abs().max() > 0


@pytest.mark.parametrize(
    "content", [{}, {"netG_state_dict": {}}, {"netG_state_dict": {"main.0.weight": torch.zeros(2)}}]
)
def test_weights_of_another_network_are_refused(tmp_path, content):
    torch.save(content, tmp_path / "weights.tar")
    with pytest.raises(GanalyzeError, match=r"weights\.tar"):
        load_generator("dcgan-digiface", tmp_path)
