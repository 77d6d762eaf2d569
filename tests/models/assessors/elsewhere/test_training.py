"""Assessors from elsewhere in training: each teaches a direction, is held, and is loaded by name in a program."""

import pytest
import torch
from safetensors.torch import save_file

import ganalyze
from ganalyze.direction.settings import Objective, Training, TransformerSettings
from ganalyze.direction.training import describe_models, train_direction
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.conformance import check_gradient
from ganalyze.support.files import hash_of
from tests.models.assessors.elsewhere.networks import export_onnx, export_program
from tests.models.assessors.elsewhere.test_timm_model import NAME, model
from tests.networks import load_assessor, load_generator, weights_in

CPU = Compute(device="cpu", threads=2)
RATING = {"size": 224, "range": [-1, 1], "values": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}
HEAD = {"range": [-1, 1], "checkpoint": "tuned.safetensors"}


@pytest.fixture
def names(weights_dir, tmp_path, monkeypatch):
    """The name and options of one of each kind, in the current folder."""
    monkeypatch.chdir(tmp_path)
    nima = load_assessor("nima-aesthetic", weights_dir)
    export_onnx(nima, tmp_path / "nima.onnx", 224, "distribution")
    export_program(nima, tmp_path / "nima.pt2", 224, "distribution")
    save_file(model(1).state_dict(), tmp_path / "tuned.safetensors")
    return {"nima": ("nima-aesthetic", {})} | {
        "onnx": ("onnx:nima.onnx", RATING),
        "export": ("export:nima.pt2", RATING),
        "timm": (f"timm:{NAME}", HEAD),
    }


def learnt(objective: Objective, weights_dir, compute=CPU):
    """θ after three steps."""
    generator = load_generator("dcgan-digiface", weights_dir)
    images = torch.zeros(2, 3, 64, 64)
    assessor = objective.load_assessor(weights_in(weights_dir), compute, images)
    held = [(one.load_assessor(weights_in(weights_dir), compute, images), one.weight) for one in objective.held]
    check_gradient(generator, assessor, ("the generator", objective.assessor), compute)
    settings = Training(samples=6, batch_size=2, learning_rate=0.05, alpha_max=0.3)
    kind = TransformerSettings()
    transformer, *_ = train_direction(generator, assessor, settings, kind, compute, study="s", seed=1, held=held)
    return transformer.theta.detach()


def objective(choice, *held):
    hold = [{"assessor": name, "assessor_options": options, "weight": 1.0} for name, options in held]
    return Objective.model_validate({"assessor": choice[0], "assessor_options": choice[1], "hold": hold})


def test_each_teaches_a_direction_and_exported_ones_that_of_the_network_they_were_exported_from(names, weights_dir):
    theta = {kind: learnt(objective(choice), weights_dir) for kind, choice in names.items()}
    assert all(one.any() and torch.isfinite(one).all() for one in theta.values())
    for kind in (
        "onnx",
        "export",
    ):  # not to the last digit: Adam's first steps are as long where a gradient is nearly 0
        assert torch.cosine_similarity(theta[kind].flatten(), theta["nima"].flatten(), dim=0) > 0.98
    assert abs(torch.cosine_similarity(theta["timm"].flatten(), theta["nima"].flatten(), dim=0)) < 0.7


def test_what_is_held_may_come_from_elsewhere_too(names, weights_dir):
    plain = learnt(objective(names["timm"]), weights_dir)
    held = learnt(objective(names["timm"], names["onnx"], names["export"]), weights_dir)
    built_in = learnt(objective(names["timm"], names["nima"], names["nima"]), weights_dir)
    assert not torch.allclose(held, plain, atol=1e-3)
    torch.testing.assert_close(held, built_in, rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", ["onnx", "export", "timm"])
def test_in_half_precision_scores_stay_what_they_are(names, kind, weights_dir):
    name, options = names[kind]
    assessor = load_assessor(name, weights_dir, options)
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        exact = assessor(images)
        with Compute(precision="bf16").autocast():
            torch.testing.assert_close(assessor(images), exact, rtol=0.02, atol=0.02)


def test_a_direction_knows_by_which_files_it_was_learnt(names, weights_dir):
    generator = GeneratorChoice(generator="dcgan-digiface")
    described = describe_models(generator, objective(names["timm"], names["onnx"]), weights_in(weights_dir))
    assert described["tuned.safetensors"] == hash_of("tuned.safetensors")
    assert described["nima.onnx"] == hash_of("nima.onnx")


def test_a_program_loads_them_by_name(names, weights_dir):
    name, options = names["onnx"]
    assessor = ganalyze.load_assessor(name, weights_dir=weights_dir, **options)
    pixels = torch.randint(0, 256, (2, 64, 64, 3), generator=torch.Generator().manual_seed(0)).byte().numpy()
    expected = ganalyze.score(ganalyze.load_assessor("nima-aesthetic", weights_dir=weights_dir), pixels)
    assert ganalyze.score(assessor, pixels) == pytest.approx(expected, abs=1e-4)
