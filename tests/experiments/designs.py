"""Designs of the two experiments, and tracks of them, as tests write them."""

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from ganalyze.experiments import tracks
from ganalyze.experiments.experiment import ExperimentSettings
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.support.settings import one_error


class Design:
    """What a series of an experiment consists of; its settings are made once it is known for how many people."""

    def __init__(self, name: str, **design: Any):
        self.experiment, self.design = EXPERIMENTS[name], design

    def settings(self, participants: int = 1, series: int = 1, foils: str | None = None) -> ExperimentSettings:
        more = {"foils": foils} if foils else {}
        try:
            return self.experiment.Settings(participants=participants, series=series, **more, **self.design)
        except ValidationError as error:
            raise one_error(error, self.experiment.Settings, self.experiment.title) from None


class MemoryGame(Design):
    def __init__(self, **design: Any):
        super().__init__("memory_game", **design)


class TwoAfc(Design):
    def __init__(self, **design: Any):
        super().__init__("two_afc", **design)


def build_tracks(
    design: Design,
    targets: pd.DataFrame,
    others: pd.DataFrame,
    participants: int,
    series: int,
    seed: int,
    foils: pd.DataFrame | None = None,
) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        place = None
        if foils is not None:
            place = str(Path(folder) / "foils.csv")
            (foils if "file" in foils else foils.assign(file="x.png")).to_csv(place, index=False)
        settings = design.settings(participants, series, place)
        return tracks.build_tracks(design.experiment, settings, [targets, others], seed)
