"""What a configuration says of an assessor from elsewhere. Without torch, since the workflow reads it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from ganalyze.models.registry import Card, Family
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Count, FilePath, Floats, Positive, as_tuple

_Channels = Annotated[Floats, Field(min_length=3, max_length=3)]


class Elsewhere(Family):
    """What an image becomes before the network sees it, in this order, and how a score is read from what it returns."""

    size: Positive | None = Field(default=None, description="pixels, high and wide, that images are resized to")
    crop: Positive | None = Field(default=None, description="pixels, high and wide, that are then cut from the centre")
    range: Annotated[tuple[float, float], BeforeValidator(as_tuple)] = Field(
        description="what black and white are to the network"
    )
    mean: _Channels = Field(default=(0.0, 0.0, 0.0), description="of red, green, blue, in that range: is subtracted")
    std: _Channels = Field(default=(1.0, 1.0, 1.0), description="the same, which what is left is divided by")
    softmax: bool = Field(default=False, description="the network returns logits of classes, not probabilities")
    values: Floats | None = Field(default=None, description="one a class: the score is the expected one")

    @model_validator(mode="before")
    @classmethod
    def _range_is_said(cls, options: Any) -> Any:
        # An image on another scale than the network's has a score too, only a wrong one.
        if "range" not in options:
            raise ValueError("range: missing, say what black and white are to the network, e.g. range: [0, 1]")
        return options

    @model_validator(mode="after")
    def _fits_together(self) -> "Elsewhere":
        if self.range[0] >= self.range[1]:
            raise ValueError(f"range: got {list(self.range)}, black must be below white")
        if min(self.std) <= 0:
            raise ValueError(f"std: got {list(self.std)}, must be above 0")
        if self.crop and self.size and self.crop > self.size:
            raise ValueError(f"crop: got {self.crop}, of images that size makes {self.size} pixels high and wide")
        if self.softmax and not self.values:
            raise ValueError("values: missing, one a class, to tell the score from what softmax makes")
        return self


class ReturnsAnything(Elsewhere):
    """The same for a network that may return several tensors, or maps."""

    output: Count | None = Field(default=None, description="which of several that it returns, counted from 0")
    mean_over_pixels: bool = Field(default=False, description="it returns maps, of which the mean counts")


class ONNXFile(ReturnsAnything):
    """`onnx:FILE`: a network in ONNX."""

    @classmethod
    def card(cls, name: str, options: Mapping[str, Any]) -> Card:
        """The card of the file `name`."""
        return _card("onnx_file", {"file": _own(name)}, _own(name))


class ExportedProgram(ReturnsAnything):
    """`export:FILE`: a program that torch.export.save wrote."""

    @classmethod
    def card(cls, name: str, options: Mapping[str, Any]) -> Card:
        """The card of the file `name`."""
        return _card("exported_program", {"file": _own(name)}, _own(name))


class TimmModel(Elsewhere):
    """`timm:NAME`: a network of timm's, whose classifier is a linear head, or an MLP."""

    checkpoint: FilePath = Field(description="safetensors: the state_dict of the model, named as in timm")
    head: FilePath | None = Field(
        default=None, description="safetensors: the state_dict of a head to take in place of the checkpoint's"
    )
    activation: Literal["relu", "gelu", "none"] | None = Field(
        default=None, description="between the layers of an MLP, whose file does not tell it"
    )

    @classmethod
    def card(cls, name: str, options: Mapping[str, Any]) -> Card:
        """The card of timm's model `name` with the files that the options name."""
        files = [_own(options[key]) for key in ("checkpoint", "head") if isinstance(options.get(key), str)]
        return _card("timm_model", {"name": name}, *files, title=f"timm's {name}")


def _own(file: str) -> str:
    """A path as the workflow names it."""
    try:
        return os.path.normpath(TypeAdapter(FilePath).validate_python(file))
    except ValidationError as error:
        raise GanalyzeError(f"{file!r}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None


def _card(module: str, arguments: Mapping[str, Any], *files: str, title: str = "") -> Card:
    return Card(
        build=f"ganalyze.models.assessors.elsewhere.{module}:load",
        files=(),
        own_files=files,
        title=f"{title or Path(files[0]).name} (its own scale)",
        arguments=arguments,
        origin=f"the run's own: {', '.join(files)}",
        licence="its maker's",
        reference="none stated",
    )
