"""Pictures of states: moves add up, parts stay, and of one window only the newest is made."""

import dataclasses
import threading

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganalyze.direction.inversion import Inversion
from ganalyze.direction.inverted import Inverted
from ganalyze.direction.transformer import Transformer
from ganalyze.explore.explorer import Direction, Dropped, Explorer, State, share_segmenter
from ganalyze.explore.photographs import Photographs
from ganalyze.models.assessors.object_size import ObjectSize
from ganalyze.support.errors import GanalyzeError
from tests import published
from tests.networks import CPU, load_generator

from .test_photographs import wait_for
from .test_server import photograph

ALPHAS = st.floats(-0.4, 0.4)
KEPT = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


@KEPT
@given(st.integers(0, 2**31 - 1), ALPHAS, ALPHAS)
def test_numbers_are_those_of_the_picture_that_comes_with_them(explorer, seed, one, other):
    shown, before = explorer.measure(State(seed=seed, alphas={"one": one, "other": other}))
    for picture in (shown, before):
        assert picture.scores["brightness (0–1)"] == pytest.approx(picture.pixels.mean() / 255, abs=1e-5)
        assert picture.factors["brightness"] == pytest.approx(picture.pixels.mean() / 255, abs=0.1)
    assert np.array_equal(before.pixels, explorer.image(State(seed=seed)))


def test_moves_add_up_in_any_order(explorer):
    z = torch.zeros(1, 100)
    both = z + 0.3 * explorer.directions["one"].transformer.theta - 0.2 * explorer.directions["other"].transformer.theta
    explorer.photographs["p"] = Inverted(z[0])
    explorer.photographs["q"] = Inverted(both[0].detach())
    moved = explorer.image(State(seed=0, photograph="p", alphas={"other": -0.2, "one": 0.3}))
    there = explorer.image(State(seed=0, photograph="q"))
    assert np.abs(moved.astype(int) - there).max() <= 1


def test_parts_that_are_not_to_move_stay(explorer):
    alphas = {"one": 0.4}
    none, before = explorer.image(State(seed=1, alphas=alphas, moves=[])), explorer.image(State(seed=1))
    every = explorer.image(State(seed=1, alphas=alphas, moves=["first", "second"]))
    plain = explorer.image(State(seed=1, alphas=alphas))
    half = explorer.image(State(seed=1, alphas=alphas, moves=["first"]))
    assert np.array_equal(none, before)
    assert np.abs(every.astype(int) - plain).max() <= 1
    assert not np.array_equal(half, plain)
    assert not np.array_equal(half, before)


def test_a_strip_goes_from_the_smallest_alpha_to_the_largest_with_the_others_as_they_are(explorer):
    pictures = explorer.strip(State(seed=2, alphas={"other": 0.1, "one": 0.3}), "one", 5)
    for alpha, pixels in zip((-0.4, -0.2, 0.0, 0.2, 0.4), pictures, strict=True):
        shown = explorer.image(State(seed=2, alphas={"other": 0.1, "one": alpha}))
        assert np.abs(shown.astype(int) - pixels).max() <= 1


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"alphas": {"none": 0.1}}, "no direction 'none'"),
        ({"alphas": {"one": 0.5}}, "from -0.4 to 0.4"),
        ({"alphas": {"one": float("nan")}}, "from -0.4 to 0.4"),
        ({"moves": ["third"]}, "no part 'third'"),
        ({"class_id": 1}, "has 1 classes"),
        ({"photograph": "gone"}, "choose it again"),
    ],
)
def test_what_is_not_there_is_refused(explorer, state, message):
    with pytest.raises(GanalyzeError, match=message):
        explorer.image(State(seed=0, **state))


def test_of_a_window_only_the_newest_request_is_answered(explorer):
    answered, dropped = [], []

    def ask(window, number):
        try:
            explorer.image(State(seed=number), window, number)
            answered.append((window, number))
        except Dropped:
            dropped.append((window, number))

    with explorer.machine:  # as if one were being made
        threads = [threading.Thread(target=ask, args=(window, n)) for n in range(1, 6) for window in "ab"]
        for thread in threads:
            thread.start()
        while any(explorer._newest.get(window) != 5 for window in "ab"):
            pass
    for thread in threads:
        thread.join()
    assert sorted(answered) == [("a", 5), ("b", 5)]
    assert len(dropped) == 8


def test_assessors_that_look_for_the_subject_share_the_segmenter_and_score_as_before(networks):
    images = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    looked = []

    class Looking(torch.nn.Module):
        def forward(self, images):
            looked.append(images)
            return images[:, 0]

    size, plain = ObjectSize(Looking()), ObjectSize(Looking())
    shared = share_segmenter(Looking(), [size, networks.assessors["brightness (0–1)"]])
    assert torch.equal(shared(images), images[:, 0])
    assert torch.equal(size(images), plain(images))
    assert len(looked) == 2  # once by both, once by the other
    assert torch.equal(shared(images + 1), images[:, 0] + 1)


def test_a_generator_with_classes_is_explored_and_its_photographs_are_inverted(tmp_path, networks):
    published.write_biggan(tmp_path, 128, 8)
    biggan = load_generator("biggan-128", tmp_path)
    theta = torch.from_numpy(np.random.default_rng(0).standard_normal((1000, 120)).astype("float32"))
    directions = {"one": Direction(Transformer.along(theta), "brightness (0–1)", -0.4, 0.4)}
    of_biggan = dataclasses.replace(networks, generator=biggan)
    explorer = Explorer(of_biggan, directions, CPU, seed=5)
    moved, unmoved = explorer.measure(State(seed=1, class_id=963, alphas={"one": 0.4}, moves=["4px", "8px"]))
    assert moved.pixels.shape == (128, 128, 3)
    assert not np.array_equal(moved.pixels, unmoved.pixels)
    assert not np.array_equal(unmoved.pixels, explorer.image(State(seed=1, class_id=0)))
    with pytest.raises(GanalyzeError, match="has 1000 classes"):
        explorer.image(State(seed=1, class_id=1000))
    photographs = Photographs(explorer, Inversion(steps=4, z_steps=4, starts=1))
    upload = photographs.uploads[name := photographs.add(photograph((200, 150)))]
    wait_for(upload, "done", "refused")
    assert upload.reason == ""
    assert explorer.image(State(seed=0, photograph=name, alphas={"one": -0.1})).shape == (128, 128, 3)
