"""A hosted experiment: what each participant is given, what of them is taken, and when they are done.

No HTTP here: that is `ganalyze.experiments.hosting.server`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ganalyze.experiments.exclusions import judge_series
from ganalyze.experiments.hosting import psych_ds
from ganalyze.experiments.hosting.answers import Answer, timing_table, trial_table
from ganalyze.experiments.hosting.secrets import Secrets
from ganalyze.experiments.hosting.settings import Settings, load_settings
from ganalyze.experiments.hosting.stimuli import Stimuli, for_page, read_tracks
from ganalyze.experiments.hosting.store import Conflict, Standing, Store
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.trial import Participant
from ganalyze.support.errors import GanalyzeError

MAX_ANSWERS = 500  # in one request


class Message(BaseModel):
    """What a page sends: unknown keys and other types are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SessionRequest(Message):
    """Who comes, as their platform names them."""

    platform: Literal["prolific", "mturk", "jatos", "link"]
    identifier: Participant


class AnswersRequest(Message):
    """Answers of the series under way."""

    series: int = Field(ge=1, le=1000)
    answers: list[Answer] = Field(min_length=1, max_length=MAX_ANSWERS)


class FinishRequest(Message):
    """The series under way is at its end."""

    series: int = Field(ge=1, le=1000)


@dataclass
class HostedExperiment:
    """All that the server knows: what is shown, where answers go, and what each participant may do."""

    settings: Settings
    tracks: pd.DataFrame
    stimuli: Stimuli
    store: Store
    secrets: Secrets
    data_source: str

    def __post_init__(self) -> None:
        self.trials = dict(iter(self.tracks.groupby("track")))
        names = self.tracks.drop_duplicates("track")
        self.track_of = {(r.slot, r.series): r.track for r in names.itertuples()}
        self.slots = int(self.tracks.slot.max()) + 1
        self.series = min(self.settings.series_allowed, int(self.tracks.series.max()))

    def arrive(self, request: SessionRequest) -> dict:
        """What there is for someone who has not agreed to anything yet: the last series they finished, as `finish` told
        of it, or None, and whether all places are taken by others. Nothing is stored of who has not been here before.
        """
        participant = self.secrets.pseudonym(request.platform, request.identifier)
        series = self.store.series_of(participant)
        # A window that was closed on its last answer has not heard that the series is complete.
        finished = [one for one in series if one.answered == len(self.trials[one.track])]
        return {
            "finished": self._result(finished[-1]) if finished else None,
            "full": not series and self.store.joined() >= self.slots,
        }

    def enter(self, request: SessionRequest) -> dict:
        """Where a participant stands, and if a series waits for them its trials and the token to answer with."""
        participant = self.secrets.pseudonym(request.platform, request.identifier)
        standing = self.store.enter(participant, self.slots, self.series, lambda *key: self.track_of[key])
        if standing.status != "ready":
            return {"status": standing.status}
        return {
            "status": "ready",
            "token": standing.token,
            "series": standing.series,
            "answered": standing.answered,
            "trials": for_page(self.trials[standing.track], self.stimuli),
        }

    def preview(self) -> dict:
        """A track to look at; nothing of it is stored."""
        track = self.track_of[self.slots - 1, 1]
        return {"status": "ready", "series": 1, "answered": 0, "trials": for_page(self.trials[track], self.stimuli)}

    def add(self, standing: Standing, request: AnswersRequest) -> dict:
        """Store answers; how many of the series are stored now. Raises Conflict where they do not fit."""
        self._check_series(standing, request.series)
        if any(not answer.fits(self.settings.experiment) for answer in request.answers):
            raise Conflict("a response of another experiment")
        answers = [(a.trial_index, json.dumps(a.model_dump(mode="json"))) for a in request.answers]
        return {"answered": self.store.add(standing, answers, len(self.trials[standing.track]))}

    def finish(self, standing: Standing, request: FinishRequest) -> dict:
        """Close a finished series: whether it passed, whether there is another, and the completion code.

        Raises Conflict where trials are missing.
        """
        self._check_series(standing, request.series)
        trials = self.trials[standing.track]
        if standing.answered < len(trials):
            raise Conflict(f"the series is not finished: {standing.answered} of {len(trials)} trials are stored")
        return self._result(standing)

    def _result(self, standing: Standing) -> dict:
        """Close a series that is complete, as often as one likes; what its participant is told."""
        trials = self.trials[standing.track]
        answers = self.store.answers(standing.participant, standing.series)
        table = trial_table(answers, trials, self.data_source)
        judged = judge_series(table, self.settings.experiment).iloc[0]
        self.store.finish(standing, None if judged.kept else judged.reason)
        code = self.settings.completion_code or self.secrets.completion_code(standing.participant, standing.series)
        url = self.settings.return_url
        return {
            "passed": bool(judged.kept),
            "more": bool(judged.kept) and standing.series < self.series,
            "code": code,
            "return_url": url.replace("{code}", code) if url else None,
        }

    def export(self, name: str) -> tuple[bytes, str] | None:
        """An export by its file name, and its media type; None where there is no such export."""
        answers = self.store.answers()
        if name == "trials.csv":
            return psych_ds.as_csv(trial_table(answers, self.tracks, self.data_source)), "text/csv"
        if name == "timing.csv":
            return psych_ds.as_csv(timing_table(answers, self.tracks)), "text/csv"
        if name == "psych-ds.zip":
            trials = trial_table(answers, self.tracks, self.data_source)
            timing = timing_table(answers, self.tracks)
            return psych_ds.as_zip(psych_ds.folder(trials, timing, self.settings)), "application/zip"
        return None

    @staticmethod
    def _check_series(standing: Standing, series: int) -> None:
        if series != standing.series:
            raise Conflict(f"series {series} is not the one under way")


def open_experiment(
    settings_file: Path, tracks_file: Path, manifests: list[Path], database: Path, simulated: bool = False
) -> HostedExperiment:
    """An experiment from its files. The database, and the keys beside it, are made on first use.

    Raises GanalyzeError where a file cannot be read, or they do not fit together.
    """
    settings = load_settings(settings_file)
    tracks, tracks_hash = read_tracks(tracks_file)
    if tracks.fake_side.notna().all() != EXPERIMENTS[settings.experiment].pairs:
        raise GanalyzeError(f"{tracks_file} does not hold tracks of the experiment {settings.experiment}")
    secrets = Secrets.load(database.with_suffix(".secrets.json"))
    stimuli = Stimuli(manifests, secrets.identifiers)
    stimuli.check_has(tracks)
    data_source = "simulated" if simulated else "human"
    store = Store(database, settings.experiment, tracks_hash, data_source)
    return HostedExperiment(settings, tracks, stimuli, store, secrets, data_source)
