"""The transformer T(z, α) = z + αθ (paper Eq. 2), its variants, and the stored form of its direction θ.

- `one_direction` has one θ for all; `class_dependent` one for each class: a part that all share plus the class's own.
- *Rescaling* after the move is in the authors' code, not in the paper. `none` is Eq. 2. `per_seed` gives each z its
  own length back, as the TensorFlow half does (MemNet, AestheticsNet). `per_batch` gives the whole batch its length
  back, as the PyTorch half does (EmoNet): how far a z moves then depends on the others in its batch. It is kept to
  repeat those results; choose another.
- θ *starts* at zeros (the authors' TensorFlow half); normal, of standard deviation 1 (their PyTorch half for one
  direction); or uniform within ±1/√classes (the same for class-dependent directions).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ganalyze.direction.settings import Kind, Rescaling, Start, TransformerSettings
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole
from ganalyze.support.settings import one_error


class Transformer(nn.Module):
    """T, called as T(z, y, alpha).

    settings: kind and rescaling; `start`, too, where it is about to be trained, but no file keeps it. about: what it
    was trained on, where it was loaded from a file. shared (z_dim,) and, of class-dependent ones, own
    (classes, z_dim): the parts of θ.
    """

    moving: Tensor | None  # (z_dim,), 1 where θ may differ from 0

    def __init__(
        self,
        settings: TransformerSettings,
        z_dim: int,
        num_classes: int,
        rng: np.random.Generator | None = None,
        parts: Mapping[str, slice] | None = None,
    ):
        """rng draws where θ starts, as `settings.start` says; without it θ is 0. parts: of z, by name, from which
        `settings.moves` chooses. Raises GanalyzeError where it chooses another."""
        super().__init__()
        self.settings = settings
        self.about: dict[str, Any] = {}

        def start(*shape: int) -> nn.Parameter:
            values = _draw(rng, settings.start, shape, num_classes) if rng else np.zeros(shape)
            return nn.Parameter(torch.tensor(values, dtype=torch.float32))

        self.shared = start(z_dim)
        self.own = start(num_classes, z_dim) if settings.kind == "class_dependent" else None
        self.register_buffer("moving", _moving(settings.moves, parts or {}, z_dim), persistent=False)

    @classmethod
    def along(cls, theta: Tensor, rescaling: Rescaling = "none") -> "Transformer":
        """The transformer that moves along a θ there is, (z_dim,) or (classes, z_dim); of its type, on its device."""
        kind: Kind = "one_direction" if theta.ndim == 1 else "class_dependent"
        transformer = cls(TransformerSettings(kind=kind, rescaling=rescaling), theta.shape[-1], len(theta)).to(theta)
        with torch.no_grad():
            (transformer.shared if transformer.own is None else transformer.own).copy_(theta)
        return transformer

    @classmethod
    def identity(cls, z_dim: int) -> "Transformer":
        """The transformer that leaves every z as it is: θ = 0."""
        return cls(TransformerSettings(), z_dim, num_classes=1)

    @property
    def theta(self) -> Tensor:
        """θ, (z_dim,), or (classes, z_dim) where it depends on the class."""
        theta = self.shared if self.own is None else self.shared + self.own
        return theta if self.moving is None else theta * self.moving

    def forward(self, z: Tensor, y: Tensor, alpha: Tensor) -> Tensor:
        """Each z (N, z_dim) moved by its alpha (N,) along θ, that of its class y (N,) where it depends on the class."""
        moved = z + alpha[:, None] * (self.theta if self.own is None else self.theta[y])
        if self.settings.rescaling == "per_seed":
            return moved * (z.norm(dim=1, keepdim=True) / moved.norm(dim=1, keepdim=True))
        if self.settings.rescaling == "per_batch":
            return moved * (z.norm() / moved.norm())
        return moved

    def save(self, path: Path | str, models: Mapping[str, Any] | None = None, samples: int | None = None) -> None:
        """Store θ as safetensors. The file's metadata say what kind of transformer it is and what it was trained on:
        `models` (names, options, hashes of weights) and `samples`, z vectors; by default what `about` says."""
        about = {
            **(self.about if models is None else models),
            "transformer": self.settings.kind,
            "rescaling": self.settings.rescaling,
            **({"moves": self.settings.moves} if self.settings.moves else {}),
            **({} if samples is None else {"samples": samples}),
        }
        with written_whole(path) as temporary:
            theta = self.theta.detach().cpu().contiguous()
            save_file({"theta": theta}, temporary, metadata={"about": json.dumps(about)})

    @classmethod
    def load(cls, path: Path | str, z_dim: int | None = None) -> "Transformer":
        """The transformer stored at `path`, on the CPU.

        Raises GanalyzeError where the file is missing or broken, does not say which kind of transformer and rescaling
        θ is for, or θ is not as long as the generator's `z_dim`.
        """
        try:
            with safe_open(path, framework="pt") as file:
                theta, about = file.get_tensor("theta"), json.loads((file.metadata() or {}).get("about", "{}"))
        except FileNotFoundError:
            raise GanalyzeError(f"direction {path} not found: train it first (ganalyze train-direction)") from None
        except (SafetensorError, OSError, json.JSONDecodeError) as error:
            raise GanalyzeError(f"direction {path} is not a readable safetensors file: {error}") from None
        if missing := [key for key in ("transformer", "rescaling") if key not in about]:
            raise GanalyzeError(f"direction {path} does not say its {' and '.join(missing)}: train it again")
        try:
            settings = TransformerSettings(
                kind=about["transformer"], rescaling=about["rescaling"], moves=about.get("moves")
            )
        except ValidationError as error:
            raise one_error(error, TransformerSettings, f"direction {path}") from None
        if theta.ndim != (1 if settings.kind == "one_direction" else 2):
            raise GanalyzeError(f"direction {path} has shape {tuple(theta.shape)}, which is not {settings.kind}")
        if z_dim is not None and theta.shape[-1] != z_dim:
            raise GanalyzeError(f"direction {path} has shape {tuple(theta.shape)}, this generator needs ({z_dim},)")
        transformer = cls.along(theta, settings.rescaling)
        transformer.settings, transformer.about = settings, about
        return transformer


def _moving(moves: Sequence[str] | None, parts: Mapping[str, slice], z_dim: int) -> Tensor | None:
    if moves is None:
        return None
    if unknown := [part for part in moves if part not in parts]:
        known = f"its parts are {', '.join(parts)}" if parts else "it names none"
        raise GanalyzeError(f"moves: z of this generator has no part {unknown[0]!r}: {known}")
    moving = torch.zeros(z_dim)
    for part in moves:
        moving[parts[part]] = 1
    return moving


def _draw(rng: np.random.Generator, start: Start, shape: tuple[int, ...], num_classes: int) -> np.ndarray:
    if start == "normal":
        return rng.standard_normal(shape)
    if start == "uniform":
        return rng.uniform(-1, 1, shape) / np.sqrt(num_classes)
    return np.zeros(shape)
