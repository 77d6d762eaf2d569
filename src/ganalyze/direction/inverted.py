"""The stored form of an inverted photograph: a z whose image is (nearly) the photograph, and what no z has."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole


@dataclass(frozen=True)
class Inverted:
    """A photograph as a generator makes it.

    z (z_dim,), before truncation. residual: what is added to it in every move, of the generator's `residual_shape`, or
    None. about: which photograph, generator and weights.
    """

    z: Tensor
    class_id: int = 0
    residual: Tensor | None = None
    about: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path | str) -> None:
        """Store it as safetensors."""
        tensors = {"z": self.z} if self.residual is None else {"z": self.z, "residual": self.residual}
        about = {**self.about, "class_id": self.class_id}
        with written_whole(path) as temporary:
            contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
            save_file(contiguous, temporary, metadata={"about": json.dumps(about)})

    @classmethod
    def load(cls, path: Path | str, z_dim: int, residual_shape: tuple[int, ...] | None) -> "Inverted":
        """The photograph stored at `path`, on the CPU. Raises GanalyzeError where the file is missing or broken, or is
        not for a generator with such a z and residual."""
        try:
            with safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dictionary)
                about = json.loads((file.metadata() or {}).get("about", "{}"))
        except FileNotFoundError:
            raise GanalyzeError(f"inverted photograph {path} not found: invert it first") from None
        except (SafetensorError, OSError, json.JSONDecodeError) as error:
            raise GanalyzeError(f"inverted photograph {path} is not a readable safetensors file: {error}") from None
        if "z" not in tensors or not isinstance(about, dict) or not isinstance(about.get("class_id"), int):
            raise GanalyzeError(
                f"{path} is no inverted photograph: it lacks z or class_id; invert the photograph again"
            )
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        fits = shapes["z"] == (z_dim,) and shapes.get("residual") in (None, residual_shape)
        if not fits:
            raise GanalyzeError(f"inverted photograph {path} is for another generator: invert the photograph again")
        return cls(tensors["z"], about.pop("class_id"), tensors.get("residual"), about)


def photographed_seeds(inverted: list[Inverted]) -> pd.DataFrame:
    """Seeds as `draw_seeds` gives them, one a photograph, in order."""
    places = range(len(inverted))
    return pd.DataFrame({"seed_id": places, "class_id": [one.class_id for one in inverted], "z_index": places})
