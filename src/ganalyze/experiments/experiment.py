"""What an experiment with people is made of. Each is one file, like `memory_game.py`, registered by name
(`ganalyze.experiments.registry`)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from ganalyze.experiments.trial import Trial
from ganalyze.support.settings import Positive, Settings

Check = Callable[[pd.DataFrame, pd.DataFrame], Iterator[tuple[int, str]]]
Series = dict[str, np.ndarray]


class ExperimentSettings(Settings):
    """How an experiment is prepared, and simulated until there are people (paper §3.3.2, §3.4)."""

    participants: Positive = Field(description="for whom tracks are prepared")
    series: Positive = Field(default=1, description="prepared for each of them")
    sensitivity: float | None = Field(
        default=None, description="of simulated observers, log odds per unit of score; default: as the paper's people"
    )

    @property
    def seeds(self) -> dict[str, int]:
        """How many seeds of which image sets a participant meets, each once; first the set of the targets."""
        raise NotImplementedError


@dataclass(frozen=True)
class Rules:
    """Which series count. max_series: a participant. Shares, 0 to 1: of vigilance trials missed or wrong, and of new
    images called repeats, where that can be."""

    max_series: int
    max_vigilance_errors: float
    max_false_alarms: float | None = None


class Experiment(ABC):
    """One experiment.

    name: in configurations, file names and tables. title: as people read it. paper_quantity: how config/claims.csv
    names what it measures. outcome: what a data point is, a column of 0 and 1. rate_label: of the axis of its mean.
    chance: the rate of guessing, where there is one. trial_ms: from one image to the next, of simulated series. pairs:
    whether a trial shows a pair of images and is answered by a side. paced: whether the next image comes when its time
    has come, whatever the participant does. Trial: what a row of its trial table holds.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper_quantity: ClassVar[str] = ""
    outcome: ClassVar[str] = "correct"
    rate_label: ClassVar[str] = "proportion correct"
    chance: ClassVar[float | None] = None
    trial_ms: ClassVar[int]
    pairs: ClassVar[bool] = False
    paced: ClassVar[bool] = False
    rules: ClassVar[Rules]
    Settings: ClassVar[type[ExperimentSettings]]
    Trial: ClassVar[type[Trial]]
    checks: ClassVar[Sequence[Check]] = ()

    @abstractmethod
    def deal(self, settings: Any, stock: Any) -> dict[tuple[int, int], Series]:
        """The trials of each series, by slot and series (from 1), from a stock (`tracks.pools.Stock`): columns of
        the track table, and `row`, the images' rows in the stock.

        Raises GanalyzeError where the design does not fit, or there are too few seeds.
        """

    @abstractmethod
    def formulas(self, factors: Sequence[str], classes: int) -> list[str]:
        """The models of its data points, in lme4's notation. factors: columns that may be predictors."""

    def right_response(self, trials: pd.DataFrame) -> pd.Series:
        """The response that would have been right, on every trial."""
        return trials.is_repeat

    def judged(self, trials: pd.DataFrame) -> pd.Series:
        """Which trials tell whether someone attends."""
        return trials.role == "vigilance"

    def analysed(self, trials: pd.DataFrame) -> pd.Series:
        """Which trials of targets are data points."""
        return trials.response.notna()

    @abstractmethod
    def respond(
        self,
        trials: pd.DataFrame,
        knows: np.ndarray,
        lapsed: np.ndarray,
        chance: np.ndarray,
        toss: np.ndarray,
        false_alarms: float,
    ) -> tuple[Any, np.ndarray, np.ndarray]:
        """What a simulated participant does: response, whether it is right, and whether there was one, each (N,).

        knows, lapsed: whether they could tell, and whether they are absent, on every trial. chance, toss: uniform
        numbers, 0 to 1. false_alarms: their share of new images called repeats.
        """

    def rehearse(self, person: Any, number: int, trials: pd.DataFrame, break_every: int) -> None:
        """Go through series `number` in a browser (`ganalyze.experiments.hosting.rehearsal.Person`)."""
        raise NotImplementedError(f"no rehearsal of {self.name}")
