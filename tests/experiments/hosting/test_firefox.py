"""A whole series of each experiment in Firefox: what is stored is what was pressed, and times are kept."""

import json
import shutil
import subprocess

import pandas as pd
import pytest

from ganalyze.experiments.hosting.rehearsal import WATCH, Person
from ganalyze.images.image_sets import read_manifest
from tests import REPOSITORY
from tests.experiments.designs import MemoryGame, TwoAfc

from .test_page import host_file, memory_game, stored_as_pressed, told, two_afc, within_a_frame

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


class AtFirefox(Person):
    """A person at Firefox, which Playwright cannot drive as Debian has it (page/test/firefox.mjs does)."""

    def __init__(self, firefox, url):
        self.pictures, self.done = None, lambda: None
        self.process = subprocess.Popen(
            ["node", "test/firefox.mjs", firefox, url, WATCH],
            cwd=REPOSITORY / "page",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _does(self, action, argument=None):
        self.process.stdin.write(json.dumps([action, argument]) + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "done\n":
            pytest.fail(f"{action} {argument}: {self.process.communicate()[1]}")

    def sees(self, text, timeout=30):
        self._does("sees", text)

    def on_trial(self, index):
        self._does("onTrial", index)

    def press(self, key):
        self._does("press", key)

    def reloads(self):
        self._does("reload")

    def leaves(self):
        _, complaints = self.process.communicate()
        assert complaints == ""


@pytest.fixture
def visit():
    """Opens Firefox at an address, for one person; fails on errors."""
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    if not firefox:
        pytest.skip("Firefox is not installed (apt-get install firefox-esr)")
    people = []

    def open_window(host, query):
        people.append(AtFirefox(firefox, f"{host.url}/{query}"))
        return people[-1]

    yield open_window
    for person in people:
        person.leaves()


@pytest.fixture
def sets(generated):
    return {name: read_manifest(path) for name, path in generated.items()}


def test_a_whole_memory_game_in_firefox(tmp_path, page, generated, sets, visit):
    with memory_game(tmp_path, page, generated, sets, MemoryGame(), series=1) as host:
        host.start()
        person = visit(host, "?participant=7")
        person.agrees()
        person.tries_out_the_memory_game()
        person.reads_on("Ready?")
        responses = host.trials_of(0, 1).is_repeat.to_dict()
        person.plays_the_memory_game(responses)
        person.sees("This series is complete")
        person.reloads()
        person.sees("Your last series is complete")
        assert stored_as_pressed(host.trials(), responses)
        timing = pd.read_csv(host_file(host, "timing.csv"))
        print(told(timing, image_ms=600, blank_ms=800))
        assert within_a_frame(timing, "image_ms", 600) >= 0.95


def test_a_whole_2afc_task_in_firefox(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets, TwoAfc(), series=1) as host:
        host.start()
        person = visit(host, "?participant=7")
        sides = host.trials_of(0, 1).fake_side.to_dict()
        person.agrees()
        person.reads_on("What you will do")
        person.reads_on("First 20 pairs")
        person.answers_pairs({i: sides[i] for i in range(20)})
        person.reads_on("From now on you are not told")
        person.answers_pairs({i: sides[i] for i in range(20, 70)})
        person.reads_on("50 of 100 pairs")
        person.answers_pairs({i: sides[i] for i in range(70, 120)})
        person.sees("This series is complete")
        assert stored_as_pressed(host.trials(), sides)
        timing = pd.read_csv(host_file(host, "timing.csv"))
        print(told(timing, image_ms=1600))
        assert within_a_frame(timing, "image_ms", 1600) >= 0.95
