"""Photographs are inverted one after the other while pictures go on, and the oldest make room."""

import time

import numpy as np
import pytest

from ganalyze.direction.inversion import Inversion, invert
from ganalyze.explore.explorer import State
from ganalyze.explore.photographs import MOST, Photographs
from ganalyze.support.errors import GanalyzeError

from .test_server import photograph


def wait_for(upload, *states):
    until = time.monotonic() + 30
    while upload.state not in states:
        assert time.monotonic() < until, upload.state
        time.sleep(0.01)


def test_pictures_are_made_while_a_photograph_is_inverted(explorer):
    photographs = Photographs(explorer, Inversion(steps=60, z_steps=60, starts=1))
    upload = photographs.uploads[photographs.add(photograph())]
    wait_for(upload, "inverting")
    explorer.image(State(seed=1, alphas={"one": 0.1}))
    assert upload.state == "inverting"
    wait_for(upload, "done")
    assert upload.step == upload.steps == 60


def test_the_oldest_makes_room_and_cannot_be_shown_any_more(explorer, photographs):
    names = [photographs.add(photograph((64 + i, 64))) for i in range(MOST + 1)]
    assert names[0] not in photographs.uploads
    wait_for(photographs.uploads[names[-1]], "done")
    assert names[0] not in explorer.photographs
    with pytest.raises(GanalyzeError, match="choose it again"):
        explorer.image(State(seed=0, photograph=names[0]))
    assert explorer.image(State(seed=0, photograph=names[-1])).shape == (64, 64, 3)


def test_one_that_makes_room_after_its_last_step_is_not_kept(explorer, photographs, monkeypatch):
    stopped = []

    def make_room(*arguments, **named):
        found = invert(*arguments, **named)
        if not stopped:
            stopped.append(next(one for one in photographs.uploads.values() if one.state == "inverting"))
            stopped[0].stop.set()
        return found

    monkeypatch.setattr("ganalyze.explore.photographs.invert", make_room)
    first, second = (photographs.add(photograph()) for _ in range(2))
    wait_for(photographs.uploads[second], "done")
    assert stopped == [photographs.uploads[first]]
    assert first not in explorer.photographs


def test_what_fails_is_said_and_the_next_one_goes_on(explorer, photographs, monkeypatch):
    extractor = explorer.networks.extractor
    monkeypatch.setattr(explorer.networks, "extractor", None)
    failing = photographs.uploads[photographs.add(photograph())]
    wait_for(failing, "refused")
    assert failing.reason == "the inversion failed"
    explorer.networks.extractor = extractor
    wait_for(photographs.uploads[photographs.add(photograph())], "done")


def test_the_same_photograph_gives_the_same_picture(explorer, photographs):
    names = [photographs.add(photograph()) for _ in range(2)]
    for name in names:
        wait_for(photographs.uploads[name], "done")
    one, other = (explorer.image(State(seed=0, photograph=name)) for name in names)
    assert np.array_equal(one, other)
