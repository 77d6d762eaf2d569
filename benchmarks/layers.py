"""Which layers of a training step (BigGAN-256 and EmoNet, random weights) take the time in float32 and in bf16, memory
kept, and how fast each kind of them computes."""

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from apart import KEEP_MEMORY, run_apart
from pydantic import Field
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry
from training import make_networks, ours, train

from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Positive, Settings

_STEPS = 2


class Arguments(Settings):
    """What is measured, and on what."""

    width: Positive = Field(default=96, description="of BigGAN-256; 96 is the published one")
    threads: Positive = Field(default=2, description="of the CPU")


def main(arguments: Arguments) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))  # what makes the weights is in the tests
    with tempfile.TemporaryDirectory() as folder:
        run_apart(make_networks, folder, arguments.width)
        coarse, fine = (
            run_apart(timed_step, folder, precision, arguments.threads, environment=KEEP_MEMORY).result
            for precision in ("bf16", "float32")
        )
    print("| layers | Tflop | float32: s | Tflop/s | bf16: s | Tflop/s | × |\n|---|---|---|---|---|---|---|")
    rows = {kind: (fine[kind], coarse[kind]) for kind in sorted(fine | coarse, key=lambda kind: -fine[kind][0])}
    whole = tuple([sum(values) for values in zip(*times.values(), strict=True)] for times in (fine, coarse))
    for kind, ((seconds, flop), (less, same)) in {**rows, "a step": whole}.items():
        rates = [f"{flop / seconds / 1e12:.2f}", f"{same / less / 1e12:.2f}"] if flop else ["", ""]
        operations = f"{flop / 1e12:.3f}" if flop else ""
        print(
            f"| {kind} | {operations} | {seconds:.2f} | {rates[0]} | {less:.2f} | {rates[1]} | {seconds / less:.1f} |"
        )


def timed_step(folder: str, precision: str, threads: int) -> dict[str, tuple[float, float]]:
    """Of each kind of layer: seconds a step, and floating-point operations."""
    loss_of, theta = ours(folder, precision, threads)
    train(loss_of, theta, 1, threads)
    with Timed() as timed:
        train(loss_of, theta, _STEPS - 1, threads)  # and one before its clock
    return {kind: (seconds / _STEPS, operations / _STEPS) for kind, (seconds, operations) in timed.sums.items()}


class Timed(TorchDispatchMode):
    """Sums what PyTorch's operations take, where they are computed at once, as on a CPU: seconds, and floating-point
    operations, by kind of layer."""

    def __init__(self) -> None:
        super().__init__()
        self.sums: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        begun = time.perf_counter()
        result = func(*args, **(kwargs or {}))
        seconds = time.perf_counter() - begun
        count = flop_registry.get(func.overloadpacket)
        operations = count(*args, **(kwargs or {}), out_val=result) if count else 0
        kind = _kind(func.overloadpacket, args)
        self.sums[kind] = self.sums[kind][0] + seconds, self.sums[kind][1] + operations
        return result


def _kind(operation: Any, args: Sequence[Any]) -> str:
    """Of which kind of layer an operation is."""
    aten = torch.ops.aten
    if operation in (aten.convolution, aten.convolution_backward):
        weight, transposed = (args[1], args[6]) if operation == aten.convolution else (args[2], args[7])
        name = f"{'transposed ' * transposed}convolution {weight.shape[2]}×{weight.shape[3]}"
        return name if operation == aten.convolution else f"gradient of {name}"
    if operation in (aten.mm, aten.bmm, aten.addmm):
        return "matrix products: attention, styles"
    if operation in (aten._softmax, aten._softmax_backward_data):
        return "softmax of attention, and its gradient"
    return "everything else: sums, ReLU, copies, resizing"


if __name__ == "__main__":
    run_command(main)
