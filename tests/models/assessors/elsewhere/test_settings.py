"""What a configuration may say of an assessor from elsewhere, and what is refused before anything runs."""

import pytest
import yaml

from ganalyze.models.assessors import ASSESSORS
from ganalyze.run import load_run
from ganalyze.support.errors import GanalyzeError
from tests.workflow.conftest import run_of, study


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """The current folder, with files of which nothing but the name is looked at."""
    monkeypatch.chdir(tmp_path)
    for name in ("net.onnx", "net.pt2", "mine.safetensors", "head.safetensors"):
        (tmp_path / name).touch()


def configured(assessor, options, key=None):
    """A run with the assessor, raised, or as `key` has it."""
    choice = {"assessor": assessor, "assessor_options": options}
    one = study("one", "brightness", 8, 4, 2)
    match key:
        case "hold":
            one |= {"hold": [choice | {"weight": 1}]}
        case "judges":
            one |= {"judges": [choice]}
        case _:
            one |= choice
    return load_run(yaml.safe_load(yaml.safe_dump(run_of(one))))


TIMM = {"checkpoint": "mine.safetensors", "head": "./head.safetensors", "range": [0, 1], "activation": "gelu"}


@pytest.mark.parametrize(
    ("assessor", "options", "own_files"),
    [
        ("onnx:net.onnx", {"range": [0, 255], "size": 8, "crop": 4, "output": 1}, ("net.onnx",)),
        ("export:./net.pt2", {"range": [-1, 1], "values": [1, 2.5], "softmax": True}, ("net.pt2",)),
        ("timm:resnet18", TIMM, ("mine.safetensors", "head.safetensors")),
    ],
)
def test_its_files_are_known_wherever_it_is_named(assessor, options, own_files):
    assert configured(assessor, options).studies[0].card.own_files == own_files
    assert configured(assessor, options, "hold").studies[0].held[0].card.own_files == own_files
    assert configured(assessor, options, "judges").studies[0].judges[0].card.own_files == own_files


def test_the_card_names_the_file_and_does_not_vouch_for_it():
    card = ASSESSORS["onnx:net.onnx"]
    assert (card.title, card.origin, card.files) == ("net.onnx (its own scale)", "the run's own: net.onnx", ())
    assert ASSESSORS["timm:resnet18"].title == "timm's resnet18 (its own scale)"


ONNX = "onnx:net.onnx"


@pytest.mark.parametrize(
    ("assessor", "options", "words"),
    [
        (ONNX, {}, "range: missing, say what black and white are to the network, e.g. range"),
        (ONNX, {"range": [1, 0]}, r"range: got \[1.0, 0.0\], black must be below white"),
        (ONNX, {"range": [0, 1], "std": [1, 0, 1]}, r"std: got \[1.0, 0.0, 1.0\], must be above 0"),
        (ONNX, {"range": [0, 1], "mean": [0.5]}, "mean: got .*3 items"),
        (ONNX, {"range": [0, 1], "size": 8, "crop": 9}, "crop: got 9, of images that size makes 8 pixels"),
        (ONNX, {"range": [0, 1], "softmax": True}, "values: missing, one a class"),
        (ONNX, {"range": [0, 1], "maen": [0, 0, 0]}, "maen: unknown key, did you mean mean"),
        (ONNX, {"range": [0, 1], "size": "large"}, "size: got 'large', input should be a valid integer"),
        (ONNX, {"range": [0, 1], "head": "head.safetensors"}, "head: unknown key, allowed are size"),
        ("onnx:none.onnx", {"range": [0, 1]}, r"'onnx:none.onnx': none.onnx not found, seen from /"),
        ("export:models/{net}.pt2", {"range": [0, 1]}, r"a path may not hold \{ or \}"),
        ("timm:resnet18", {"range": [0, 1]}, "checkpoint: missing"),
        ("timm:resnet18", TIMM | {"head": "none.safetensors"}, "none.safetensors not found, seen from"),
        (
            "timm:resnet18",
            TIMM | {"activation": "tanh"},
            "activation: got 'tanh', input should be 'relu', 'gelu' or 'none'",
        ),
        ("timm:resnet18", TIMM | {"output": 1}, "output: unknown key"),
    ],
)
@pytest.mark.parametrize("key", [None, "hold", "judges"])
def test_what_cannot_be_is_refused_in_one_line_with_its_place(assessor, options, words, key):
    place = {None: r"studies\[0\]", "hold": r"studies\[0\].hold\[0\]", "judges": r"studies\[0\].judges\[0\]"}[key]
    with pytest.raises(GanalyzeError, match=f"^configuration: {place}.assessor: .*{words}") as refused:
        configured(assessor, options, key)
    assert "\n" not in str(refused.value)
