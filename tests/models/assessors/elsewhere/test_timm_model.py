"""Assessors from timm with a head of one's own, against timm's own run of the same network."""

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from ganalyze.models.imagenet import MEAN, STD
from ganalyze.support.errors import GanalyzeError
from tests.networks import load_assessor

NAME = "mobilenetv3_small_050"
SEEN = {"size": 64, "crop": 48, "range": [0, 1], "mean": [*MEAN], "std": [*STD]}


def model(classes, seed=0):
    """timm's network with weights that a seed tells, and statistics as of a trained one."""
    torch.manual_seed(seed)
    made = timm.create_model(NAME, num_classes=classes).eval()
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    return made


def images():
    """Of 64 pixels, so that size changes nothing."""
    return torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(3)) * 2 - 1


def seen():
    """The same as timm's network is to see them: the middle 48 pixels, by hand."""
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return ((images()[..., 8:56, 8:56] + 1) / 2 - mean) / std


def assessor(**options):
    return load_assessor(f"timm:{NAME}", "weights", SEEN | {key: str(value) for key, value in options.items()})


def test_a_fine_tuned_model_scores_as_in_timm(tmp_path):
    tuned = model(1)
    save_file(tuned.state_dict(), tmp_path / "tuned.safetensors")
    with torch.no_grad():
        expected = tuned(seen())[:, 0]
        scores = assessor(checkpoint=tmp_path / "tuned.safetensors")(images())
    assert expected.std() > 1e-4
    torch.testing.assert_close(scores, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("activation", "function"), [("relu", nn.ReLU()), ("gelu", nn.GELU()), ("none", nn.Identity())]
)
def test_a_head_takes_the_place_of_the_checkpoints_classifier(tmp_path, activation, function):
    backbone = model(1000)
    head = nn.Sequential(nn.Linear(1024, 16), function, nn.Dropout(), nn.Linear(16, 1, bias=False)).eval()
    save_file(backbone.state_dict(), tmp_path / "backbone.safetensors")
    save_file(head.state_dict(), tmp_path / "head.safetensors")
    files = {"checkpoint": tmp_path / "backbone.safetensors", "head": tmp_path / "head.safetensors"}
    with torch.no_grad():
        features = backbone.forward_head(backbone.forward_features(seen()), pre_logits=True)
        scores = assessor(**files, activation=activation)(images())
        torch.testing.assert_close(scores, head(features)[:, 0], rtol=0, atol=1e-5)


def test_an_mlp_within_the_checkpoint_is_a_head_as_well(tmp_path):
    tuned = model(1)
    tuned.classifier = nn.Sequential(nn.Linear(1024, 8), nn.ReLU(), nn.Linear(8, 1))
    save_file(tuned.state_dict(), tmp_path / "tuned.safetensors")
    with torch.no_grad():
        scores = assessor(checkpoint=tmp_path / "tuned.safetensors", activation="relu")(images())
        torch.testing.assert_close(scores, tuned(seen())[:, 0], rtol=0, atol=1e-5)


def test_logits_of_classes_become_the_expected_value(tmp_path):
    tuned = model(5)
    save_file(tuned.state_dict(), tmp_path / "tuned.safetensors")
    options = SEEN | {"checkpoint": str(tmp_path / "tuned.safetensors"), "softmax": True, "values": [1, 2, 3, 4, 5]}
    with torch.no_grad():
        expected = tuned(seen()).softmax(dim=1) @ torch.arange(1.0, 6.0)
        torch.testing.assert_close(
            load_assessor(f"timm:{NAME}", "weights", options)(images()), expected, rtol=0, atol=1e-5
        )


def test_the_gradient_reaches_the_pixels_within_the_crop(tmp_path):
    save_file(model(1).state_dict(), tmp_path / "tuned.safetensors")
    pixels = images().requires_grad_()
    assessor(checkpoint=tmp_path / "tuned.safetensors").train()(pixels).sum().backward()
    assert (pixels.grad[..., 8:56, 8:56] != 0).float().mean() > 0.9
    assert not pixels.grad[..., :8, :].any()


# --- refused -----------------------------------------------------------------------------------------------


def linear(features=1024, classes=1):
    return nn.Linear(features, classes).state_dict()


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (linear(512), "holds a head of 512 features, timm's mobilenetv3_small_050 makes 1024"),
        ({"0.weight": torch.ones(4, 1024), "2.weight": torch.ones(1, 4)}, "holds 2 layers: .*e.g. activation: relu"),
        ({"norm.weight": torch.ones(1024)}, "a head is linear layers, .* this one holds norm.weight"),
        ({"0.bias": torch.ones(4)}, r"this one has no 0\.weight of shape \(out, in\)"),
        ({"weight": torch.ones(1024)}, r"this one has no weight of shape \(out, in\)"),
    ],
)
def test_a_head_that_does_not_fit_is_refused_in_one_line(tmp_path, head, words):
    save_file(model(1).state_dict(), tmp_path / "backbone.safetensors")
    save_file(head, tmp_path / "head.safetensors")
    with pytest.raises(GanalyzeError, match=words) as refused:
        assessor(checkpoint=tmp_path / "backbone.safetensors", head=tmp_path / "head.safetensors")
    assert "\n" not in str(refused.value)


def test_a_checkpoint_of_another_model_or_without_a_head_is_refused(tmp_path):
    save_file(linear(), tmp_path / "head.safetensors")
    with pytest.raises(
        GanalyzeError, match=r"holds no head: wanted classifier\.weight, or name a file of one with head"
    ):
        assessor(checkpoint=tmp_path / "head.safetensors")
    with pytest.raises(
        GanalyzeError, match=r"head\.safetensors does not fit the network: .*missing: conv_stem\.weight"
    ):
        assessor(checkpoint=tmp_path / "head.safetensors", head=tmp_path / "head.safetensors")
    (tmp_path / "pickled.safetensors").write_bytes(b"\x80\x04}\x94.")
    with pytest.raises(GanalyzeError, match=r"pickled\.safetensors is not a readable safetensors file"):
        assessor(checkpoint=tmp_path / "pickled.safetensors")


@pytest.mark.parametrize("name", ["resnte50", "hf-hub:someone/something"])
def test_timm_is_asked_for_its_own_models_alone(tmp_path, name):
    save_file(linear(), tmp_path / "head.safetensors")
    with pytest.raises(GanalyzeError, match=f"has no model '{name}': timm.list_models"):
        load_assessor(f"timm:{name}", "weights", SEEN | {"checkpoint": str(tmp_path / "head.safetensors")})
