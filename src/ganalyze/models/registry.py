"""The form of the registries: names of models, and what one must know of each.

A registry imports no model until one is loaded, so a workflow can ask which weights a study needs without
loading torch. Besides its own names it knows what installed packages offer as entry points, and `module:object`
for a card in any module that Python finds, the current folder included, and families: `family:name` is a model that a
file of the user's own holds (docs/add-your-own.md).
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ganalyze.models.compute import Compute
from ganalyze.models.weights.catalogue import WeightFile, known_file
from ganalyze.models.weights.files import Weights
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Settings, one_error

# No download: the U-Net that a run trains itself (ganalyze.models.segmenters).
UNET_FILE = "segmenter.safetensors"


class Card(BaseModel):
    """What is known of a model, and where its code is.

    What it does not state of `origin`, `licence` and `reference` stands in config/weights.yaml, with its first file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    build: str = Field(pattern=r"^\w+(\.\w+)*:\w+$", description="module:callable, from `Weights` to a torch module")
    files: tuple[str, ...] = Field(description="names in config/weights.yaml, or UNET_FILE")
    own_files: tuple[str, ...] = Field(default=(), description="paths of files of the user's own that it is made of")
    title: str = Field(description="the model, and what its values are")
    stated_origin: str = Field(default="", alias="origin")
    stated_licence: str = Field(default="", alias="licence")
    stated_reference: str = Field(default="", alias="reference")
    note: str = Field(default="", description="a caution that goes with everything made with the model")
    arguments: Mapping[str, Any] = Field(default={}, description="keywords that the callable always gets")
    options: Mapping[str, Any] = Field(
        default={}, description="keywords that a configuration may set, each with the type of its values"
    )
    parts: tuple[str, ...] = Field(
        default=(), description="of a generator whose z has parts: their names, as its `z_parts` has them"
    )
    heads: tuple[str, ...] = Field(
        default=(), description="outputs: name:head is the model with the keyword `head`; without, its main output"
    )
    memory_mb: int = Field(default=2500, description="its share of what a training with a batch of 4 needs")

    @model_validator(mode="after")
    def _is_known(self) -> "Card":
        stated = self.stated_origin and self.stated_licence and self.stated_reference
        if not stated and self.files in ((), (UNET_FILE,)):
            raise ValueError(f"{self.title}: origin, licence and reference must be stated, no weight file tells them")
        return self

    @property
    def module(self) -> str:
        """The module of `build`."""
        return self.build.partition(":")[0]

    @property
    def origin(self) -> str:
        """Who made the model, and in which package or form it came."""
        return self.stated_origin or self._first_file.origin

    @property
    def licence(self) -> str:
        """What its weights may be used for."""
        return self.stated_licence or self._first_file.licence

    @property
    def reference(self) -> str:
        """The paper to cite."""
        return self.stated_reference or self._first_file.reference

    @property
    def _first_file(self) -> WeightFile:
        return known_file(self.files[0])


class Family(Settings):
    """Models that the user's own files hold, named `family:name`; its fields are the options of each."""

    @classmethod
    def card(cls, name: str, options: Mapping[str, Any]) -> Card:
        """The card of the model `name`, with the files that its name and options tell. Raises GanalyzeError where the
        name cannot be one."""
        raise NotImplementedError


class Registry(Mapping[str, Card]):
    """Cards by name; `load` builds the model. `group` is the entry points' name."""

    def __init__(
        self, kind: str, cards: Mapping[str, Card], group: str = "", families: Mapping[str, type[Family]] | None = None
    ):
        self.kind = kind
        self._cards: dict[str, Card] = {}
        self._group = group
        self._families = families or {}
        for name, card in cards.items():
            self.register(name, card)

    def register(self, name: str, card: Card) -> None:
        """Make a model known under a name. Raises GanalyzeError where the name is another's, or is none."""
        if not name or ":" in name:
            raise GanalyzeError(f"{self.kind} {name!r}: a name may not be empty or hold a colon")
        if name in self._cards:
            raise GanalyzeError(f"{self.kind} {name!r} is known already: choose another name")
        self._cards[name] = card

    def __getitem__(self, name: str) -> Card:
        return self.card(name, {})

    def card(self, name: str, options: Mapping[str, Any]) -> Card:
        """The card of the model `name`; options may name files of its own. Raises GanalyzeError where it is unknown."""
        base, _, rest = name.partition(":")
        if rest and base in self._families:
            return self._families[base].card(rest, options)
        if base in self._cards:
            return self._with_head(self._cards[base], base, rest) if rest else self._cards[base]
        if not rest:
            offered = entry_points(group=self._group, name=name) if self._group else ()
            if not offered:
                raise GanalyzeError(f"unknown {self.kind} {name!r}: known are {', '.join(self)}")
            return self._own(name, lambda: next(iter(offered)).load())
        return self._own(name, lambda: _find(name))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (":" in name or any(name == known for known in self))

    def __iter__(self) -> Iterator[str]:
        yield from self._cards
        if self._group:
            yield from (point.name for point in entry_points(group=self._group) if point.name not in self._cards)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _with_head(self, card: Card, base: str, head: str) -> Card:
        if head not in card.heads:
            known = f"its heads are {', '.join(card.heads)}" if card.heads else "it has one output, without a name"
            raise GanalyzeError(f"{self.kind} {base!r} has no head {head!r}: {known}")
        return card.model_copy(update={"arguments": {**card.arguments, "head": head}, "title": f"{card.title}: {head}"})

    def _own(self, name: str, get: Callable[[], Any]) -> Card:
        """A card that is not ours. Whatever goes wrong in the other's module is told in one line."""
        try:
            card = get()
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise GanalyzeError(f"{self.kind} {name!r} cannot be imported: {reason}") from None
        if not isinstance(card, Card):
            raise GanalyzeError(f"{self.kind} {name!r} is a {type(card).__name__}, not a ganalyze.models.registry.Card")
        return card

    def check(self, name: str, options: Mapping[str, Any]) -> None:
        """Raises GanalyzeError where the model `name` is unknown, does not take `options`, or has a file that is not
        there."""
        card = self.card(name, options)
        if family := self._families.get(name.partition(":")[0]):
            try:
                family.model_validate(dict(options))
            except ValidationError as error:
                raise one_error(error, family, f"options of {self.kind} {name!r}") from None
            if absent := [file for file in card.own_files if not Path(file).is_file()]:
                raise GanalyzeError(f"{self.kind} {name!r}: {absent[0]} not found, seen from {Path.cwd()}")
            return
        for key, value in options.items():
            if key not in card.options:
                known = f"its options are {', '.join(card.options)}" if card.options else "it has no options"
                raise GanalyzeError(f"{self.kind} {name!r} has no option {key!r}: {known}")
            try:
                TypeAdapter(card.options[key], config=ConfigDict(strict=True)).validate_python(value)
            except ValidationError as error:
                message = error.errors()[0]["msg"]
                raise GanalyzeError(
                    f"option {key} of {self.kind} {name!r}: got {value!r}, {message[0].lower()}{message[1:]}"
                ) from None

    def load(self, name: str, weights: Weights, compute: Compute, options: Mapping[str, Any] | None = None) -> Any:
        """The model `name`, ready to run as `compute` says: in eval mode and without gradients of its parameters.

        Raises GanalyzeError where the name or an option is unknown or a weight file is missing, broken or of another
        model.
        """
        options = options or {}
        self.check(name, options)
        card = self.card(name, options)
        model = _find(card.build)(weights, **card.arguments, **options)
        return compute.tuned(model.to(compute.device).eval().requires_grad_(False))


def _find(name: str) -> Any:
    """What `module:object` stands for, in the current folder too."""
    here = str(Path.cwd())
    if here not in sys.path:  # a script's own folder is there instead
        sys.path.append(here)
    return resolve_name(name)
