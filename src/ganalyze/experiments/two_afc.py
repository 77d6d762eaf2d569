"""The two-alternative forced choice of realness (paper §3.3.2): which of two images of a class is the fake?

A pair is a generated image and a photograph. Vigilance pairs have a fake that is easy to tell. Practice pairs, with
feedback, come before a participant's first series, half of them as easy; they use up seeds like all others.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from ganalyze.experiments.experiment import Experiment, ExperimentSettings, Rules, Series
from ganalyze.experiments.tracks.pools import Photographs, Stock
from ganalyze.experiments.trial import NoValue, OrBlank, Text, Trial
from ganalyze.images.image_sets import read_manifest
from ganalyze.statistics.formulas import trial_formula
from ganalyze.support.settings import Count, FilePath, Positive


class TwoAfcSettings(ExperimentSettings):
    """A series of the 2AFC task; the defaults are the paper's."""

    targets: Positive = Field(default=80, description="pairs with an image of the test set")
    vigilance: Positive = Field(default=20, description="pairs with an easy fake")
    practice: Count = Field(default=20, description="pairs with feedback, before one's first series")
    foils: FilePath | None = Field(
        default=None,
        description="manifest of real images (image_id, class_id, file); without, they are named real_<class>_<0…9>, "
        "to be supplied",
    )

    @property
    def easy_practice(self) -> int:
        """Pairs to practise whose fake is easy to tell."""
        return self.practice // 2

    @property
    def seeds(self) -> dict[str, int]:
        return {
            "test": self.series * self.targets + self.practice - self.easy_practice,
            "vigilance": self.series * self.vigilance + self.easy_practice,
        }


class TwoAfcTrial(Trial):
    """response: the side called fake."""

    is_repeat: Annotated[int, Field(ge=0, le=0)]
    lag: NoValue = None
    response: Annotated[Literal["left", "right"] | None, OrBlank]
    foil_image_id: Text
    fake_side: Literal["left", "right"]


class TwoAfc(Experiment):
    """The 2AFC task."""

    name = "two_afc"
    title = "2AFC task"
    paper_quantity = "2AFC fake detection (correct/incorrect)"
    chance = 0.5
    trial_ms = 2600
    pairs = True
    rules = Rules(max_series=17, max_vigilance_errors=0.35)
    Settings = TwoAfcSettings
    Trial = TwoAfcTrial

    def deal(self, settings: TwoAfcSettings, stock: Stock) -> dict[tuple[int, int], Series]:
        targets, others = stock.pools
        easy, series = settings.easy_practice, settings.series
        targets.check_enough("test set", series, settings.targets, settings.practice - easy)
        others.check_enough("vigilance set", series, settings.vigilance, easy)
        foils = read_manifest(settings.foils) if settings.foils else None
        photographs = Photographs(foils, stock.images.class_id, stock.participants, stock.rng)
        trials = {}
        # Series by series, not slot by slot: what many people do is balanced first.
        for number in range(1, series + 1):
            phases = {"main": (targets.deal(settings.targets), others.deal(settings.vigilance))}
            if number == 1:
                practice = targets.deal(settings.practice - easy, balanced=False), others.deal(easy, balanced=False)
                phases = {"practice": practice, **phases}
            for slot in range(stock.participants):
                rows = {phase: (of_targets[slot], of_others[slot]) for phase, (of_targets, of_others) in phases.items()}
                trials[slot, number] = _pairs(rows, photographs, slot, stock.rng)
        return trials

    def formulas(self, factors: Sequence[str], classes: int) -> list[str]:
        """α alone."""
        return [trial_formula(self.outcome, "alpha", classes)]

    def right_response(self, trials: pd.DataFrame) -> pd.Series:
        return trials.fake_side

    def respond(
        self,
        trials: pd.DataFrame,
        knows: np.ndarray,
        lapsed: np.ndarray,
        chance: np.ndarray,
        toss: np.ndarray,
        false_alarms: float,
    ) -> tuple[Any, np.ndarray, np.ndarray]:
        correct = np.where(lapsed, toss < 0.5, knows)
        other = trials.fake_side.map({"left": "right", "right": "left"})
        return trials.fake_side.where(correct, other), correct, np.ones(len(trials), bool)

    def rehearse(self, person: Any, number: int, trials: pd.DataFrame, break_every: int) -> None:
        practice = int((trials.phase == "practice").sum())
        if number == 1:
            person.reads_on("What you will do")
        if practice:
            person.reads_on("to practise")
        for index, side in trials.set_index("trial_index").response.items():
            if index == practice:
                person.reads_on("From now on you are not told")
            elif break_every and index > practice and (index - practice) % break_every == 0:
                person.reads_on("pairs are done")
            person.answers_pairs({index: side})


def _pairs(
    phases: dict[str, tuple[np.ndarray, np.ndarray]], photographs: Photographs, slot: int, rng: np.random.Generator
) -> Series:
    """The trials of one series of the 2AFC task, from the rows of targets and vigilance images of each phase.

    Within a role the fake is as often on either side.
    """
    parts = []
    for phase, images in phases.items():
        rows, counts = np.concatenate(images), tuple(map(len, images))
        sides = np.concatenate([rng.permutation((np.arange(count) + rng.integers(2)) % 2) for count in counts])
        order = rng.permutation(len(rows))
        parts.append(
            {
                "row": rows[order],
                "phase": np.full(len(rows), phase, object),
                "role": np.repeat(np.array(["target", "vigilance"], object), counts)[order],
                "is_repeat": np.zeros(len(rows), int),
                "lag": np.zeros(len(rows), int),
                "foil_image_id": photographs.take(slot, rows[order]),
                "fake_side": np.array(["left", "right"], object)[sides[order]],
            }
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
