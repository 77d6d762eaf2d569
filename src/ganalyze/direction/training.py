"""Learning the direction θ (paper §2.1, Eq. 1, and §2.2).

Every step draws its batch from a stream named by the step's number, so a run that was killed and started again
goes through the very same batches.
"""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from ganalyze.direction.checkpoints import Checkpoint, fingerprint
from ganalyze.direction.settings import Objective, Training, TransformerSettings
from ganalyze.direction.steps import BatchLoss
from ganalyze.direction.transformer import Transformer
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.contract import Assessor, Generator, parts_of, truncation_of
from ganalyze.models.generators import GENERATORS
from ganalyze.models.weights.files import Weights
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import hash_of
from ganalyze.support.progress import progress
from ganalyze.support.randomness import stream, truncated_normal

_UNREAD = 100  # losses at most; on the CPU each is read at its step
_say = logging.getLogger(__name__).info


def draw_batch(
    training: Training, step: int, z_dim: int, num_classes: int, *, study: str, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The batch of step `step` (from 0): z (N, z_dim) truncated normal, y (N,) and α (N,) uniform (§2.2)."""
    rng = stream(seed, study, "training", step)
    size = training.samples_after(step + 1) - training.samples_after(step)
    z = truncated_normal(rng, (size, z_dim))
    alpha = rng.uniform(-training.alpha_max, training.alpha_max, size)
    y = rng.integers(num_classes, size=size)
    return torch.from_numpy(z), torch.from_numpy(y), torch.from_numpy(alpha).float()


def train_direction(
    generator: Generator,
    assessor: Assessor,
    training: Training,
    transformer_settings: TransformerSettings,
    compute: Compute,
    *,
    study: str,
    seed: int,
    checkpoint: Path | None = None,
    models: Mapping[str, Any] | None = None,
    held: Sequence[tuple[Assessor, float]] = (),
    say: Callable[[str], None] = _say,
) -> tuple[Transformer, pd.DataFrame, dict[int, Tensor]]:
    """Train θ with Adam; return its transformer, on the device, the loss log (step, samples, loss), and θ on its way,
    by the samples seen: whenever the number of checkpoints has doubled, and at the end.

    study and seed name the random streams; held: other scores that are to stay, each with its weight. Goes on from the
    file `checkpoint` where it is of the same training (settings, `models`, code); another's is set aside with a word.
    Raises GanalyzeError where the loss is not finite, z lacks a part that is to move, or nothing was learnt: θ is 0.
    """
    z_dim, num_classes, truncation = generator.z_dim, generator.num_classes, truncation_of(generator)
    start = stream(seed, study, "direction")
    transformer = Transformer(transformer_settings, z_dim, num_classes, start, parts_of(generator))
    transformer.to(compute.device)
    for parameter in transformer.parameters():  # so that gradients do not vanish in half precision on their way back
        parameter.register_hook(lambda gradient: gradient / compute.loss_scale)
    optimizer = torch.optim.Adam(transformer.parameters(), lr=training.learning_rate)

    facts = {"study": study, "seed": seed, "models": models, "held": [weight for _, weight in held]}
    same = fingerprint(training, transformer_settings, compute, **facts)
    state = Checkpoint(checkpoint, same, transformer, optimizer)
    losses = state.restore(say)
    if losses:
        say(f"going on from step {len(losses)} of {training.steps}")

    def batch_of(step: int) -> tuple[Tensor, Tensor, Tensor]:
        batch = draw_batch(training, step, z_dim, num_classes, study=study, seed=seed)
        z, y, alpha = map(compute.send, batch)
        return truncation * z, y, alpha

    loss_of = BatchLoss(generator, assessor, held, training, compute)
    if len(losses) < training.steps:
        loss_of.record(*batch_of(0), say)
    unread: list[Tensor] = []  # losses that are still on the device: to read one is to wait for it
    with progress(training.samples, "sample", study, initial=training.samples_after(len(losses))) as bar:
        for step in range(len(losses), training.steps):
            z, y, alpha = batch_of(step)
            if training.gradients == "zeroed":
                optimizer.zero_grad()
            moved = transformer(z, y, alpha)  # all of them together: rescaling may depend on the batch
            loss, gradient = loss_of(z, moved, y, alpha)
            moved.backward(gradient)
            optimizer.step()
            unread.append(loss)
            bar.update(len(z))
            checkpoints, between = divmod(step + 1, training.checkpoint_every)
            last = step + 1 == training.steps
            if between == 0 or last or len(unread) == (_UNREAD if compute.on_cuda else 1):
                losses += _read(unread, len(losses), study)
                unread.clear()
                bar.set_postfix(loss=f"{losses[-1]:.4f}", refresh=False)
            if between == 0 or last:
                if checkpoints & (checkpoints - 1) == 0 or last:
                    state.course[training.samples_after(len(losses))] = transformer.theta.detach().cpu().clone()
                state.save(losses)

    if not any(parameter.any() for parameter in transformer.parameters()):
        raise GanalyzeError(
            f"θ of study {study} is still 0: at every step the score's gradient was 0, as of an assessor that is "
            "constant or saturated"
        )
    steps = range(1, len(losses) + 1)
    samples = [training.samples_after(step) for step in steps]
    return transformer, pd.DataFrame({"step": steps, "samples": samples, "loss": losses}), state.course


def _read(losses: Sequence[Tensor], step: int, study: str) -> list[float]:
    """The losses of the steps from `step` on. Raises GanalyzeError at the first that is not finite."""
    values = torch.stack(list(losses)).tolist()
    for offset, loss in enumerate(values):
        if not math.isfinite(loss):
            raise GanalyzeError(f"the loss of study {study} is {loss} at step {step + offset}: lower the learning rate")
    return values


def describe_models(generator: GeneratorChoice, objective: Objective, weights: Weights) -> dict[str, Any]:
    """What a direction is trained on: the names of the networks, their options and what is held where there are any,
    and the sha256 of each of their weight files."""
    options = {
        "generator_options": generator.generator_options,
        "assessor_options": objective.assessor_options,
        "hold": [one.model_dump(exclude_defaults=True) for one in objective.held],
    }
    cards = [GENERATORS[generator.generator], *(one.card for one in (objective, *objective.held))]
    return {
        "generator": generator.generator,
        "assessor": objective.assessor,
        **{name: values for name, values in options.items() if values},
        **{file: hash_of(weights.path(file)) for card in cards for file in card.files},
        **{file: hash_of(file) for card in cards for file in card.own_files},
    }
