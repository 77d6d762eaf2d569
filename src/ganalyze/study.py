"""What a valid study is: one assessor's chain from θ to figures, composed of what each stage is told."""

from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from ganalyze.direction.settings import ImageSets, Objective, Training, TransformerSettings
from ganalyze.experiments.registry import EXPERIMENTS, ExperimentSettings
from ganalyze.models.choices import AssessorChoice
from ganalyze.support.settings import ByName, Floats, Name, as_tuple


class Study(Objective):
    """One assessor's chain from θ to figures."""

    name: Name
    alphas: Floats = Field(description="the grid of the image sets, ascending, with 0 for the seed itself")
    training: Training
    transformer: TransformerSettings = TransformerSettings()
    image_sets: ImageSets
    replicates: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0, description="further trainings on other random batches, to tell how stable the direction is"
    )
    judges: Annotated[tuple[AssessorChoice, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="further assessors, of the same property or a related one, that score the same images"
    )
    experiments: Annotated[dict[str, ExperimentSettings], ByName(EXPERIMENTS.settings)] = Field(
        default={}, description="with people, each by its name"
    )

    @field_validator("alphas")
    @classmethod
    def _a_grid(cls, alphas: tuple[float, ...]) -> tuple[float, ...]:
        if 0 not in alphas:
            raise ValueError("must contain 0, the unmodified seed")
        if len(alphas) < 3 or min(alphas) >= 0 or max(alphas) <= 0:
            raise ValueError("must have a value below and one above 0")
        if any(b <= a for a, b in zip(alphas, alphas[1:], strict=False)):
            raise ValueError("must ascend")
        if max(map(abs, alphas)) > 100:
            raise ValueError("must lie within ±100")
        return alphas

    @field_validator("judges")
    @classmethod
    def _each_once(cls, judges: tuple[AssessorChoice, ...]) -> tuple[AssessorChoice, ...]:
        names = [judge.assessor for judge in judges]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is given twice")
        return judges

    def judge(self, name: str) -> AssessorChoice:
        """The judge of this name; there must be one."""
        return next(judge for judge in self.judges if judge.assessor == name)

    def alphas_of(self, set_name: str) -> tuple[float, ...]:
        """The grid of an image set: vigilance images are unmodified seeds."""
        return (0.0,) if set_name == "vigilance" else self.alphas

    def moved_alphas_of(self, set_name: str) -> tuple[float, ...]:
        """The grid of an image set without 0. Unmodified seeds are made once for all studies of a run."""
        return tuple(alpha for alpha in self.alphas_of(set_name) if alpha != 0)

    @property
    def alphas_between(self) -> tuple[float, ...]:
        """Three values between each two of the grid, so that a picture of a seed can move smoothly."""
        steps = zip(self.alphas, self.alphas[1:], strict=False)
        return tuple(round(low + (high - low) * part / 4, 6) for low, high in steps for part in (1, 2, 3))

    @property
    def title(self) -> str:
        """The name as people read it."""
        return self.name.replace("_", " ")
