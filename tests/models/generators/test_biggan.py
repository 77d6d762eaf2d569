"""BigGAN from the authors' checkpoints: the same images and gradients as their code, and nobody else's files."""

import pytest
import torch
import torch.nn.functional as F

from ganalyze.models.generators import GENERATORS
from ganalyze.models.generators.biggan_checkpoint import _doubling
from ganalyze.support.errors import GanalyzeError
from tests import published
from tests.authors import assert_equal, assert_same_direction, draw_z_and_y, numbers
from tests.networks import load_generator


@pytest.mark.parametrize(
    ("size", "width"),
    [
        (128, 8),
        (256, 8),
        pytest.param(512, 8, marks=pytest.mark.slow),
        pytest.param(256, 96, marks=pytest.mark.slow),
    ],
)
def test_images_and_gradients_equal_the_authors_code(tmp_path, size, width):
    published.write_biggan(tmp_path, size, width)
    generator = load_generator(f"biggan-{size}", tmp_path).to(memory_format=torch.channels_last)
    theirs = numbers(f"biggan-{size} width {width}")
    z, y, rng = draw_z_and_y(10, 2, generator.z_dim)
    pattern = published.normal(rng, 2, 3, size, size)
    images = generator(z.requires_grad_(), y)
    (images * pattern).mean().backward()
    step = size // 8
    assert_equal(images[:, :, step // 2 :: step, step // 3 :: step], theirs["images"])
    assert_equal(images.mean(), theirs["mean"])
    assert_equal(images.std(), theirs["std"])
    assert_same_direction(z.grad, theirs["gradient"])
    assert_equal(z.grad.norm(), theirs["gradient"].norm(), 1e-3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    published.write_biggan(folder, 128, 8)
    return folder


@pytest.fixture(scope="module")
def generator(folder):
    return load_generator("biggan-128", folder)


def test_the_published_networks_form_is_stated(generator):
    assert (generator.z_dim, generator.num_classes, generator.image_size) == (120, 1000, 128)
    assert len(generator.class_names) == 1000
    assert (generator.class_names[0], generator.class_names[963]) == ("tench", "pizza")
    images = generator(torch.zeros(2, 120), torch.tensor([0, 999]))
    assert images.shape == (2, 3, 128, 128)
    assert images.abs().max() <= 1


def test_an_image_does_not_depend_on_the_others_in_its_batch(generator):
    z, y, _ = draw_z_and_y(0, 4, 120)
    together = generator(z, y)
    alone = torch.cat([generator(z[i : i + 1], y[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(generator(z.flip(0), y.flip(0)).flip(0), together, rtol=1e-4, atol=1e-4)


def test_one_transposed_convolution_doubles_and_convolves():
    x, weight = torch.randn(2, 3, 5, 6), torch.randn(4, 3, 3, 3)
    expected = F.conv2d(F.interpolate(x, scale_factor=2), weight, padding=1)
    found = F.conv_transpose2d(x, _doubling(weight), stride=2, padding=1)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def without(key):
    return lambda state: state.pop(key)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: s.update({"blocks.0.0.conv1.weight": s.pop("linear.weight")}), "BigGAN-PyTorch's converter"),
        (lambda s: s.update({"embeddings.weight": s.pop("linear.weight")}), "pytorch-pretrained-biggan"),
        (without("linear.weight"), "it has no linear.weight"),
        (without("GBlock.3.HyperBN_1.bn.running_var"), r"it has no GBlock\.3\.HyperBN_1\.bn\.running_var"),
        (lambda s: s.update({"GBlock.9.conv0.module.bias": torch.zeros(3)}), r"also has GBlock\.9\.conv0"),
        (lambda s: s.update({"colorize.module.bias": torch.zeros(4)}), "of another shape: last.bias"),
        (lambda s: s.clear(), "no BigGAN checkpoint"),
    ],
)
def test_a_checkpoint_of_another_origin_is_refused_in_one_line(tmp_path, spoil, words):
    state = published.biggan(128, 8)
    spoil(state)
    torch.save(state, tmp_path / "biggan-128.pth")
    with pytest.raises(GanalyzeError, match=words) as refused:
        load_generator("biggan-128", tmp_path)
    assert "biggan-128.pth" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_another_sizes_checkpoint_is_refused(tmp_path):
    torch.save(published.biggan(128, 8), tmp_path / "biggan-256.pth")
    with pytest.raises(GanalyzeError, match=r"biggan-256\.pth"):
        load_generator("biggan-256", tmp_path)


@torch.no_grad()
def test_the_parts_of_z_are_the_codes_of_the_stages(generator):
    """A part named after a size changes what is made at that size, and nothing before."""
    assert tuple(generator.z_parts) == GENERATORS["biggan-128"].parts == ("4px", "8px", "16px", "32px", "64px", "128px")
    z, y, _ = draw_z_and_y(10, 1, generator.z_dim)
    outputs = []
    for block in generator.blocks:
        block.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    generator(z, y)
    before, outputs[:] = [*outputs], []
    z[:, generator.z_parts["32px"]] += 1
    generator(z, y)
    changed = [not torch.equal(one, other) for one, other in zip(before, outputs, strict=True)]
    assert changed == [output.shape[-1] >= 32 for output in before]
