"""The visual memory game (paper §3.4): do people recognise an image that they have seen before?

A series shows images one after the other. Targets come twice, far apart; vigilance images twice, in quick succession;
fillers once. People press a key at every repeat.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from ganalyze.experiments.experiment import Experiment, ExperimentSettings, Rules, Series
from ganalyze.experiments.tracks.pools import Stock
from ganalyze.experiments.trial import Flag, NoValue, Trial
from ganalyze.statistics.formulas import trial_formula
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Count, Positive, Range

_LAYOUTS_TRIED = 200


class MemoryGameSettings(ExperimentSettings):
    """A series of the visual memory game; the defaults make the paper's 215 trials."""

    targets: Positive = Field(default=60, description="images of the test set, each shown twice")
    vigilance: Positive = Field(default=19, description="fillers shown twice, in quick succession")
    fillers: Count = Field(default=57, description="fillers shown once")
    target_lags: Range = Field(default=(34, 139), description="least and most images between target and repeat")
    vigilance_lags: Range = Field(default=(0, 3), description="the same of vigilance images")

    @model_validator(mode="after")
    def _lags_fit(self) -> "MemoryGameSettings":
        for name in ("target_lags", "vigilance_lags"):
            least, most = getattr(self, name)
            if least > most:
                raise ValueError(f"{name}: got {least} to {most}, must be from 0 or more to no less")
            if least > self.trials - 2:
                raise ValueError(
                    f"{name}: at least {least} images between two presentations do not fit into {self.trials} trials"
                )
        return self

    @property
    def trials(self) -> int:
        """In a series."""
        return 2 * (self.targets + self.vigilance) + self.fillers

    @property
    def seeds(self) -> dict[str, int]:
        return {"test": self.series * self.targets, "filler": self.series * (self.vigilance + self.fillers)}


class MemoryGameTrial(Trial):
    """response: 1 for a key press, 0 for none."""

    response: Flag
    foil_image_id: NoValue = None
    fake_side: NoValue = None


def _repeats(table: pd.DataFrame, images: pd.DataFrame) -> Iterator[tuple[int, str]]:
    """A repeat comes after its image, once, and its lag is the number of images in between."""
    shown: dict[tuple, int] = {}
    repeated: set[tuple] = set()
    for trial in table.sort_values(["participant", "series", "trial_index"], kind="stable").itertuples():
        row, image = trial.Index, (trial.participant, trial.series, trial.image_id)
        if not trial.is_repeat:
            if not pd.isna(trial.lag):
                yield row, f"column lag: got {trial.lag}, but this is no repeat"
            if image in shown:
                yield row, f"column is_repeat: got 0, but {trial.image_id} was shown before in this series"
            shown.setdefault(image, trial.trial_index)
            continue
        if trial.role == "filler":
            yield row, "column is_repeat: got 1, but fillers are shown once"
        if image not in shown:
            yield row, f"column is_repeat: got 1, but {trial.image_id} was not shown before in this series"
        elif image in repeated:
            yield row, f"column is_repeat: {trial.image_id} is repeated a second time"
        elif pd.isna(trial.lag):
            yield row, "column lag: got nothing, a repeat has one"
        elif trial.lag != (between := trial.trial_index - shown[image] - 1):
            yield row, f"column lag: got {trial.lag}, but there are {between} images in between"
        repeated.add(image)


class MemoryGame(Experiment):
    """The visual memory game."""

    name = "memory_game"
    title = "memory game"
    paper_quantity = "memory hit"
    outcome = "hit"
    rate_label = "hit rate"
    trial_ms = 1400
    paced = True
    rules = Rules(max_series=25, max_vigilance_errors=0.55, max_false_alarms=0.30)
    Settings = MemoryGameSettings
    Trial = MemoryGameTrial
    checks = (_repeats,)

    def deal(self, settings: MemoryGameSettings, stock: Stock) -> dict[tuple[int, int], Series]:
        targets, others = stock.pools
        targets.check_enough("test set", settings.series, settings.targets)
        others.check_enough("filler set", settings.series, settings.vigilance + settings.fillers)
        trials = {}
        # Series by series, not slot by slot: what many people do is balanced first.
        for number in range(1, settings.series + 1):
            rows = zip(targets.deal(settings.targets), others.deal(settings.vigilance + settings.fillers), strict=True)
            for slot, images in enumerate(rows):
                trials[slot, number] = _sequence(settings, np.concatenate(images), stock.rng)
        return trials

    def formulas(self, factors: Sequence[str], classes: int) -> list[str]:
        """α, and each factor on its own (Table 1)."""
        return [trial_formula(self.outcome, predictor, classes) for predictor in ("alpha", *factors)]

    def judged(self, trials: pd.DataFrame) -> pd.Series:
        return (trials.role == "vigilance") & (trials.is_repeat == 1)

    def analysed(self, trials: pd.DataFrame) -> pd.Series:
        return trials.is_repeat == 1

    def respond(
        self,
        trials: pd.DataFrame,
        knows: np.ndarray,
        lapsed: np.ndarray,
        chance: np.ndarray,
        toss: np.ndarray,
        false_alarms: float,
    ) -> tuple[Any, np.ndarray, np.ndarray]:
        repeat = trials.is_repeat.to_numpy() == 1
        responded = np.where(repeat, knows & ~lapsed, chance < false_alarms)
        return responded.astype(int), responded == repeat, responded

    def rehearse(self, person: Any, number: int, trials: pd.DataFrame, break_every: int) -> None:
        if number == 1:
            person.tries_out_the_memory_game()
        person.reads_on("Ready?")
        person.plays_the_memory_game(trials.set_index("trial_index").response.to_dict())


def _sequence(settings: MemoryGameSettings, rows: np.ndarray, rng: np.random.Generator) -> Series:
    """The trials of one series of the memory game, from the rows of its targets, vigilance images and fillers."""
    first, second, free = _layout(settings, rng)
    roles = np.repeat(
        np.array(["target", "vigilance", "filler"], object), (settings.targets, settings.vigilance, settings.fillers)
    )
    pairs = settings.targets + settings.vigilance
    order = np.empty(settings.trials, int)
    order[first] = order[second] = np.arange(pairs)
    order[free] = np.arange(pairs, len(rows))
    is_repeat, lag = np.zeros((2, settings.trials), int)
    is_repeat[second], lag[second] = 1, second - first - 1
    nothing = np.full(settings.trials, None)
    return {
        "row": rows[order],
        "phase": np.full(settings.trials, "main", object),
        "role": roles[order],
        "is_repeat": is_repeat,
        "lag": lag,
        "foil_image_id": nothing,
        "fake_side": nothing,
    }


def _layout(settings: MemoryGameSettings, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where first presentations and repeats go (targets, then vigilance images), and the places left for fillers.

    Lags are drawn uniformly, places at random among those free, the longest lag first as it has the fewest. A layout
    that comes to a dead end is begun anew.
    """
    longest = settings.trials - 2
    for _ in range(_LAYOUTS_TRIED):
        lags = np.concatenate(
            [
                rng.integers(least, min(most, longest) + 1, count)
                for (least, most), count in (
                    (settings.target_lags, settings.targets),
                    (settings.vigilance_lags, settings.vigilance),
                )
                if count
            ]
        )
        free = np.ones(settings.trials, bool)
        first = np.empty(len(lags), int)
        for pair in np.argsort(-lags, kind="stable"):
            gap = lags[pair] + 1
            places = np.flatnonzero(free[:-gap] & free[gap:])
            if not len(places):
                break
            first[pair] = places[rng.integers(len(places))]
            free[[first[pair], first[pair] + gap]] = False
        else:
            return first, first + lags + 1, np.flatnonzero(free)
    raise GanalyzeError(
        f"no order of {settings.trials} trials found in which {settings.targets} targets have lags of "
        f"{settings.target_lags[0]} to {settings.target_lags[1]} and {settings.vigilance} vigilance images of "
        f"{settings.vigilance_lags[0]} to {settings.vigilance_lags[1]}: use more fillers, or wider lags"
    )
