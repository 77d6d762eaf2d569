"""The transformer T(z, α) = z + αθ (paper Eq. 2), its variants, and the stored form of its direction θ.

- `one_direction` has one θ for all; `class_dependent` one for each class: a part that all share plus the class's own.
- *Rescaling* after the move is in the authors' code, not in the paper. `none` is Eq. 2. `per_seed` gives each z its
  own length back, as the TensorFlow half does (MemNet, AestheticsNet). `per_batch` gives the whole batch its length
  back, as the PyTorch half does (EmoNet): how far a z moves then depends on the others in its batch. It is kept to
  repeat those results; choose another.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole

Kind = Literal["one_direction", "class_dependent"]
Rescaling = Literal["none", "per_seed", "per_batch"]
Start = Literal["zeros", "normal", "uniform"]


@dataclass(frozen=True)
class TransformerOptions:
    """What is learnt. start: zeros (the authors' TensorFlow half); normal, of standard deviation 1 (their PyTorch half
    for one direction); uniform within ±1/√classes (the same for class-dependent directions)."""

    kind: Kind = "one_direction"
    rescaling: Rescaling = "none"
    start: Start = "zeros"

    def __post_init__(self) -> None:
        for name, allowed in (("kind", Kind), ("rescaling", Rescaling), ("start", Start)):
            given, known = getattr(self, name), get_args(allowed)
            if given not in known:
                raise GanalyzeError(f"{name} of the transformer: got {given!r}, allowed are {', '.join(known)}")


def transform(z: Tensor, y: Tensor, alpha: Tensor, theta: Tensor, rescaling: Rescaling = "none") -> Tensor:
    """Move each z (N, z_dim) by its alpha (N,) along θ: (z_dim,), or (classes, z_dim), of which y (N,) names a row."""
    moved = z + alpha[:, None] * (theta if theta.ndim == 1 else theta[y])
    if rescaling == "per_seed":
        return moved * (z.norm(dim=1, keepdim=True) / moved.norm(dim=1, keepdim=True))
    if rescaling == "per_batch":
        return moved * (z.norm() / moved.norm())
    return moved


class Direction(nn.Module):
    """θ while it is learnt: `shared` (z_dim,), and where directions depend on the class `own` (classes, z_dim)."""

    def __init__(self, options: TransformerOptions, z_dim: int, num_classes: int, rng: np.random.Generator):
        super().__init__()
        draw = {
            "zeros": np.zeros,
            "normal": rng.standard_normal,
            "uniform": lambda shape: rng.uniform(-1, 1, shape) / np.sqrt(num_classes),
        }[options.start]
        self.shared = nn.Parameter(torch.tensor(draw((z_dim,)), dtype=torch.float32))
        if options.kind == "class_dependent":
            self.own = nn.Parameter(torch.tensor(draw((num_classes, z_dim)), dtype=torch.float32))

    def forward(self) -> Tensor:
        """θ as `transform` takes it."""
        return self.shared + self.own if hasattr(self, "own") else self.shared


def save_direction(theta: Tensor, path: Path | str, about: dict) -> None:
    """Store θ as safetensors, with what it was trained on (`about`) in the file's metadata."""
    with written_whole(path) as temporary:
        save_file({"theta": theta.detach().cpu().contiguous()}, temporary, metadata={"about": json.dumps(about)})


def load_direction(path: Path | str, z_dim: int | None = None) -> tuple[Tensor, dict]:
    """θ, (z_dim,) or (classes, z_dim), and what it was trained on.

    Raises GanalyzeError where the file is missing or broken, or θ is not as long as the generator's `z_dim`.
    """
    try:
        with safe_open(path, framework="pt") as file:
            theta, about = file.get_tensor("theta"), json.loads((file.metadata() or {}).get("about", "{}"))
    except FileNotFoundError:
        raise GanalyzeError(f"direction {path} not found: train it first (scripts/train_direction.py)") from None
    except (SafetensorError, OSError) as error:
        raise GanalyzeError(f"direction {path} is not a readable safetensors file: {error}") from None
    if theta.ndim not in (1, 2) or (z_dim is not None and theta.shape[-1] != z_dim):
        raise GanalyzeError(f"direction {path} has shape {tuple(theta.shape)}, this generator needs ({z_dim},)")
    return theta, about
