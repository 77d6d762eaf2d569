"""What `import ganalyze` offers, on the small generator of the tests."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

import ganalyze
from ganalyze.images.image_sets import ImageSet, image_id
from tests import REPOSITORY


class Brightness(nn.Module):
    def forward(self, images):
        return images.float().mean(dim=(1, 2, 3)) / 2


@pytest.fixture(scope="module")
def generator(weights_dir):
    return ganalyze.load_generator("dcgan-digiface", weights_dir=weights_dir)


@pytest.fixture(scope="module")
def direction(generator):
    return ganalyze.train_direction(generator, Brightness(), samples=48, batch_size=16, at_once=16, learning_rate=0.2)


def test_it_imports_no_torch_and_no_pandas():
    code = "import sys, ganalyze; print([name for name in ('torch', 'pandas', 'numpy', 'yaml') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_every_name_that_it_offers_is_there_and_no_other():
    for name in ganalyze.__all__:
        assert getattr(ganalyze, name).__name__ == name
        assert name in dir(ganalyze)
    with pytest.raises(AttributeError, match="no attribute 'train'"):
        _ = ganalyze.train


def test_scores_rise_along_a_direction_that_is_learnt_without_a_checkpoint(generator, direction, tmp_path, monkeypatch):
    images = ganalyze.images_along(generator, direction, (-0.3, 0, 0.3), seeds=4)
    assert images.shape == (4, 3, 64, 64, 3)
    assert images.dtype == np.uint8
    scores = ganalyze.score(Brightness(), images, batch_size=5)
    assert scores.shape == (4, 3)
    assert (np.diff(scores, axis=1) > 0).all()
    picture = ganalyze.show(images, scores, (-0.3, 0, 0.3))
    assert picture.size[0] > picture.size[1] * 0.6
    assert np.asarray(picture).std() > 10


def test_a_direction_is_kept_and_comes_back(generator, direction, tmp_path):
    direction.save(tmp_path / "theta.safetensors")
    back = ganalyze.Transformer.load(tmp_path / "theta.safetensors", generator.z_dim)
    assert torch.equal(back.theta, direction.theta.cpu())
    assert back.about["samples"] == 48


def test_a_training_goes_on_from_its_checkpoint(generator, tmp_path, caplog):
    caplog.set_level("INFO")
    settings = {"samples": 16, "batch_size": 4, "at_once": 4, "checkpoint_every": 2, "checkpoint": tmp_path / "last.pt"}
    first = ganalyze.train_direction(generator, Brightness(), **settings)
    again = ganalyze.train_direction(generator, Brightness(), **settings)
    assert "going on from step 4 of 4" in caplog.text
    assert torch.equal(first.theta, again.theta)


def test_an_image_set_is_scored_in_its_order(generator, direction, tmp_path):
    from PIL import Image

    images = ganalyze.images_along(generator, direction, (0,), seeds=3)[:, 0]
    names = [f"{image_id('test', i, 0)}.png" for i in range(3)]
    for name, pixels in zip(names, images, strict=True):
        Image.fromarray(pixels).save(tmp_path / name)
    (tmp_path / "test.csv").write_text("image_id,file\n" + "".join(f"{name[:-4]},{name}\n" for name in names))
    scores = ganalyze.score(Brightness(), ImageSet.open(tmp_path / "test.csv"))
    assert scores == pytest.approx(ganalyze.score(Brightness(), images))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda g, d: ganalyze.load_generator("stylegan"), "unknown generator 'stylegan'"),
        (lambda g, d: ganalyze.load_assessor("nima-aesthetic", gain=2), "no option 'gain'"),
        (lambda g, d: ganalyze.train_direction(g, Brightness(), sample=3), "settings: sample: unknown key, did you"),
        (lambda g, d: ganalyze.train_direction(g, Brightness(), samples=-3), "settings: samples: got -3"),
        (lambda g, d: ganalyze.train_direction(g, Brightness(), moves=["fine"]), "no part 'fine'"),
        (lambda g, d: ganalyze.images_along(g, ganalyze.Transformer.identity(7)), "for a z of 7 values"),
        (lambda g, d: ganalyze.images_along(g, d, seeds=0), "classes: got 0"),
        (
            lambda g, d: ganalyze.score(Brightness(), np.zeros((2, 64, 64, 3))),
            "these are (2, 64, 64, 3) float64",
        ),
    ],
)
def test_what_cannot_be_used_is_named(generator, direction, call, words):
    with pytest.raises(ganalyze.GanalyzeError) as error:
        call(generator, direction)
    assert words in str(error.value)


def test_weights_that_are_missing_are_fetched_which_is_logged_in_one_line(weights_dir, tmp_path, monkeypatch, caplog):
    def fetch(name, catalogue, folder):
        folder.mkdir()
        (folder / name).write_bytes((weights_dir / name).read_bytes())

    monkeypatch.setattr("ganalyze.library.fetch", fetch)
    for _ in range(2):
        ganalyze.load_generator("dcgan-digiface", weights_dir=tmp_path / "w")
    assert [line.getMessage() for line in caplog.records] == [
        f"weights.tar is fetched into {tmp_path / 'w'} (licence: MIT)"
    ]


@pytest.mark.slow
def test_the_notebook_trains_a_direction_and_shows_faces(weights_dir, tmp_path):
    code = "import runpy; r = runpy.run_path('docs/notebook.py'); print((r['scores'][:, -1] > r['scores'][:, 0]).sum())"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.stdout == "4\n", done.stderr
