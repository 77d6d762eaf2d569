"""What the networks do at a step of the training: the loss (paper Eq. 1), and its gradient by the moved z."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from ganalyze.direction.settings import Training
from ganalyze.models.compute import Compute
from ganalyze.models.contract import Assessor, Generator, uncounted
from ganalyze.models.recording import Function, recorded


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


class BatchLoss:
    """`ganalyze_loss` of a batch with its gradient, as many z at once as `training` says."""

    def __init__(
        self,
        generator: Generator,
        assessor: Assessor,
        held: Sequence[tuple[Assessor, float]],
        training: Training,
        compute: Compute,
    ):
        self.generator, self.assessor, self.held = generator, assessor, held
        self.batch_size, self.compute = training.batch_size, compute
        self.at_once = min(training.at_once or self.batch_size, self.batch_size)
        self._whole_part: Function = partial(self._part, self.at_once / self.batch_size)

    def record(self, z: Tensor, y: Tensor, alpha: Tensor, say: Callable[[str], None]) -> None:
        """Have parts of `at_once` z replayed from now on where the device is CUDA's (`recorded`, whose `say` this is).
        z, y, alpha: any batch."""
        if self.compute.on_cuda:
            with uncounted(self.assessor, *(other for other, _ in self.held)):
                example = tuple(values[: self.at_once] for values in (z, z, y, alpha))
                self._whole_part = recorded(self._whole_part, example, say)

    def __call__(self, z: Tensor, moved: Tensor, y: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
        """The loss (), and its gradient (N, z_dim) by `moved` times `compute.loss_scale`; both stay on the device."""
        loss, gradients = torch.zeros(()), []
        for part in zip(*(values.split(self.at_once) for values in (z, moved.detach(), y, alpha)), strict=True):
            share = len(part[0]) / len(z)
            is_whole = (len(part[0]), len(z)) == (self.at_once, self.batch_size)
            gradient, part_loss = self._whole_part(*part) if is_whole else self._part(share, *part)
            gradients.append(gradient)
            loss = loss + part_loss
        return loss, torch.cat(gradients)

    def _part(self, share: float, *part: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient of a part, and its share of the loss."""
        z, moved, y, alpha = (values.clone() for values in part)
        moved.requires_grad_()
        with self.compute.autocast():
            loss = share * ganalyze_loss(self.generator, self.assessor, z, moved, y, alpha, self.held)
        (gradient,) = torch.autograd.grad(loss * self.compute.loss_scale, moved)
        return gradient, loss.detach()
