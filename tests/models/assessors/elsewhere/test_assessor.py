"""Preprocessing, and how a score is read from what a network returns."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from ganalyze.models.assessors.elsewhere.assessor import AssessorFromElsewhere
from ganalyze.models.assessors.elsewhere.settings import ONNXFile
from ganalyze.models.compute import Compute
from ganalyze.models.conformance import check_assessor
from ganalyze.support.errors import GanalyzeError


class Returning(nn.Module):
    """Returns what a function makes of the images that it sees, and keeps them."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        self.seen = x
        return self.function(x)


def assessor(function, takes=(None, 3, None, None), **options):
    settings = ONNXFile.model_validate({"range": [-1, 1]} | options)
    return AssessorFromElsewhere("net.onnx", Returning(function), settings, takes)


def means(x):
    return x.mean(dim=(1, 2, 3))


def images(count=3, size=16):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


# --- what the network sees -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "grey"), [([0, 1], 0.75), ([0, 255], 191.25), ([-1, 1], 0.5)])
def test_black_and_white_become_what_they_are_to_the_network(scale, grey):
    torch.testing.assert_close(assessor(means, range=scale)(torch.full((2, 3, 4, 4), 0.5)), torch.full((2,), grey))


def test_mean_and_std_are_of_each_colour_in_the_networks_range():
    made = assessor(means, range=[0, 255], mean=[100, 50, 0], std=[1, 2, 5])
    made(torch.ones(1, 3, 2, 2))
    torch.testing.assert_close(made.network.seen[0, :, 0, 0], torch.tensor([155.0, 102.5, 51.0]))


def test_images_are_resized_as_pillow_does_and_then_cut_from_the_centre():
    made = assessor(means, size=8, crop=4)
    made(images())
    red = Image.fromarray(images()[0, 0].numpy()).resize((8, 8), Image.Resampling.BILINEAR).crop((2, 2, 6, 6))
    torch.testing.assert_close(made.network.seen[0, 0], torch.from_numpy(np.array(red)))


def test_half_precision_images_are_seen_in_full():
    assert assessor(means, size=8)(images().bfloat16()).dtype == torch.float32


@pytest.mark.parametrize(
    ("options", "takes", "words"),
    [
        ({"size": 8}, (None, 3, 224, 224), "net.onnx takes images of 224×224 pixels, these are 8×8: set size"),
        ({}, (1, 3, None, 32), "takes images of any×32 pixels, these are 16×16: set size"),
        ({"crop": 32}, (None, 3, None, None), "crop is 32, but images are 16×16 pixels: set size"),
    ],
)
def test_images_of_a_size_that_the_network_does_not_take_are_refused(options, takes, words):
    with pytest.raises(GanalyzeError, match=words):
        assessor(means, takes, **options)(images())


# --- what it returns -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [means, lambda x: means(x)[:, None], lambda x: means(x)[:, None, None, None]])
def test_one_value_an_image_is_its_score(function):
    assert torch.equal(assessor(function)(images()), means(images()))


def test_one_of_several_outputs_counts():
    assert torch.equal(assessor(lambda x: [x, means(x)], output=1)(images()), means(images()))


@pytest.mark.parametrize("function", [lambda x: x[:, :1], lambda x: x[:, 0]], ids=["(N, 1, H, W)", "(N, H, W)"])
def test_of_maps_the_mean_over_pixels_counts(function):
    scores = assessor(function, mean_over_pixels=True)(images())
    torch.testing.assert_close(scores, images()[:, 0].mean(dim=(1, 2)))


def test_of_a_distribution_the_expected_value_counts():
    scores = assessor(lambda x: x.mean(dim=(2, 3)).softmax(dim=1), values=[1, 2, 4])(images())
    again = assessor(lambda x: x.mean(dim=(2, 3)), values=[1, 2, 4], softmax=True)(images())
    one, two, three = images().mean(dim=(2, 3)).exp().unbind(dim=1)
    torch.testing.assert_close(scores, (one + 2 * two + 4 * three) / (one + two + three))
    torch.testing.assert_close(again, scores)


def test_of_maps_of_classes_both():
    scores = assessor(lambda x: 5 * x, values=[0, 0, 1], softmax=True, mean_over_pixels=True)(images())
    torch.testing.assert_close(scores, (5 * images()).softmax(dim=1)[:, 2].mean(dim=(1, 2)))


def test_a_network_that_takes_one_image_is_shown_one_at_a_time():
    seen = []
    made = assessor(lambda x: [seen.append(len(x)), means(x)][1], takes=(1, 3, 16, 16))
    assert torch.equal(made(images(5)), means(images(5)))
    assert seen == [1] * 5


@pytest.mark.parametrize(
    ("function", "options", "words"),
    [
        (lambda x: x, {}, r"returned \(2, 3, 16, 16\), wanted one value an image: .* of maps mean_over_pixels: true"),
        (
            lambda x: x.mean(dim=(2, 3)),
            {},
            r"returned \(2, 3\), wanted one value an image: of a distribution .* values",
        ),
        (lambda x: x, {"mean_over_pixels": True}, r"returned \(2, 3\), wanted one value an image"),
        (
            lambda x: x.mean(dim=(2, 3)),
            {"values": [1, 2, 3]},
            "no probabilities .* if they are logits, set softmax: true",
        ),
        (lambda x: x.mean(dim=(2, 3)), {"values": [1, 2], "softmax": True}, r"\(2, 3\), but there are 2 values"),
        (means, {"mean_over_pixels": True}, r"no maps: leave mean_over_pixels out"),
        (lambda x: (x, x), {}, r"returned 2 tensors: say which, e.g. output: 0"),
        (lambda x: (x, x), {"output": 2}, r"output is 2, but it returned 2, counted from 0"),
        (lambda x: x.mean(), {}, r"returned \(\) for 2 images"),
        (lambda x: {"score": means(x)}, {}, "returned a dict, wanted a tensor, or several in a tuple"),
        (lambda x: means(x) / 0, {}, "wanted finite numbers"),
        (lambda x: x @ torch.zeros(5, 5), {}, r"assessor own failed on \(2, 3, 16, 16\): RuntimeError"),
    ],
)
def test_what_is_no_score_is_refused_in_one_line(function, options, words):
    with pytest.raises(GanalyzeError, match=words) as refused:
        check_assessor(assessor(function, **options), "assessor own", images(2), Compute())
    assert "\n" not in str(refused.value)
