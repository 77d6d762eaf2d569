"""The catalogue of weight files: what each is, how it is known, where it can be had."""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PositiveInt,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationError,
)

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import own_file

CATALOGUE = own_file("config/weights.yaml")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Url(_Entry):
    """A file on a web server."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]

    def __str__(self) -> str:
        return self.url


class Wheel(_Entry):
    """A file inside a published Python package."""

    wheel: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*==[\w.!+]+$")]
    member: str

    def __str__(self) -> str:
        return f"{self.member} in the package {self.wheel}"


# Told apart by hand, so that an error speaks of the kind of source that was meant.
Source = Annotated[
    Annotated[Url, Tag("url")] | Annotated[Wheel, Tag("wheel")],
    Discriminator(lambda source: "wheel" if isinstance(source, dict) and "wheel" in source else "url"),
]


class WeightFile(_Entry):
    """One entry of the catalogue. `size` is in bytes; hashes are lower-case hex."""

    origin: str
    licence: str
    reference: str
    size: PositiveInt | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    md5: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    sources: Annotated[list[Source], Field(min_length=1)]

    @property
    def hashes(self) -> dict[str, str]:
        """The known hashes by algorithm; empty where the catalogue knows none."""
        return {name: value for name in ("sha256", "md5") if (value := getattr(self, name))}


_Name = Annotated[str, StringConstraints(pattern=r"^\w[\w.+-]*$")]  # a file in one flat folder
_CATALOGUE = TypeAdapter(dict[_Name, WeightFile])


def load_catalogue(path: Path | str) -> dict[str, WeightFile]:
    """Read the catalogue: published file name → entry.

    Raises GanalyzeError naming the file and the key where it cannot be read or an entry is not valid.
    """
    try:
        return _CATALOGUE.validate_python(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise GanalyzeError(f"cannot read the catalogue {path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole file"
        value = f"{first['input']!r:.80}"
        raise GanalyzeError(f"catalogue {path}: {key}: {first['msg']}, given {value}") from None


def known_file(name: str) -> WeightFile:
    """What the project's catalogue says of a weight file. Raises GanalyzeError where it does not list it."""
    try:
        return load_catalogue(CATALOGUE)[name]
    except KeyError:
        raise GanalyzeError(f"{CATALOGUE} does not list the weight file {name}: describe it there") from None
