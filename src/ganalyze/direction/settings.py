"""The settings of learning a direction and of making image sets with it. Without torch, since the workflow reads them
whenever it starts."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from ganalyze.images.shards import ImageFormat
from ganalyze.models.choices import AssessorChoice
from ganalyze.support.settings import WORD_EACH, Floats, Names, Positive, Settings, as_tuple

Kind = Literal["one_direction", "class_dependent"]
Rescaling = Literal["none", "per_seed", "per_batch"]
Start = Literal["zeros", "normal", "uniform"]


class HeldScore(AssessorChoice):
    """A score that is to stay as it is along a direction.

    Scores have units of their own (0 to 1, ratings of 1 to 10), and nothing is rescaled: with a weight of w, a change
    of this score by 1 costs as much as a miss of α by √w. So that standard deviations (over seeds) of both scores cost
    the same, the weight is (that of the raised score / that of this one)².
    """

    weight: float = Field(
        ge=0, allow_inf_nan=False, description="times the mean squared change of this score, in its unit; 0: not held"
    )


class Objective(AssessorChoice):
    """What a direction is to do: raise one score (Eq. 1), and leave others as they are (not in the paper)."""

    hold: Annotated[tuple[HeldScore, ...], BeforeValidator(as_tuple), WORD_EACH] = Field(
        default=(),
        description="scores to leave as they are: of each the assessor, its options if any, and a weight",
    )

    @field_validator("hold")
    @classmethod
    def _not_what_is_to_rise(cls, hold: tuple[HeldScore, ...], info: ValidationInfo) -> tuple[HeldScore, ...]:
        raised = info.data.get("assessor"), info.data.get("assessor_options")
        if any((one.assessor, one.assessor_options) == raised for one in hold):
            raise ValueError(f"{raised[0]} is the score that is to rise")
        return hold

    @property
    def held(self) -> tuple[HeldScore, ...]:
        """Those of `hold` that have a weight."""
        return tuple(one for one in self.hold if one.weight)


class Training(Settings):
    """How a direction is learnt (paper §2.2, whose values are in brackets)."""

    samples: Positive = Field(description="z vectors seen in all (400,000)")
    batch_size: Positive = Field(description="z vectors a step (4)")
    at_once: Positive | None = Field(
        default=None, description="of a step's z, how many the networks see at once, to save memory; default: all"
    )
    learning_rate: float = Field(gt=0, le=10, description="of Adam (2e-4 in the authors' code)")
    alpha_max: float = Field(gt=0, le=100, description="α is drawn uniformly from ±alpha_max (0.5)")
    checkpoint_every: Positive = Field(default=100, description="steps between checkpoints")
    gradients: Literal["zeroed", "accumulated"] = Field(
        default="zeroed", description="before each step; never, in the authors' published valence run"
    )

    @property
    def steps(self) -> int:
        """How many batches the samples make."""
        return -(-self.samples // self.batch_size)

    def samples_after(self, steps: int) -> int:
        """How many z vectors have been seen after so many steps; the last batch holds what is left."""
        return min(steps * self.batch_size, self.samples)


class TransformerSettings(Settings):
    """What is learnt, and what happens to z after the move (see `ganalyze.direction.transformer`)."""

    kind: Kind = Field(default="one_direction", description="one θ for all, or one for each class")
    rescaling: Rescaling = Field(default="none", description="of z after the move; none is the paper's Eq. 2")
    start: Start = Field(default="zeros", description="of θ")
    moves: Names | None = Field(
        default=None, min_length=1, description="the parts of z that move, by the generator's names; else all"
    )


class ImageSetSettings(Settings):
    """Which seeds an image set holds (paper §2.2)."""

    classes: Positive = Field(default=1, description="classes drawn at random from the generator's")
    seeds_per_class: Positive = Field(description="z vectors a class")
    chunks: Positive = Field(default=1, description="jobs the set is made in; changes no result")
    photographs: bool = Field(default=False, description="the seeds are the run's inverted photographs, all of them")

    @property
    def seeds(self) -> int:
        """How many seeds there are in all."""
        return self.classes * self.seeds_per_class


class WhichImages(Settings):
    """Of which image set, as scripts are told."""

    set: str = Field(description="name of the image set, e.g. test")
    alphas: Floats = Field(description="the grid")
    seed: int = Field(description="of the run")
    image_format: ImageFormat = Field(default="png", description="in which images are stored")


class ImageSets(Settings):
    """The image sets of a study. The test set is the one that is fitted and drawn."""

    test: ImageSetSettings
    filler: ImageSetSettings | None = Field(
        default=None, description="what the memory game shows between targets (§3.4)"
    )
    vigilance: ImageSetSettings | None = Field(
        default=None, description="the 2AFC task's easy fakes: z from the tails, unmodified (§3.3.2)"
    )

    @property
    def present(self) -> dict[str, ImageSetSettings]:
        """The sets that there are, by name."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name))}


def seeds_per_batch(batch_size: int, alphas: int) -> int:
    """How many whole seeds the networks see at once, for at most `batch_size` images; at least one."""
    return max(1, batch_size // alphas)
