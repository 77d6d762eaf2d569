"""Registries of models: what a name stands for, what its card says, and how the model is loaded."""

import subprocess
import sys

import pytest
import torch
import yaml
from pydantic import ValidationError
from torch import nn

from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.compute import Compute
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.registry import UNET_FILE, Card, Registry
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.models.weights.catalogue import load_catalogue
from ganalyze.models.weights.files import Weights
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY

REGISTRIES = (GENERATORS, ASSESSORS, SEGMENTERS, DETECTORS, EXTRACTORS)
FACTS = {"origin": "here", "licence": "MIT", "reference": "none"}


def build(weights, gain=1.0, head=""):
    """A network of one weight that remembers how it was loaded."""
    network = nn.Sequential(nn.Linear(1, 1), nn.Dropout())
    network.loaded = {"weights": weights, "gain": gain, "head": head}
    return network


def card(**changes):
    return Card(**{"build": f"{__name__}:build", "files": (), "title": "One weight"} | FACTS | changes)


@pytest.fixture
def registry():
    return Registry("network", {"one": card(options={"gain": float}, heads=("left",))})


# --- names -------------------------------------------------------------------------------------------------


def test_a_name_is_registered_once(registry):
    registry.register("two", card(title="Two"))
    assert list(registry) == ["one", "two"]
    with pytest.raises(GanalyzeError, match="network 'two' is known already"):
        registry.register("two", card())
    assert registry["two"].title == "Two"


@pytest.mark.parametrize("name", ["", "module:object"])
def test_what_can_be_no_name_is_refused(registry, name):
    with pytest.raises(GanalyzeError, match="may not be empty or hold a colon"):
        registry.register(name, card())


def test_knowing_the_models_needs_no_torch():
    rooms = ", ".join(f"ganalyze.models.{room}" for room in ("generators", "assessors", "segmenters", "extractors"))
    code = f"import sys, {rooms}, ganalyze.models.choices; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- cards -------------------------------------------------------------------------------------------------


@pytest.fixture
def catalogued(tmp_path, monkeypatch):
    """A catalogue that lists net.bin, as the project's."""
    entry = {"origin": "a maker", "licence": "CC0", "reference": "a paper", "sources": [{"url": "http://x/net.bin"}]}
    (tmp_path / "config").mkdir()
    (tmp_path / "config/weights.yaml").write_text(yaml.safe_dump({"net.bin": entry}))
    monkeypatch.setattr("ganalyze.models.weights.catalogue.CATALOGUE", tmp_path / "config/weights.yaml")


def test_a_card_takes_from_the_catalogue_what_it_does_not_state(catalogued):
    unsaid = Card(build="a:b", files=("net.bin", "mean.bin"), title="Net")
    assert (unsaid.origin, unsaid.licence, unsaid.reference) == ("a maker", "CC0", "a paper")
    stated = Card(build="a:b", files=("net.bin",), title="Net", licence="MIT")
    assert (stated.origin, stated.licence, stated.reference) == ("a maker", "MIT", "a paper")


def test_a_file_that_the_catalogue_does_not_list_is_named(catalogued):
    with pytest.raises(GanalyzeError, match=r"config/weights\.yaml does not list the weight file nett\.bin"):
        _ = Card(build="a:b", files=("nett.bin",), title="Net").origin


@pytest.mark.parametrize("files", [(), (UNET_FILE,)])
def test_a_card_without_a_published_file_must_state_everything(files):
    with pytest.raises(ValidationError, match="origin, licence and reference must be stated"):
        Card(build="a:b", files=files, title="Net", origin="here", licence="MIT")


@pytest.mark.parametrize("build", ["", "module", "module:", ":load", "a module:load"])
def test_a_card_must_say_where_its_code_is(build):
    with pytest.raises(ValidationError, match="build"):
        card(build=build)


def test_every_file_of_the_built_in_cards_is_in_the_catalogue():
    catalogue = load_catalogue(REPOSITORY / "config/weights.yaml")
    files = {file for registry in REGISTRIES for card in registry.values() for file in card.files}
    assert files - {UNET_FILE} <= set(catalogue)
    assert set(catalogue) <= files  # and nothing is listed that no card needs


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.kind)
def test_every_built_in_card_has_an_origin_a_licence_and_a_reference(registry, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    for card in registry.values():
        assert all([card.title, card.origin, card.licence, card.reference])
        assert card.files or card.stated_origin


# --- loading -----------------------------------------------------------------------------------------------


def test_a_model_is_loaded_ready_to_run_with_its_weights_and_options(registry):
    weights = Weights()
    network = registry.load("one", weights, Compute(), {"gain": 2.0})
    assert network.loaded == {"weights": weights, "gain": 2.0, "head": ""}
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_a_models_arguments_and_head_reach_its_callable(registry):
    assert registry.load("one:left", Weights(), Compute()).loaded["head"] == "left"
    registry.register("strong", card(arguments={"gain": 8.0}))
    assert registry.load("strong", Weights(), Compute()).loaded["gain"] == 8.0


def convolution(weights):
    return nn.Conv2d(2, 3, 3)


def test_a_model_comes_as_the_settings_of_the_machine_say():
    registry = Registry("network", {"convolution": card(build=f"{__name__}:convolution")})
    network = registry.load("convolution", Weights(), Compute(memory_format="channels_last"))
    assert network.weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("none", {}, "unknown network 'none': known are one"),
        ("one", {"gian": 1.0}, "has no option 'gian': its options are gain"),
        ("one", {"gain": "high"}, "option gain of network 'one': got 'high'"),
        ("one", {"head": "left"}, "has no option 'head'"),
        ("one:right", {}, "has no head 'right': its heads are left"),
    ],
)
def test_what_cannot_be_loaded_is_refused_in_one_line(registry, name, options, words):
    with pytest.raises(GanalyzeError, match=words) as refused:
        registry.load(name, Weights(), Compute(), options)
    assert "\n" not in str(refused.value)
