"""A network of timm's (Wightman, PyTorch Image Models) with a head of one's own in the place of its classifier."""

import re
from collections.abc import Mapping
from typing import Any

import timm
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ganalyze.models.assessors.elsewhere.assessor import AssessorFromElsewhere
from ganalyze.models.assessors.elsewhere.settings import TimmModel
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state
from ganalyze.support.errors import GanalyzeError

_ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "none": nn.Identity}


def load(weights: Weights, name: str, **options: Any) -> AssessorFromElsewhere:
    """timm's model `name`; options: those of `TimmModel`. Nothing is downloaded.

    Raises GanalyzeError where timm has no such model, or a file is missing, broken, or of another model.
    """
    settings = TimmModel.model_validate(options)
    if not timm.is_model(name):
        raise GanalyzeError(f"timm {timm.__version__} has no model {name!r}: timm.list_models() lists them")
    model: Any = timm.create_model(name, num_classes=1)
    place = model.pretrained_cfg.get("classifier")
    classifier = model.get_submodule(place) if isinstance(place, str) else None
    if not isinstance(classifier, nn.Linear):
        raise GanalyzeError(f"timm's {name} has no single linear layer as its classifier: no head can take its place")

    state = _tensors(settings.checkpoint)
    prefix = f"{place}."
    own = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    head_file, own = (settings.head, _tensors(settings.head)) if settings.head else (settings.checkpoint, own)
    if not own:
        raise GanalyzeError(f"{head_file} holds no head: wanted {place}.weight, or name a file of one with head")
    head = _head(own, head_file, settings.activation)
    features = next(layer for layer in head if isinstance(layer, nn.Linear)).in_features
    if features != classifier.in_features:
        raise GanalyzeError(
            f"{head_file} holds a head of {features} features, timm's {name} makes {classifier.in_features}"
        )
    model.set_submodule(place, head)
    state = {key: value for key, value in state.items() if not key.startswith(prefix)}
    load_state(
        model, state | {f"{prefix}{key}": value for key, value in head.state_dict().items()}, settings.checkpoint
    )
    return AssessorFromElsewhere(f"timm's {name}", model, settings)


def _tensors(path: str) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise GanalyzeError(f"{path} is not a readable safetensors file: {error}") from None


def _head(state: Mapping[str, Tensor], file: str, activation: str | None) -> nn.Sequential:
    """The linear layers that a state_dict describes, of an nn.Linear or of an nn.Sequential, in their order."""
    wanted = f"{file}: a head is linear layers, of an nn.Linear or an nn.Sequential"
    if others := [key for key in state if not re.fullmatch(r"(\d+\.)?(weight|bias)", key)]:
        raise GanalyzeError(f"{wanted}; this one holds {others[0]}")
    names = sorted({re.sub(r"\w+$", "", key) for key in state}, key=lambda name: int(name.rstrip(".") or 0))
    for name in names:
        if getattr(state.get(f"{name}weight"), "ndim", 0) != 2:
            raise GanalyzeError(f"{wanted}; this one has no {name}weight of shape (out, in)")
    if len(names) > 1 and activation is None:
        raise GanalyzeError(f"{file} holds {len(names)} layers: say what is between them, e.g. activation: relu")
    layers: list[nn.Module] = []
    for name in names:
        if layers:
            layers.append(_ACTIVATIONS[activation or "none"]())
        own = {key: state[f"{name}{key}"] for key in ("weight", "bias") if f"{name}{key}" in state}
        layer = nn.Linear(own["weight"].shape[1], own["weight"].shape[0], bias="bias" in own)
        load_state(layer, own, file)
        layers.append(layer)
    return nn.Sequential(*layers)
