"""What a row of a trial table holds (see `ganalyze.experiments.trials`)."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

# Who takes part is named by one rule: in links, to the server, to the page, in trial tables.
PARTICIPANT_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
PARTICIPANT_RULE = "1 to 64 of the letters A to Z and a to z, digits, _ and -"


def _blank_as_none(value: str) -> str | None:
    return None if value == "" else value


def _as_participant(name: str) -> str:
    if not re.fullmatch(PARTICIPANT_PATTERN, name):
        raise ValueError(f"a participant is named by {PARTICIPANT_RULE}")
    return name


Participant = Annotated[str, AfterValidator(_as_participant)]
Flag = Annotated[int, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
NoValue = Annotated[None, BeforeValidator(_blank_as_none)]
OrBlank = BeforeValidator(_blank_as_none)


class Trial(BaseModel):
    """What a row of either experiment holds. Unknown columns are refused: they may hold what identifies people."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    participant: Participant
    series: int = Field(ge=1)
    track: Text
    trial_index: int = Field(ge=0)
    phase: Literal["main", "practice"]
    role: Literal["target", "filler", "vigilance"]
    image_id: Text
    seed_id: int = Field(ge=0)
    class_id: int = Field(ge=0)
    alpha: float
    is_repeat: Flag
    lag: Annotated[Annotated[int, Field(ge=0)] | None, OrBlank]
    response: object
    correct: Flag
    rt_ms: Annotated[Annotated[float, Field(gt=0)] | None, OrBlank]
    shown_at: AwareDatetime
    data_source: Literal["human", "simulated"]
    foil_image_id: object
    fake_side: object
    # As it went. Tables of before these were recorded, or of elsewhere, lack them.
    planned: Annotated[Annotated[int, Field(ge=1)] | None, OrBlank] = None
    image_ms: Annotated[Annotated[float, Field(ge=0)] | None, OrBlank] = None
    hidden: Annotated[Flag | None, OrBlank] = None


AS_IT_WENT = ("planned", "image_ms", "hidden")
COLUMNS = [name for name in Trial.model_fields if name not in AS_IT_WENT]
INTEGERS = ("series", "trial_index", "seed_id", "class_id", "is_repeat", "lag", "correct", "planned", "hidden")
