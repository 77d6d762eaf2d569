"""What may differ between two hostings of an experiment: its words, durations and where participants go afterwards.

The files are page/settings/*.yaml; the paper's numbers are the defaults here.
"""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.trial import PARTICIPANT_PATTERN, PARTICIPANT_RULE
from ganalyze.support.files import read_yaml
from ganalyze.support.settings import one_error


def _known(name: str) -> str:
    if name not in EXPERIMENTS:
        raise ValueError(f"known are {', '.join(EXPERIMENTS)}")
    return EXPERIMENTS[name].name


class Settings(BaseModel):
    """Durations in milliseconds, lengths in CSS pixels. Texts are HTML, written by the experimenter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: Annotated[str, AfterValidator(_known)] = Field(description="a registered one")
    title: str = Field(min_length=1)
    consent: str = Field(min_length=1, description="what participants agree to")
    contact: str = Field(min_length=1, description="whom to write to")
    debriefing: str = Field(default="", description="shown at the end of a series")

    image_ms: int = Field(default=600, ge=20, description="memory game: an image is shown (§3.4)")
    blank_ms: int = Field(default=800, ge=50, description="memory game: nothing, before the next (§3.4)")
    feedback_ms: int = Field(default=300, ge=50, description="the frame is green or red")
    pair_ms: int = Field(default=1600, ge=20, description="2AFC: a pair is shown (§3.3.2)")
    gap_ms: int = Field(default=700, ge=50, description="2AFC: from the answer to the next pair")
    image_px: int = Field(default=400, ge=32, le=1200, description="side of an image on the screen")
    break_every: int = Field(default=50, ge=0, description="2AFC: trials between breaks; 0 for none")
    min_width: int = Field(default=1000, ge=100, description="of the window")
    min_height: int = Field(default=600, ge=100, description="of the window")

    max_series: int | None = Field(default=None, ge=1, description="a participant; default: the paper's")
    completion_code: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{4,40}$",
        description="the same for all; default: one a series, by keyed hash",
    )
    return_url: str | None = Field(
        default=None, pattern=r"^https?://[^\s]+$", description="Prolific's completion address, {code} for the code"
    )
    mturk_hosts: tuple[str, ...] = Field(
        default=("https://www.mturk.com", "https://workersandbox.mturk.com"), description="may receive MTurk's form"
    )
    frame_ancestors: tuple[str, ...] = Field(
        default=("https://www.mturk.com", "https://worker.mturk.com", "https://workersandbox.mturk.com"),
        description="sites that may show the experiment in a frame",
    )

    @property
    def series_allowed(self) -> int:
        """How many series a participant may do: no more than the paper's rules count."""
        return min(
            self.max_series or EXPERIMENTS[self.experiment].rules.max_series,
            EXPERIMENTS[self.experiment].rules.max_series,
        )

    def for_page(self) -> dict:
        """What the page is told: not the completion code. And how participants may be named."""
        told = self.model_dump(mode="json", exclude={"completion_code", "return_url", "frame_ancestors"})
        return told | {"participant_pattern": PARTICIPANT_PATTERN, "participant_rule": PARTICIPANT_RULE}


def load_settings(path: Path | str) -> Settings:
    """Raises GanalyzeError that names the key, what was given and what is allowed."""
    try:
        return Settings.model_validate(read_yaml(path))
    except ValidationError as error:
        raise one_error(error, Settings, str(path)) from None
