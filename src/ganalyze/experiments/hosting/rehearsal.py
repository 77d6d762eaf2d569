"""Rehearsals: an experiment in a real browser, answered by key events, without people.

A rehearsal plays simulated participants (`ganalyze.experiments.observers`) in the page itself, so that everything from
the consent to the export is tried before anyone is paid. The server has to be one that marks its answers as simulated.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from playwright.sync_api import Page

from ganalyze.experiments.registry import EXPERIMENTS

KEYS = {"left": "f", "right": "j"}
# The order of the try-out's patterns (page/src/main.js), as whether they are repeats.
TRY_OUT = [0, 0, 0, 1, 0, 1, 0, 0, 1]
# Notes which trial is on, so that a look once a frame is enough to find it.
WATCH = """new MutationObserver(() => {
  const on = document.querySelector("[data-trial]");
  if (on) window.latest = Number(on.dataset.trial);
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-trial"] });"""


class Person:
    """Someone at a browser: reads what is on the page, and presses keys.

    page: a Playwright page that has not been to the experiment yet. pictures: a folder for pictures of what they see.
    done: called after each trial.
    """

    def __init__(self, page: Page, pictures: Path | None = None, done: Callable[[], object] = lambda: None):
        self.page, self.pictures, self.count, self.done = page, pictures, 0, done
        page.add_init_script(WATCH)

    def sees(self, text: str, timeout: float = 20) -> None:
        """Wait until a text is on the page, at most `timeout` seconds."""
        self.page.get_by_text(text).first.wait_for(timeout=timeout * 1000)

    def look(self, name: str) -> None:
        """Take a picture of the page."""
        if self.pictures:
            self.pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.pictures / f"{self.count:02d}-{name}.png")
            self.count += 1

    def press(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)

    def reads_on(self, text: str, key: str = " ", name: str | None = None) -> None:
        """Wait for a text, take a picture where it has a name, and press a key."""
        self.sees(text)
        if name:
            self.look(name)
        self.press(key)

    def agrees(self) -> None:
        """Give consent, and go to full screen."""
        self.reads_on("agree and take part", "Enter", "consent")
        self.reads_on("The experiment fills your screen", " ", "full-screen")

    def on_trial(self, index: int) -> None:
        """Wait until the trial is on (memory game), or can be answered (2AFC)."""
        self.page.wait_for_function("index => window.latest === index", arg=index, timeout=30_000)

    def tries_out_the_memory_game(self) -> None:
        """Go through the instructions and the try-out."""
        self.reads_on("that is new", " ", "instructions")
        self.reads_on("The frame", " ", "instructions-frame")
        for index, repeat in enumerate(TRY_OUT):
            self.on_trial(index)
            if repeat:
                self.press(" ")
        self.reads_on("Well done", " ", "try-out")

    def plays_the_memory_game(self, responses: dict[int, int], look_at: dict[int, str] | None = None) -> None:
        """Answer trials, by index; look_at: of which a picture is taken, by index."""
        for index, response in responses.items():
            self.on_trial(index)
            if response:
                self.press(" ")
            if look_at and index in look_at:
                self.look(look_at[index])
            self.done()

    def answers_pairs(self, responses: dict[int, str], look_at: dict[int, str] | None = None) -> None:
        """Answer pairs by a side, by index; look_at: of which a picture is taken, by index."""
        for index, side in responses.items():
            self.on_trial(index)
            self.press(KEYS[side])
            if look_at and index in look_at:
                self.look(look_at[index])
            self.done()

    def goes_through(self, trials: pd.DataFrame, experiment: str, break_every: int) -> None:
        """Take part and respond as in `trials`, one participant's rows of a trial table, series by series."""
        self.agrees()
        for number, rows in trials.groupby("series"):
            EXPERIMENTS[experiment].rehearse(self, number, rows, break_every)
            self.sees("This series is complete")
            if number < trials.series.max():
                self.press(" ")
