"""The settings of what is measured of a direction. Without torch, since the workflow reads them whenever it starts."""

from typing import Annotated

from pydantic import Field

from ganalyze.support.settings import Positive, Settings


class NullDirections(Settings):
    """Random directions of the learnt one's length, to compare it with (`ganalyze.measures.null_directions`)."""

    directions: Annotated[int, Field(ge=19)] = Field(
        default=19, description="how many; p can be no smaller than 1 / (1 + directions)"
    )
    null_seeds: Positive = Field(default=4, description="of the test set, at even spaces, on which all are tried")
