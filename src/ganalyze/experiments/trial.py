"""What a row of a trial table holds (see `ganalyze.experiments.trials`)."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field


def _blank_as_none(value: str) -> str | None:
    return None if value == "" else value


Flag = Annotated[int, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
NoValue = Annotated[None, BeforeValidator(_blank_as_none)]
OrBlank = BeforeValidator(_blank_as_none)


class Trial(BaseModel):
    """What a row of either experiment holds. Unknown columns are refused: they may hold what identifies people."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    participant: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
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


COLUMNS = list(Trial.model_fields)
INTEGERS = ("series", "trial_index", "seed_id", "class_id", "is_repeat", "lag", "correct")
