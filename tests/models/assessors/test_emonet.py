"""EmoNet against the authors' code, alone and behind their BigGAN-256."""

import numpy as np
import pytest
import torch

from ganalyze.support.errors import GanalyzeError
from tests import published
from tests.authors import assert_equal, assert_same_direction, draw_z_and_y, numbers
from tests.networks import load_assessor, load_generator


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    published.write_emonet(folder)
    return folder


@pytest.fixture(scope="module")
def emonet(folder):
    return load_assessor("emonet", folder)


def test_scores_and_gradients_equal_the_authors_code(emonet):
    theirs = numbers("emonet")
    images = torch.from_numpy(np.random.default_rng(11).uniform(-1, 1, (2, 3, 256, 256)).astype(np.float32))
    scores = emonet(images.requires_grad_())
    scores.sum().backward()
    assert_equal(scores, theirs["scores"])
    assert_same_direction(images.grad[:, :, ::16, 5::16], theirs["gradient"])


@pytest.mark.parametrize("width", [8, pytest.param(96, marks=pytest.mark.slow)])
def test_behind_biggan_256_score_and_gradient_equal_the_authors_code(emonet, tmp_path, width):
    published.write_biggan(tmp_path, 256, width)
    generator = load_generator("biggan-256", tmp_path)
    theirs = numbers(f"biggan-256 width {width} + emonet")
    z, y, _ = draw_z_and_y(12, 1, 140)
    score = emonet(generator(z.requires_grad_(), y))
    score.sum().backward()
    assert_equal(score, theirs["scores"])
    assert_same_direction(z.grad, theirs["gradient"])


@pytest.mark.parametrize("content", [{}, {"state_dict": [1]}, {"state_dict": {"module.model.fc.bias": torch.zeros(1)}}])
def test_another_networks_file_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "EmoNet_valence_moments_resnet50_5_best.pth.tar")
    with pytest.raises(GanalyzeError, match="EmoNet_valence"):
        load_assessor("emonet", tmp_path)
