"""What the page records of each trial, and the trial table made of that.

The page sends an `Answer` a trial. What was shown is in the tracks, so that a page can be wrong about nothing but its
own participant's response.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.trial import AS_IT_WENT, COLUMNS
from ganalyze.support.errors import GanalyzeError

Milliseconds = Annotated[float, Field(ge=0, le=36e5)]
TIMING_COLUMNS = [
    "participant",
    "series",
    "trial_index",
    "shown_at",
    "image_ms",
    "blank_ms",
    "frame_ms",
    "hidden",
]


class Answer(BaseModel):
    """trial_index: in the track. shown_at: when the image came on, by the participant's clock. rt_ms: from the image's
    onset (memory game), from the pair's end (2AFC). image_ms: how long it really was on the screen. blank_ms: how long
    nothing was, before it. frame_ms: the screen's refresh interval. hidden: the window was not in front meanwhile.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    trial_index: int = Field(ge=0, le=100_000)
    response: Literal[0, 1, "left", "right"]
    rt_ms: Annotated[float, Field(gt=0, le=36e5)] | None
    shown_at: Annotated[AwareDatetime, Field(strict=False)]
    image_ms: Milliseconds
    blank_ms: Milliseconds | None
    frame_ms: Milliseconds
    hidden: bool

    @model_validator(mode="after")
    def _time_of_a_response(self) -> "Answer":
        if (self.rt_ms is None) != (self.response == 0 and not isinstance(self.response, str)):
            raise ValueError("rt_ms must be there if and only if there was a response")
        return self

    def fits(self, experiment: str) -> bool:
        """Whether the response is one that the experiment knows."""
        return isinstance(self.response, str) == EXPERIMENTS[experiment].pairs


def trial_table(answers: Iterable[Mapping[str, Any]], tracks: pd.DataFrame, data_source: str) -> pd.DataFrame:
    """The trial table (`ganalyze.experiments.trials`) of answers, each with its participant and track.

    tracks: the track table that they were given from. Raises GanalyzeError where a track or trial is not in it.
    """
    rows = pd.DataFrame(list(answers), columns=["participant", "track", *Answer.model_fields])
    table = rows.merge(tracks, on=["track", "trial_index"], how="left", validate="many_to_one")
    if unknown := table.track[table.image_id.isna()].unique().tolist():
        raise GanalyzeError(f"trials of {len(unknown)} track(s) are not in the track table, first {unknown[0]}")
    right = table.fake_side.where(table.fake_side.notna(), table.is_repeat)
    table = table.assign(
        correct=(table.response == right).astype(int),
        shown_at=pd.to_datetime(table.shown_at, utc=True, format="ISO8601"),
        data_source=data_source,
        planned=table.track.map(tracks.track[tracks.phase == "main"].value_counts()),
        hidden=table.hidden.astype(int),
    )
    return table[[*COLUMNS, *AS_IT_WENT]].sort_values(["participant", "series", "trial_index"], ignore_index=True)


def timing_table(answers: Iterable[Mapping[str, Any]], tracks: pd.DataFrame) -> pd.DataFrame:
    """How long everything was on the screen, one row a trial: `TIMING_COLUMNS`."""
    rows = pd.DataFrame(list(answers), columns=["participant", "track", *Answer.model_fields])
    table = rows.merge(tracks[["track", "series"]].drop_duplicates(), on="track")
    return table[TIMING_COLUMNS].sort_values(["participant", "series", "trial_index"], ignore_index=True)
