"""BigGAN-deep against the package it comes through."""

import pytest
import torch
import torch.nn.functional as F
from pytorch_pretrained_biggan import BigGAN, BigGANConfig

from ganalyze.support.errors import GanalyzeError
from tests import published
from tests.authors import assert_same_direction
from tests.networks import load_generator


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    published.write_biggan_deep(folder)
    return folder


def the_packages(folder):
    network = BigGAN(BigGANConfig.from_json_file(folder / "biggan-deep-128-config.json"))
    network.load_state_dict(torch.load(folder / "biggan-deep-128-pytorch_model.bin", weights_only=True))
    return network.eval()


def z_and_y():
    return torch.randn(3, 128, generator=torch.Generator().manual_seed(1)), torch.tensor([1, 2, 999])


@pytest.mark.parametrize("truncation", [1.0, 0.5, 0.02])
def test_images_and_gradients_equal_the_packages(folder, truncation):
    ours = load_generator("biggan-deep-128", folder, {"truncation": truncation})
    z, y = z_and_y()
    z_theirs = z.clone().requires_grad_()
    images, theirs = ours(z.requires_grad_(), y), the_packages(folder)(z_theirs, F.one_hot(y, 1000).float(), truncation)
    torch.testing.assert_close(images, theirs, rtol=1e-4, atol=1e-4)
    pattern = torch.randn_like(images)
    (images * pattern).sum().backward()
    (theirs * pattern).sum().backward()
    assert_same_direction(z.grad, z_theirs.grad)


@pytest.mark.parametrize(("truncation", "low", "share"), [(0.41, 20, 0.5), (0.505, 25, 0.25), (0.58, 29, 0.0)])
def test_between_two_truncations_the_nearer_ones_statistics_count_more(folder, truncation, low, share):
    theirs = the_packages(folder)
    for name, table in theirs.named_buffers():
        if name.endswith(("running_means", "running_vars")):
            table[50] = (1 - share) * table[low] + share * table[low + 1]  # what it looks up for truncation 1
    z, y = z_and_y()
    expected = theirs(z, F.one_hot(y, 1000).float(), 1.0)
    ours = load_generator("biggan-deep-128", folder, {"truncation": truncation})
    torch.testing.assert_close(ours(z, y), expected, rtol=1e-4, atol=1e-4)
    assert ours.truncation == truncation


def test_the_published_networks_form_is_stated(folder):
    generator = load_generator("biggan-deep-128", folder)
    assert (generator.z_dim, generator.num_classes, generator.image_size) == (128, 1000, 128)
    assert generator.class_names[963] == "pizza"
    assert generator.truncation == 1


@pytest.mark.parametrize("truncation", [0.0, 1.5, -1.0, "much"])
def test_a_truncation_outside_of_0_to_1_is_refused(folder, truncation):
    with pytest.raises(GanalyzeError, match="option truncation of generator 'biggan-deep-128'"):
        load_generator("biggan-deep-128", folder, {"truncation": truncation})


@pytest.mark.parametrize("layout", ["{}", "[1, 2]", "not json", '{"layers": 3}'])
def test_another_layout_is_refused(folder, tmp_path, layout):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "biggan-deep-128-config.json").write_text(layout)
    with pytest.raises(GanalyzeError, match="biggan-deep-128"):
        load_generator("biggan-deep-128", tmp_path)
