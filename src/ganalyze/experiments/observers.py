"""Simulated participants: they answer a track table as people might, so that analyses can be tried without people.

The log odds that participant i recognises the repeat of image j, a clone of seed s of class c (memory game), or tells
it from a photograph (2AFC), are

    intercept + ability_i + seed_s + class_c + sensitivity · (score_j − mean score)

with normal abilities, seeds and classes, and score_j the assessor's score: what the study's direction changes. On some
trials they lapse: no key press, or a coin tossed. To new images of the memory game they raise false alarms; a few
participants are careless and mostly lapse, so that the exclusion rules have something to do. Vigilance trials are easy.

Nobody has measured these numbers; they are plausible, and known, so that an analysis can be asked to find them again.
The one that matters for the paper's claims, the sensitivity, is the paper's own
(`ganalyze.report.claims.paper_sensitivity`).
"""

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.special import expit

from ganalyze.experiments.exclusions import judge_series
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.trial import COLUMNS
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.randomness import stream
from ganalyze.support.settings import Settings

START = pd.Timestamp("2000-01-01T00:00:00Z")  # of every simulated series: no one was there


class Traits(Settings):
    """What simulated participants are like. Log odds; lapses, false alarms and careless are mean shares."""

    intercept: float = Field(default=0.6, description="of the mean participant, on a mean seed")
    participant_sd: float = Field(default=0.8, ge=0, description="standard deviation of participants")
    seed_sd: float = Field(default=0.6, ge=0, description="the same of seeds")
    class_sd: float = Field(default=0.3, ge=0, description="the same of classes")
    vigilance: float = Field(default=3.0, description="of vigilance trials")
    lapses: float = Field(default=0.02, ge=0, le=1, description="of trials")
    false_alarms: float = Field(default=0.08, ge=0, le=1, description="of new images")
    careless: float = Field(default=0.05, ge=0, le=1, description="of participants, who mostly lapse")


class Observers(Traits):
    """Simulated participants."""

    sensitivity: float = Field(description="log odds per unit of score")


def simulate_trials(
    tracks: pd.DataFrame, images: pd.DataFrame, experiment: str, observers: Observers, seed: int, study: str
) -> pd.DataFrame:
    """The trial table of one participant a slot of `tracks`, who does its series until the rules block them.

    images: the manifest of the targets, with scores. What a participant does depends on seed, study and slot, not on
    how many others there are.

    Raises GanalyzeError where a target has no score.
    """
    scored = images.set_index("image_id").score
    targets = tracks[tracks.role == "target"]
    if missing := sorted(set(targets.image_id) - set(scored.dropna().index)):
        raise GanalyzeError(f"{len(missing)} target(s) of the tracks have no score, first {missing[0]}")
    tracks = tracks.assign(log_odds=_log_odds(tracks, scored, experiment, observers, seed, study))
    trials = pd.concat(
        _answer(
            rows.sort_values(["series", "trial_index"]),
            experiment,
            observers,
            stream(seed, study, experiment, "observer", int(slot)),
            f"simulated-{slot:04d}",
        )
        for slot, rows in tracks.groupby("slot")
    )
    series = judge_series(trials, experiment)
    open_to_them = series.loc[~series.reason.str.startswith(("blocked", "beyond")), ["participant", "series"]]
    return trials.merge(open_to_them, on=["participant", "series"])[COLUMNS]


def _log_odds(
    tracks: pd.DataFrame, scored: pd.Series, experiment: str, observers: Observers, seed: int, study: str
) -> pd.Series:
    """Of a correct answer by a participant of mean ability, on every trial."""

    def effect(column: str, sd: float) -> np.ndarray:
        levels = tracks[column].to_numpy()
        return sd * stream(seed, study, experiment, column).normal(size=levels.max() + 1)[levels]

    score = tracks.image_id.map(scored) - scored.mean()
    log_odds = observers.intercept + effect("seed_id", observers.seed_sd) + observers.sensitivity * score
    if len(tracks.class_id.unique()) > 1:
        log_odds += effect("class_id", observers.class_sd)
    return log_odds.where(tracks.role == "target", observers.vigilance)


def _answer(
    rows: pd.DataFrame, experiment: str, observers: Observers, rng: np.random.Generator, participant: str
) -> pd.DataFrame:
    """What one participant does with the trials of their slot."""
    ability = observers.participant_sd * rng.normal()
    careless = rng.random() < observers.careless
    lapses = 0.7 if careless else _share(observers.lapses, rng)
    false_alarms = 0.35 if careless else _share(observers.false_alarms, rng)
    chance, lapse, toss, speed = rng.random((4, len(rows)))

    knows = chance < expit(rows.log_odds.to_numpy() + ability)
    answer = EXPERIMENTS[experiment].respond(rows, knows, lapse < lapses, chance, toss, false_alarms)
    response, correct, responded = answer
    return rows.assign(
        participant=participant,
        response=response,
        correct=correct.astype(int),
        rt_ms=np.where(responded, np.round(300 + 900 * speed), np.nan),
        shown_at=START + pd.to_timedelta(rows.trial_index * EXPERIMENTS[experiment].trial_ms, unit="ms"),
        data_source="simulated",
    )


def _share(mean: float, rng: np.random.Generator) -> float:
    """A participant's own share, of this mean, scattered by a beta distribution."""
    return rng.beta(20 * mean, 20 * (1 - mean)) if mean > 0 else 0.0
