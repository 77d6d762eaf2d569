"""Assessors that torch.export saved: NIMA against Keras' run of its file, and what is refused."""

import numpy as np
import pytest
import torch
from torch import nn

from ganalyze.support.errors import GanalyzeError
from tests.models.assessors.elsewhere.networks import export_program, nima_images
from tests.networks import load_assessor

RATING = {"size": 224, "range": [-1, 1], "values": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}


@pytest.fixture(scope="module", params=[True, False], ids=["any number of images", "one image"])
def nima(request, weights_dir, tmp_path_factory):
    """The built-in network's distribution of ratings, exported, as an assessor."""
    path = tmp_path_factory.mktemp("nima") / "nima.pt2"
    export_program(load_assessor("nima-aesthetic", weights_dir), path, 224, "distribution", dynamic=request.param)
    return load_assessor(f"export:{path}", weights_dir, RATING)


def test_the_expected_rating_of_a_distribution_equals_keras(nima, goldens):
    with torch.no_grad():
        scores = nima(nima_images())
    np.testing.assert_allclose(scores, goldens["ratings"] @ np.arange(1, 11), atol=1e-4)


def test_scores_and_gradients_are_the_built_in_assessors(nima, weights_dir):
    images = (torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1).requires_grad_()
    scores = nima(images), load_assessor("nima-aesthetic", weights_dir)(images)
    torch.testing.assert_close(*scores, rtol=0, atol=1e-4)
    torch.testing.assert_close(*(torch.autograd.grad(one.sum(), images)[0] for one in scores), rtol=1e-3, atol=1e-5)


def test_training_mode_changes_nothing_and_no_parameter_is_trained(nima):
    images = torch.zeros(1, 3, 64, 64)
    assert not nima.training
    assert not any(parameter.requires_grad for parameter in nima.parameters())
    with torch.no_grad():
        assert torch.equal(nima(images), nima.train()(images))


class Counted(nn.Module):
    """Names a device in its operations, and returns two tensors."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, images):
        steps = torch.arange(3, device=images.device)[:, None, None]
        return images.mean(dim=(1, 2, 3)), (self.scale * images * steps).mean(dim=(1, 2, 3))


def test_it_moves_to_another_device_with_what_its_operations_name(tmp_path):
    path = export_program(Counted(), tmp_path / "counted.pt2", 8)
    # The meta device stands for a GPU: it has shapes and no numbers.
    assessor = load_assessor(f"export:{path}", "weights", {"range": [-1, 1], "output": 1}).to("meta")
    assert {parameter.device.type for parameter in assessor.parameters()} == {"meta"}
    scores = assessor(torch.zeros(5, 3, 8, 8, device="meta"))
    assert (scores.device.type, scores.shape) == ("meta", (5,))


def test_one_of_several_outputs_is_chosen(tmp_path):
    path = export_program(Counted(), tmp_path / "counted.pt2", 8)
    images = torch.rand(2, 3, 8, 8)
    chosen = load_assessor(f"export:{path}", "weights", {"range": [-1, 1], "output": 1})(images)
    torch.testing.assert_close(chosen, (2 * images * torch.arange(3)[:, None, None]).mean(dim=(1, 2, 3)))


def test_a_program_of_several_inputs_is_refused(tmp_path):
    class Two(nn.Module):
        def forward(self, images, others):
            return images + others

    image = torch.zeros(1, 3, 8, 8)
    torch.export.save(torch.export.export(Two(), (image, image)), tmp_path / "two.pt2")
    with pytest.raises(GanalyzeError, match=r"two\.pt2 takes 2 inputs, wanted one: images"):
        load_assessor(f"export:{tmp_path}/two.pt2", "weights", {"range": [0, 1]})
