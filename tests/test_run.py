"""A configuration is right, or refused with the key's path, what was given and what is allowed."""

import copy
import math

import pytest

from ganalyze.run import load_run
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import read_yaml
from tests import REPOSITORY

EVERYTHING = read_yaml(REPOSITORY / "tests/fixtures/run.yaml")


def changed(path: str, value) -> dict:
    """A run with everything, and the value at `path` ("studies.0.alphas") replaced or added; ... removes it."""
    values = copy.deepcopy(EVERYTHING)
    *parents, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place = values
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return values


def test_the_demo_is_valid_and_keeps_its_numbers():
    run = load_run(read_yaml(REPOSITORY / "config/demo.yaml"))
    assert run.run == "demo"
    assert {study.name for study in run.studies} >= {"memorability", "valence"}
    assert run.study("memorability").training.samples == 144
    assert run.study("memorability_fine").transformer.moves == ("middle", "fine")


def test_whole_numbers_are_numbers_in_an_alpha_grid():
    assert load_run(changed("studies.0.alphas", [-1, 0, 1])).studies[0].alphas == (-1.0, 0.0, 1.0)


BAD = [
    ("sed", 3, ["sed", "did you mean seed"]),
    ("colour", "red", ["colour: unknown key", "allowed are ", "run, seed"]),
    ("studies.0.asessor", "resmem", ["studies[0].asessor", "did you mean assessor"]),
    ("studies.1.training.sample", 3, ["studies[1].training.sample", "did you mean samples"]),
    (
        "studies.0.transformer",
        {"moves": ["middle"]},
        ["studies[0].transformer.moves: got 'middle'", "dcgan-digiface's z has none"],
    ),
    ("studies.0.transformer", {"moves": []}, ["studies[0].transformer.moves"]),
    ("studies.0.image_sets.tests", {}, ["studies[0].image_sets.tests", "did you mean test"]),
    ("studies.0.image_sets.test.seeds", 3, ["studies[0].image_sets.test.seeds: unknown key"]),
    ("studies.0.experiments.memory_game.targetz", 3, ["studies[0].experiments.memory_game.targetz", "mean targets"]),
    ("studies.0.experiments.memory_game.participants", 0, ["studies[0].experiments.memory_game.participants: got 0"]),
    ("studies.0.experiments.memory_game.target_lags", [34], ["studies[0].experiments.memory_game.target_lags"]),
    (
        "studies.0.experiments.memory_game.target_lags",
        [40, 30],
        ["studies[0].experiments.memory_game: ", "target_lags: got 40 to 30"],
    ),
    (
        "studies.0.experiments.memory_game.target_lags",
        [300, 400],
        ["studies[0].experiments.memory_game", "target_lags", "do not fit into 215 trials"],
    ),
    (
        "studies.0.experiments.memory_game.series",
        3,
        ["studies[0].experiments.memory_game.series: got 3", "the test set needs 180 seeds, but it has 120"],
    ),
    (
        "studies.0.experiments.two_afc.series",
        2,
        ["studies[0].experiments.two_afc.series: got 2", "the test set needs 170 seeds, but it has 120"],
    ),
    ("studies.0.experiments.memory_game.vigilance", 0, ["studies[0].experiments.memory_game.vigilance: got 0"]),
    ("studies.0.experiments.stroop", {}, ["studies[0].experiments.stroop: unknown key"]),
    ("studies.0.image_sets.filler", ..., ["studies[0].image_sets.filler: missing, the memory_game needs it"]),
    ("studies.0.image_sets.vigilance", ..., ["studies[0].image_sets.vigilance: missing, the two_afc needs it"]),
    ("run", ..., ["run: missing"]),
    ("studies.0.training", ..., ["studies[0].training: missing"]),
    ("studies.0.training.samples", ..., ["studies[0].training.samples: missing"]),
    ("run", "My Run", ["run", "'My Run'"]),
    ("run", "../up", ["run", "'../up'"]),
    ("seed", -1, ["seed: got -1"]),
    ("seed", "three", ["seed: got 'three'"]),
    ("seed", True, ["seed: got True"]),
    ("seed", 1.5, ["seed: got 1.5"]),
    ("generator", "stylegan", ["generator: got 'stylegan'", "dcgan-digiface"]),
    ("generator", None, ["generator: got None"]),
    ("generator", "nowhere.at.all:CARD", ["generator: generator 'nowhere.at.all:CARD' cannot be imported"]),
    ("generator_options", {"truncation": 0.5}, ["generator: ", "'dcgan-digiface' has no option 'truncation'"]),
    ("studies.0.assessor", "resmem:head", ["studies[0].assessor: ", "has no head 'head'"]),
    ("studies.0.assessor_options", {"clipped": True}, ["studies[0].assessor: ", "no option 'clipped'"]),
    (
        "studies.0.hold",
        [{"assessor": "brightness", "weight": 1}, {"assessor": "brihgtness", "weight": 1}],
        ["studies[0].hold[1].assessor: got 'brihgtness'", "known are resmem, "],
    ),
    (
        "studies.0.hold",
        [{"assessor": "brightness", "weight": 1, "assessor_options": {"gain": 2}}],
        ["studies[0].hold[0].assessor: ", "'brightness' has no option 'gain'"],
    ),
    ("studies.0.hold", [{"assessor": "brightness"}], ["studies[0].hold[0].weight: missing"]),
    ("studies.0.hold", [{"assessor": "brightness", "weight": -1}], ["studies[0].hold[0].weight: got -1"]),
    ("studies.0.hold", [{"assessor": "brightness", "weight": math.nan}], ["studies[0].hold[0].weight"]),
    (
        "studies.0.hold",
        [{"asessor": "brightness", "weight": 1}],
        ["studies[0].hold[0].asessor", "did you mean assessor"],
    ),
    ("studies.0.hold", {"assessor": "brightness", "weight": 1}, ["studies[0].hold: got"]),
    ("studies.0.hold", [{"assessor": "resmem", "weight": 1}], ["studies[0].hold: got", "is the score that is to rise"]),
    ("studies.0.transformer", {"rescaling": "per_image"}, ["studies[0].transformer.rescaling: got 'per_image'"]),
    ("studies.0.transformer", {"rescalling": "none"}, ["studies[0].transformer.rescalling", "did you mean rescaling"]),
    ("studies.0.training.gradients", "kept", ["studies[0].training.gradients: got 'kept'"]),
    ("memory_format", "nhwc", ["memory_format: got 'nhwc'"]),
    ("device", "gpu", ["device: got 'gpu'"]),
    ("precision", "float16", ["precision: got 'float16'", "float32"]),
    ("threads", 0, ["threads: got 0"]),
    ("batch_size", -5, ["batch_size: got -5"]),
    ("weights_dir", "", ["weights_dir: got ''"]),
    ("segmenter", "sam", ["segmenter: got 'sam'", "unet", "mask-rcnn"]),
    ("segmenter", True, ["segmenter: got True"]),
    ("detector", "eyes", ["detector: got 'eyes'", "mtcnn"]),
    ("photographs", "me.jpg", ["photographs: got 'me.jpg'"]),
    ("photographs", ["a/me.jpg", "b/me.png"], ["photographs: two would be called me"]),
    ("studies.0.image_sets.test.photographs", True, ["studies[0].image_sets.test: got", "there are 0 photographs"]),
    ("studies.0.image_sets.filler.photographs", True, ["filler", "test set's seeds alone"]),
    ("distillation", ..., ["distillation: missing", "object-size-unet and unet"]),
    ("distillation.epochs", 0, ["distillation.epochs: got 0"]),
    ("distillation.held_out", 3, ["distillation.held_out: unknown key", "did you mean held_out_samples"]),
    ("realness.extractor", "vgg", ["realness.extractor: got 'vgg'", "inception-v3-compat"]),
    ("realness.reference_samples", ..., ["realness: give reference_samples or reference_folder"]),
    ("realness.reference_folder", "imagenet", ["realness: give reference_samples or reference_folder"]),
    ("studies", [], ["studies: got"]),
    ("studies", "memorability", ["studies: got 'memorability'"]),
    ("studies.0.name", "Memorability!", ["studies[0].name", "'Memorability!'"]),
    ("studies.1.name", "memorability", ["studies", "'memorability'", "twice"]),
    ("studies.0.assessor", "memnett", ["studies[0].assessor: got 'memnett'", "resmem, fer-valence"]),
    ("studies.0.alphas", [-0.2, 0.1, 0.2], ["studies[0].alphas", "contain 0"]),
    ("studies.0.alphas", [0, 0.1, 0.2], ["studies[0].alphas", "below and one above 0"]),
    ("studies.0.alphas", [0.2, 0, -0.2], ["studies[0].alphas", "ascend"]),
    ("studies.0.alphas", [-0.2, 0, 0, 0.2], ["studies[0].alphas", "ascend"]),
    ("studies.0.alphas", [-0.2, 0, "a lot"], ["studies[0].alphas[2]: got 'a lot'"]),
    ("studies.0.alphas", 0.2, ["studies[0].alphas: got 0.2"]),
    ("studies.0.alphas", [-math.inf, 0, 0.2], ["studies[0].alphas"]),
    ("studies.0.alphas", [-0.2, 0, math.nan], ["studies[0].alphas"]),
    ("studies.0.training.samples", -400, ["studies[0].training.samples: got -400", "greater than 0"]),
    ("studies.0.training.samples", "400", ["studies[0].training.samples: got '400'"]),
    ("studies.0.training.batch_size", 0, ["studies[0].training.batch_size: got 0"]),
    ("studies.0.training.learning_rate", 0, ["studies[0].training.learning_rate: got 0"]),
    ("studies.0.training.learning_rate", math.nan, ["studies[0].training.learning_rate"]),
    ("studies.0.training.alpha_max", -0.5, ["studies[0].training.alpha_max: got -0.5"]),
    ("studies.0.training.alpha_max", math.inf, ["studies[0].training.alpha_max"]),
    ("studies.0.training.checkpoint_every", 0, ["studies[0].training.checkpoint_every: got 0"]),
    ("studies.0.image_sets.test.seeds_per_class", 0, ["studies[0].image_sets.test.seeds_per_class: got 0"]),
    ("studies.0.image_sets.filler", {"classes": 1}, ["studies[0].image_sets.filler.seeds_per_class: missing"]),
    (
        "studies.0.image_sets.vigilance",
        {"classes": 1, "seeds_per_class": 40, "chunks": 2},
        ["studies[0].image_sets.vigilance.chunks: got 2, but the set has 1 batch(es)"],
    ),
    ("studies.0.image_sets.test.chunks", 1000, ["studies[0].image_sets.test.chunks: got 1000"]),
]


@pytest.mark.parametrize(("path", "value", "words"), BAD, ids=[f"{path}={value}"[:60] for path, value, _ in BAD])
def test_a_fault_is_named_by_its_path_and_value_in_one_line(path, value, words):
    with pytest.raises(GanalyzeError) as refused:
        load_run(changed(path, value))
    message = str(refused.value)
    assert message.startswith("configuration: ")
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_all_faults_are_told_at_once():
    values = changed("seed", -1) | {"sed": 1}
    with pytest.raises(GanalyzeError, match=r"seed: got -1.*; sed: unknown key"):
        load_run(values)


def test_a_study_that_holds_scores_is_compared_with_the_one_that_differs_in_that_alone():
    values = read_yaml(REPOSITORY / "config/trust.yaml")
    run = load_run(values)
    plain, held = (run.study(name) for name in ("memorability", "memorability_held"))
    assert [one.assessor for one in held.held] == ["brightness", "object-size-u2netp"]
    assert (plain.training, plain.image_sets) == (held.training, held.image_sets)
    assert run.plain(held) == plain
    values["studies"][0]["alphas"] = [-0.4, 0, 0.4]
    assert load_run(values).plain(held) is None


def test_a_unet_that_is_held_is_needed_too():
    values = changed("studies.0.hold", [{"assessor": "object-size-unet", "weight": 1}])
    values["studies"] = values["studies"][:1]
    values |= {"segmenter": "u2netp"}
    assert load_run(values)
    del values["distillation"]
    with pytest.raises(GanalyzeError, match=r"distillation: missing, object-size-unet need"):
        load_run(values)


@pytest.mark.parametrize("name", ["paper", "modern"])
def test_the_large_runs_are_valid_and_of_the_papers_size(name):
    run = load_run(read_yaml(REPOSITORY / f"config/{name}.yaml"))
    for study in run.studies:
        assert study.training.samples == (161_750 if study.name == "object_size" else 400_000)
        assert study.alphas[-1] == (0.8 if study.name == "object_size" else 0.2)
        assert (study.training.batch_size, study.training.learning_rate) == (4, 2e-4)
        test, filler = study.image_sets.test, study.image_sets.filler
        assert test.classes * test.seeds_per_class * len(study.alphas) == 7500
        if filler:
            assert filler.classes * filler.seeds_per_class * len(study.alphas) == 37_500
    assert run.study("memorability").alphas_of("vigilance") == (0.0,)
