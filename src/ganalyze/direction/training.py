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
from ganalyze.direction.transformer import Transformer
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.contract import Assessor, Generator, parts_of, truncation_of
from ganalyze.models.generators import GENERATORS
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.records import sha256_of
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.progress import progress
from ganalyze.support.randomness import stream, truncated_normal

_say = logging.getLogger(__name__).info


def ganalyze_loss(
    generator: Generator,
    assessor: Assessor,
    z: Tensor,
    moved: Tensor,
    y: Tensor,
    alpha: Tensor,
    held: Sequence[tuple[Assessor, float]] = (),
) -> Tensor:
    """Mean over the batch of (A(G(T(z, α), y)) − (A(G(z, y)) + α))² (Eq. 1), and, which the paper has not, for each
    (assessor B, weight) in `held` weight times the mean of (B(G(T(z, α), y)) − B(G(z, y)))².

    z (N, z_dim), moved: T(z, α), y (N,) class indices, alpha (N,). The seed's own scores do not depend on θ: no
    gradient there.
    """
    with torch.no_grad():
        seeds = generator(z, y)
        target = assessor(seeds) + alpha
        before = [other(seeds) for other, _ in held]
    images = generator(moved, y)
    loss = (assessor(images).float() - target.float()).square().mean()
    for (other, weight), score in zip(held, before, strict=True):
        loss = loss + weight * (other(images).float() - score.float()).square().mean()
    return loss


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

    with progress(training.samples, "sample", study, initial=training.samples_after(len(losses))) as bar:
        for step in range(len(losses), training.steps):
            batch = draw_batch(training, step, z_dim, num_classes, study=study, seed=seed)
            z, y, alpha = (values.to(compute.device) for values in batch)
            if training.gradients == "zeroed":
                optimizer.zero_grad()
            z = truncation * z
            moved = transformer(z, y, alpha)  # all of them together: rescaling may depend on the batch
            gradient, losses_of_parts = torch.zeros_like(moved), []
            for part in torch.arange(len(z)).split(training.at_once or len(z)):
                share, leaf = len(part) / len(z), moved[part].detach().requires_grad_()
                with compute.autocast():
                    part_loss = share * ganalyze_loss(generator, assessor, z[part], leaf, y[part], alpha[part], held)
                (gradient[part],) = torch.autograd.grad(part_loss * compute.loss_scale, leaf)
                losses_of_parts.append(part_loss.detach())
            loss = float(sum(losses_of_parts))  # at the end: a GPU is waited for once a step
            if not math.isfinite(loss):
                raise GanalyzeError(f"the loss of study {study} is {loss} at step {step}: lower the learning rate")
            moved.backward(gradient)
            optimizer.step()
            losses.append(loss)
            bar.set_postfix(loss=f"{losses[-1]:.4f}", refresh=False)
            bar.update(len(z))
            checkpoints, between = divmod(len(losses), training.checkpoint_every)
            last = len(losses) == training.steps
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
        **{file: sha256_of(weights.path(file)) for card in cards for file in card.files},
        **{file: sha256_of(file) for card in cards for file in card.own_files},
    }
