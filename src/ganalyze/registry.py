"""The form of the two registries: names of generators and assessors, and what one must know of each.

A registry imports no model until one is loaded, so a workflow can ask which weights a study needs without
loading torch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

from ganalyze.errors import GanalyzeError

# No download: the U-Net that a run trains itself (ganalyze.segmentation).
UNET_FILE = "segmenter.safetensors"


@dataclass(frozen=True)
class Card:
    """What is known of a model, and where its code is.

    `build` is "module:callable"; the callable takes (weights_dir, device) and returns a torch module in eval mode
    whose parameters need no gradient. `files` are names in config/weights.yaml, or UNET_FILE. `note`, where there
    is one, goes to everything made with the model.
    """

    build: str
    files: tuple[str, ...]
    title: str
    origin: str
    licence: str
    reference: str
    note: str = ""


class Registry(Mapping[str, Card]):
    """Cards by name; `load` builds the model."""

    def __init__(self, kind: str, cards: dict[str, Card]):
        self.kind = kind
        self._cards = cards

    def __getitem__(self, name: str) -> Card:
        try:
            return self._cards[name]
        except KeyError:
            raise GanalyzeError(f"unknown {self.kind} {name!r}: known are {', '.join(self._cards)}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._cards

    def __iter__(self) -> Iterator[str]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def load(self, name: str, weights_dir, device):
        """Build the model `name` on `device`.

        Raises GanalyzeError where the name is unknown or a weight file is missing, broken or of another model.
        """
        module, _, attribute = self[name].build.partition(":")
        model = getattr(import_module(module), attribute)(weights_dir, device)
        return model.to(device).eval().requires_grad_(False)
