"""The transformer T(z, α) = z + αθ (paper Eq. 2), and the stored form of its direction θ."""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ganalyze.errors import GanalyzeError, written_whole


def one_direction(z: Tensor, alpha: Tensor, theta: Tensor) -> Tensor:
    """Move each z (N, z_dim) by its alpha (N,) along the direction θ (z_dim,): T(z, α) = z + αθ (Eq. 2)."""
    return z + alpha[:, None] * theta


def save_direction(theta: Tensor, path: Path | str, about: dict) -> None:
    """Store θ as safetensors, with what it was trained on (`about`) in the file's metadata."""
    with written_whole(path) as temporary:
        save_file({"theta": theta.detach().cpu().contiguous()}, temporary, metadata={"about": json.dumps(about)})


def load_direction(path: Path | str, z_dim: int | None = None) -> tuple[Tensor, dict]:
    """θ (z_dim,) and what it was trained on.

    Raises GanalyzeError where the file is missing or broken, or θ is not as long as the generator's `z_dim`.
    """
    try:
        with safe_open(path, framework="pt") as file:
            theta, about = file.get_tensor("theta"), json.loads((file.metadata() or {}).get("about", "{}"))
    except FileNotFoundError:
        raise GanalyzeError(f"direction {path} not found: train it first (scripts/train_direction.py)") from None
    except (SafetensorError, OSError) as error:
        raise GanalyzeError(f"direction {path} is not a readable safetensors file: {error}") from None
    if z_dim is not None and theta.shape != (z_dim,):
        raise GanalyzeError(f"direction {path} has shape {tuple(theta.shape)}, this generator needs ({z_dim},)")
    return theta, about
