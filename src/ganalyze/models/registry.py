"""The form of the registries: names of models, and what one must know of each.

A registry imports no model until one is loaded, so a workflow can ask which weights a study needs without
loading torch. Besides its own names it knows what installed packages offer as entry points, and `module:object`
for a card in any module that Python finds, the current folder included (docs/add-your-own.md).
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ganalyze.models.compute import Compute
from ganalyze.models.weights.catalogue import WeightFile
from ganalyze.models.weights.files import Weights
from ganalyze.support.errors import GanalyzeError

# No download: the U-Net that a run trains itself (ganalyze.models.segmenters).
UNET_FILE = "segmenter.safetensors"


@dataclass(frozen=True)
class Card:
    """What is known of a model, and where its code is.

    `build` is "module:callable"; the callable takes `Weights` and returns a torch module. `files` are names in
    config/weights.yaml, or UNET_FILE. Where `origin`, `licence` or `reference` are not stated, they are those of the
    first file there (`described`). `note`, where there is one, goes to everything made with the model. `options` are
    the callable's further keywords, each with the type of its values, which a configuration may set. A model with
    several outputs has `heads`: the callable takes the keyword `head`, and `name:head` stands for the model with it.
    `memory_mb` is its share of what a training with a batch of 4 needs.
    """

    build: str
    files: tuple[str, ...]
    title: str
    origin: str = ""
    licence: str = ""
    reference: str = ""
    note: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    heads: tuple[str, ...] = ()
    head: str = ""
    memory_mb: int = 2500

    @property
    def module(self) -> str:
        """The module of `build`."""
        return self.build.partition(":")[0]

    def described(self, catalogue: Mapping[str, WeightFile]) -> "Card":
        """The card with what the catalogue says of its first file, where it says nothing itself."""
        known = catalogue.get(self.files[0]) if self.files else None
        if known is None:
            return self
        facts = {name: getattr(self, name) or getattr(known, name) for name in ("origin", "licence", "reference")}
        return replace(self, **facts)


class Registry(Mapping[str, Card]):
    """Cards by name; `load` builds the model. `group` is the entry points' name."""

    def __init__(self, kind: str, cards: Mapping[str, Card], group: str = ""):
        self.kind = kind
        self._cards: dict[str, Card] = {}
        self._group = group
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
        base, _, rest = name.partition(":")
        if base in self._cards:
            return self._with_head(self._cards[base], base, rest) if rest else self._cards[base]
        if not rest:
            offered = entry_points(group=self._group, name=name) if self._group else ()
            if not offered:
                raise GanalyzeError(f"unknown {self.kind} {name!r}: known are {', '.join(self)}")
            return self._own(name, lambda: next(iter(offered)).load())
        return self._own(name, lambda: getattr(_import(base), rest))

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
        return replace(card, head=head, title=f"{card.title}: {head}")

    def _own(self, name: str, get: Callable[[], Any]) -> Card:
        """A card that is not ours. Whatever goes wrong in the other's module is told in one line."""
        try:
            card = get()
        except Exception as error:
            raise GanalyzeError(f"{self.kind} {name!r} cannot be imported: {type(error).__name__}: {error}") from None
        if not isinstance(card, Card):
            raise GanalyzeError(f"{self.kind} {name!r} is a {type(card).__name__}, not a ganalyze.models.registry.Card")
        return card

    def check(self, name: str, options: Mapping[str, Any]) -> None:
        """Raises GanalyzeError where the model `name` is unknown or does not take `options`."""
        card = self[name]
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
        options = dict(options or {})
        self.check(name, options)
        card = self[name]
        if card.head:
            options["head"] = card.head
        module, _, attribute = card.build.partition(":")
        model = getattr(_import(module), attribute)(weights, **options)
        return compute.tuned(model.to(compute.device).eval().requires_grad_(False))


def _import(module: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:  # a script's own folder is there instead
        sys.path.append(here)
    return import_module(module)
