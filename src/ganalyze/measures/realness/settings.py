"""The settings of measuring realness. Without torch, since the workflow reads them whenever it starts."""

from typing import Annotated

from pydantic import Field, model_validator

from ganalyze.support.settings import FilePath, Positive, Settings


class RealnessMeasurement(Settings):
    """How the realness of a test set is measured (paper §3.3.1)."""

    extractor: str = Field(description="a name in the registry of feature extractors")
    reference_per_class: Positive = Field(default=50, description="photographs drawn from each class of a folder")
    halves: Annotated[int, Field(ge=10)] = Field(
        default=500, description="random halves of the seeds, for the intervals"
    )
    features_batch_size: Positive = Field(default=8, description="images the network sees at once; changes no result")


class Realness(RealnessMeasurement):
    """What is real is either `reference_samples` or `reference_folder`."""

    reference_samples: Positive | None = Field(default=None, description="fresh unmodified images of the generator")
    reference_folder: FilePath | None = Field(
        default=None, description="photographs, one subfolder a class, as ImageNet's"
    )

    @model_validator(mode="after")
    def _one_reference(self) -> "Realness":
        if (self.reference_samples is None) == (self.reference_folder is None):
            raise ValueError("realness: give reference_samples or reference_folder, one of them")
        return self
