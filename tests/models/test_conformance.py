"""A model that does not return what the contract says is refused before any work, in one line."""

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from torch import nn

from ganalyze.models.compute import Compute
from ganalyze.models.conformance import check_assessor, check_generator, check_gradient, check_segmenter
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY

CPU = Compute(device="cpu", threads=2)
IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def tiny_generator(images=lambda z: z.tanh(), **attributes):
    """Images (N, 3, 4, 4) made of the first 48 values of z."""

    def call(z, y):
        return images(z[:, :48].view(-1, 3, 4, 4))

    facts = {"z_dim": 64, "num_classes": 2, "class_names": ("a", "b"), "image_size": 4} | attributes
    return type("Tiny", (), {"__call__": staticmethod(call), **facts})()


def mean(images):
    return images.mean(dim=(1, 2, 3))


class Dropout(nn.Module):
    def forward(self, images):
        return mean(nn.functional.dropout(images, 0.5, training=True))


ASSESSORS = {
    "a column": (lambda x: mean(x)[:, None], "returned (2, 1), wanted (2,)"),
    "two numbers an image": (lambda x: torch.stack([mean(x)] * 2, 1), "returned (2, 2), wanted (2,)"),
    "one number for the batch": (lambda x: x.mean(), "returned (), wanted (2,)"),
    "a map": (lambda x: x, "returned (2, 3, 16, 16), wanted (2,)"),
    "NaN": (lambda x: torch.log(mean(x) - 1), "returned nan, wanted finite numbers"),
    "infinite": (lambda x: mean(x) / 0, "inf, wanted finite numbers"),
    "whole numbers": (lambda x: (mean(x) * 100).long(), "returned int64, wanted floating-point numbers"),
    "truth": (lambda x: mean(x) > 0, "returned bool, wanted floating-point numbers"),
    "a list": (lambda x: [0.5, 0.5], "returned a list, wanted a tensor"),
    "an array": (lambda x: mean(x).numpy(), "returned a ndarray, wanted a tensor"),
    "a difference from the batch": (
        lambda x: mean(x) - mean(x).mean(),
        "must be the same whatever else is in the batch",
    ),
    "a rank in the batch": (lambda x: mean(x).argsort().float(), "must be the same whatever else is in the batch"),
    "dropout": (Dropout(), "and at every call"),
    "a fault": (lambda x: x.view(5), "failed on (2, 3, 16, 16): RuntimeError: shape '[5]' is invalid"),
}


@pytest.mark.parametrize("kind", ASSESSORS)
def test_an_assessor_that_is_none_is_refused(kind):
    assessor, words = ASSESSORS[kind]
    with pytest.raises(GanalyzeError, match=re.escape(words)) as refused:
        check_assessor(assessor, "assessor own:CARD", IMAGES, CPU)
    assert str(refused.value).startswith("assessor own:CARD ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("score", [mean, lambda x: mean(x).double(), lambda x: 1e-6 * mean(x), lambda x: 1e6 * mean(x)])
def test_an_assessor_may_score_on_any_scale(score):
    check_assessor(score, "assessor own:CARD", IMAGES, CPU)


GENERATORS = {
    "0 to 255": ({"images": lambda x: (x.tanh() + 1) * 127.5}, "wanted -1 to 1"),
    "0 to 1": ({"images": lambda x: x.sigmoid()}, "if its images are from 0 to 1, return 2 * images - 1"),
    "one channel": ({"images": lambda x: x[:, :1].tanh()}, "returned (2, 1, 4, 4), wanted (2, 3, 4, 4)"),
    "an alpha channel": ({"images": lambda x: x[:, [0, 1, 2, 0]].tanh()}, "returned (2, 4, 4, 4), wanted (2, 3, 4, 4)"),
    "channels last": ({"images": lambda x: x.tanh().permute(0, 2, 3, 1)}, "returned (2, 4, 4, 3), wanted (2, 3, 4, 4)"),
    "another size than it says": ({"image_size": 8}, "returned (2, 3, 4, 4), wanted (2, 3, 8, 8)"),
    "bytes": ({"images": lambda x: (127 * x.tanh()).to(torch.int8)}, "returned int8, wanted floating-point numbers"),
    "nothing of z": ({"images": lambda x: (0 * x) - 0.5}, "returned the same image for two z"),
    "NaN": ({"images": lambda x: x / 0 * 0}, "returned nan, wanted finite numbers"),
    "batch statistics": (
        {"images": lambda x: (x - x.mean(0)).tanh() - 0.1 * (len(x) == 1)},
        "must be the same whatever else is in the batch",
    ),
    "names for fewer classes": ({"class_names": ("a",)}, "has 1 class_names for num_classes 2"),
    "a part outside z": ({"z_parts": {"fine": slice(48, 80)}}, "its part fine is z[48:80] of 64 values"),
}


@pytest.mark.parametrize("kind", GENERATORS)
def test_a_generator_that_is_none_is_refused(kind):
    given, words = GENERATORS[kind]
    with pytest.raises(GanalyzeError, match=re.escape(words)) as refused:
        check_generator(tiny_generator(**given), "generator own:CARD", CPU)
    assert str(refused.value).startswith("generator own:CARD")


@pytest.mark.parametrize("attribute", ["z_dim", "num_classes", "class_names", "image_size"])
def test_a_generator_that_lacks_a_fact_is_refused(attribute):
    generator = SimpleNamespace(z_dim=64, num_classes=1, class_names=("a",), image_size=4)
    delattr(generator, attribute)
    with pytest.raises(GanalyzeError, match=f"lacks the attribute {attribute}"):
        check_generator(generator, "generator own:CARD", CPU)


@pytest.mark.parametrize(
    ("segmenter", "words"),
    [
        (lambda x: x[:, :1], "returned (2, 1, 16, 16), wanted (2, 16, 16)"),
        (lambda x: x.sum(1) * 10, "wanted probabilities, 0 to 1"),
        (lambda x: x.mean(1) > 0, "returned bool, wanted floating-point numbers"),
        (lambda x: x.mean(1)[:, ::2, ::2].sigmoid(), "returned (2, 8, 8), wanted (2, 16, 16)"),
    ],
)
def test_a_segmenter_that_is_none_is_refused(segmenter, words):
    with pytest.raises(GanalyzeError, match=re.escape(words)):
        check_segmenter(segmenter, "segmenter own:CARD", IMAGES, CPU)


@pytest.mark.parametrize(
    ("generator", "assessor", "words"),
    [
        (
            {"images": lambda x: x.tanh().detach()},
            mean,
            "generator own:G cannot be trained with: what it returns has no",
        ),
        ({}, lambda x: mean(x.detach()), "assessor own:A cannot be trained with: what it returns has no gradient"),
        ({}, lambda x: torch.full((len(x),), 0.5), "assessor own:A cannot be trained with"),
        ({}, lambda x: (mean(x) - mean(x).detach()).abs().sqrt(), "the gradient of assessor own:A .* is not finite"),
        ({"images": lambda x: x.sub_(1)}, mean, "in-place|no direction"),
    ],
)
def test_what_no_direction_can_be_trained_with_is_refused(generator, assessor, words):
    with pytest.raises(GanalyzeError, match=words) as refused:
        check_gradient(tiny_generator(**generator), assessor, ("generator own:G", "assessor own:A"), CPU)
    assert "\n" not in str(refused.value)


def test_images_without_a_subject_are_not_counted_and_need_no_gradient():
    class NothingFound:
        without_subject = 3

        def __call__(self, images):
            self.without_subject += len(images)
            return torch.zeros(len(images))

    assessor = NothingFound()
    check_assessor(assessor, "assessor own:CARD", IMAGES, CPU)
    check_gradient(tiny_generator(), assessor, ("generator own:G", "assessor own:A"), CPU)
    assert assessor.without_subject == 3


COLUMN = """
import torch
from torch import nn

from ganalyze.models.registry import Card


class Column(nn.Module):
    def forward(self, x):
        return x.mean(dim=(2, 3))[:, :1]


def load(weights):
    return Column()


CARD = Card(build="own:load", files=(), title="a column", origin="this test", licence="MIT", reference="none")
"""


@pytest.mark.parametrize(
    "command",
    [
        "train_direction.py --study s --seed 0 --output t.safetensors --loss l.csv --checkpoint c.pt"
        " --generator dcgan-digiface --alpha-max 0.5 --samples 8 --batch-size 4 --learning-rate 0.1",
        "score_images.py --manifest images.csv --output scored.csv",
    ],
)
def test_the_commands_refuse_it_before_any_work(tmp_path, weights_dir, command):
    (tmp_path / "own.py").write_text(COLUMN)
    for i in (0, 1):
        Image.new("RGB", (8, 8), (40 * i, 9, 9)).save(tmp_path / f"{i}.png")
    (tmp_path / "images.csv").write_text("image_id,file\na,0.png\nb,1.png\n")
    script, *words = command.split()
    known = ["--catalogue", REPOSITORY / "config/weights.yaml", "--weights-dir", weights_dir]
    done = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / script, *words, "--assessor", "own:CARD", *known],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: assessor own:CARD returned (2, 1), wanted (2,)"
    assert not {"t.safetensors", "l.csv", "c.pt", "scored.csv"} & {path.name for path in tmp_path.iterdir()}
