"""Learning the direction θ (paper §2.1, Eq. 1, and §2.2).

Every step draws its batch from a stream named by the step's number, so a run that was killed and started again
goes through the very same batches.
"""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd
import torch
from torch import Tensor, nn

from ganalyze.direction.transformer import Direction, Rescaling, TransformerOptions, transform
from ganalyze.models.compute import Compute
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole
from ganalyze.support.progress import progress
from ganalyze.support.randomness import stream, truncated_normal


@dataclass(frozen=True)
class TrainingOptions:
    """How θ is learnt; the paper's values in brackets (§2.2).

    samples: z vectors seen in all (400,000). batch_size: z vectors a step (4). learning_rate: Adam's (2e-4 in the
    authors' code). alpha_max: α is uniform in ±alpha_max (0.5). seed, study: name the random streams.
    checkpoint_every: steps between checkpoints. gradients: "zeroed" before each step, or "accumulated" over all of
    them: the authors' published results for valence came about so. transformer: what is learnt.
    """

    samples: int
    batch_size: int
    learning_rate: float
    alpha_max: float
    seed: int
    study: str
    checkpoint_every: int
    gradients: Literal["zeroed", "accumulated"] = "zeroed"
    transformer: TransformerOptions = field(default_factory=TransformerOptions)

    def __post_init__(self) -> None:
        for name in ("samples", "batch_size", "learning_rate", "alpha_max", "checkpoint_every"):
            if not getattr(self, name) > 0:
                raise GanalyzeError(f"{name} of study {self.study!r}: got {getattr(self, name)}, must be above 0")
        if self.gradients not in ("zeroed", "accumulated"):
            raise GanalyzeError(f"gradients of study {self.study!r}: got {self.gradients!r}, not zeroed or accumulated")

    @property
    def steps(self) -> int:
        return -(-self.samples // self.batch_size)


def ganalyze_loss(
    generator: nn.Module,
    assessor: nn.Module,
    theta: Tensor,
    z: Tensor,
    y: Tensor,
    alpha: Tensor,
    rescaling: Rescaling = "none",
) -> Tensor:
    """Mean over the batch of (A(G(T(z, α), y)) − (A(G(z, y)) + α))² (Eq. 1).

    z (N, z_dim), y (N,) class indices, alpha (N,); theta and rescaling as `transform` takes them. The seed's own score
    does not depend on θ: no gradient there.
    """
    with torch.no_grad():
        target = assessor(generator(z, y)) + alpha
    score = assessor(generator(transform(z, y, alpha, theta, rescaling), y))
    return (score.float() - target.float()).square().mean()


def draw_batch(options: TrainingOptions, step: int, z_dim: int, num_classes: int) -> tuple[Tensor, Tensor, Tensor]:
    """The batch of step `step` (from 0): z (N, z_dim) truncated normal, y (N,) and α (N,) uniform (§2.2)."""
    rng = stream(options.seed, options.study, "training", step)
    size = min(options.batch_size, options.samples - step * options.batch_size)
    z = truncated_normal(rng, (size, z_dim))
    alpha = rng.uniform(-options.alpha_max, options.alpha_max, size)
    y = rng.integers(num_classes, size=size)
    return torch.from_numpy(z), torch.from_numpy(y), torch.from_numpy(alpha).float()


def train_direction(
    generator: nn.Module,
    assessor: nn.Module,
    options: TrainingOptions,
    compute: Compute,
    checkpoint: Path,
    models: dict[str, str],
    say: Callable[[str], None] = print,
) -> tuple[Tensor, pd.DataFrame]:
    """Train θ with Adam; return θ, (z_dim,) or (classes, z_dim), on the CPU and the loss log (step, samples, loss).

    Goes on from `checkpoint` where it is of the same training (options, `models`' weights, code); another's is
    set aside with a word. `models` names the networks and the hashes of their weights. Raises GanalyzeError where
    the loss is not finite.
    """
    device = compute.device
    start = stream(options.seed, options.study, "direction")
    direction = Direction(options.transformer, generator.z_dim, generator.num_classes, start).to(device)
    optimizer = torch.optim.Adam(direction.parameters(), lr=options.learning_rate)
    truncation = getattr(generator, "truncation", 1.0)
    losses: list[float] = []

    fingerprint = _fingerprint(options, compute, models)
    saved = _load_checkpoint(checkpoint, fingerprint, say)
    if saved:
        direction.load_state_dict(saved["direction"])
        for parameter, gradient in zip(direction.parameters(), saved["gradients"], strict=True):
            parameter.grad = gradient.to(device)
        optimizer.load_state_dict(saved["optimizer"])
        losses = saved["losses"]
        say(f"going on from step {len(losses)} of {options.steps}")

    done = min(len(losses) * options.batch_size, options.samples)
    with progress(options.samples, "sample", options.study, initial=done) as bar:
        for step in range(len(losses), options.steps):
            z, y, alpha = (x.to(device) for x in draw_batch(options, step, generator.z_dim, generator.num_classes))
            with compute.autocast():
                loss = ganalyze_loss(
                    generator, assessor, direction(), truncation * z, y, alpha, options.transformer.rescaling
                )
            if not torch.isfinite(loss):
                raise GanalyzeError(
                    f"the loss of study {options.study} is {loss.item()} at step {step}: lower the learning rate"
                )
            _add_gradients(direction, loss, options.gradients == "accumulated", compute.loss_scale)
            optimizer.step()
            losses.append(loss.item())
            bar.set_postfix(loss=f"{losses[-1]:.4f}", refresh=False)
            bar.update(len(z))
            if len(losses) % options.checkpoint_every == 0 or len(losses) == options.steps:
                _save_checkpoint(checkpoint, fingerprint, direction, optimizer, losses)

    steps = range(1, len(losses) + 1)
    samples = [min(step * options.batch_size, options.samples) for step in steps]
    return direction().detach().cpu(), pd.DataFrame({"step": steps, "samples": samples, "loss": losses})


def _add_gradients(direction: Direction, loss: Tensor, accumulate: bool, scale: float) -> None:
    """Set the gradients of the loss, or add them to those of the steps before. `scale` keeps them from vanishing in
    half precision on their way back."""
    parameters = list(direction.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss * scale, parameters), strict=True):
        gradient = gradient / scale
        parameter.grad = parameter.grad + gradient if accumulate and parameter.grad is not None else gradient


def _fingerprint(options: TrainingOptions, compute: Compute, models: dict[str, str]) -> str:
    """What a checkpoint must share with a training to be continued by it: settings, weights and code."""
    settings = asdict(options) | {key: str(value) for key, value in asdict(compute).items()}
    del settings["checkpoint_every"]  # changes nothing in the result
    digest = hashlib.sha256(json.dumps([settings, models], sort_keys=True).encode())
    for file in _sources():
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _sources() -> list[Path]:
    """The files of all code in use that is ours or the user's own, in the folder where they work."""
    ours = (Path(__file__).parent, Path.cwd())
    files = {Path(file).resolve() for module in [*sys.modules.values()] if (file := getattr(module, "__file__", None))}
    return sorted(
        file
        for file in files
        if file.suffix == ".py"
        and "site-packages" not in file.parts
        and file.is_file()
        and any(file.is_relative_to(folder) for folder in ours)
    )


def _save_checkpoint(path: Path, fingerprint: str, direction: Direction, optimizer, losses: list[float]) -> None:
    state = {"direction": direction.state_dict(), "gradients": [p.grad for p in direction.parameters()]}
    state |= {"optimizer": optimizer.state_dict(), "losses": losses}
    with written_whole(path) as temporary:
        torch.save(state | {"fingerprint": fingerprint}, temporary)


def _load_checkpoint(path: Path, fingerprint: str, say: Callable[[str], None]) -> dict | None:
    if not path.exists():
        return None
    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
    except Exception:  # torch raises half a dozen kinds for a broken file; whichever, we start over
        say(f"{path} cannot be read: training starts over")
        return None
    if saved.get("fingerprint") != fingerprint:
        say(f"{path} is of other settings, weights or code: training starts over")
        return None
    return saved
