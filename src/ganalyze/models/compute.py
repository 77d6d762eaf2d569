"""Where and how the networks run: device, threads, precision. Said once by the configuration."""

from argparse import ArgumentParser, Namespace
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import nn

from ganalyze.support.errors import GanalyzeError

PRECISIONS = {"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
MEMORY_FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


@dataclass(frozen=True)
class Compute:
    """Device ("cpu", "cuda", "cuda:1", …), precision ("float32", or "bf16" or "fp16" autocast), the order in which
    convolutions hold their channels, and whether torch compiles the networks first."""

    device: torch.device
    precision: str
    memory_format: str = "contiguous"
    compile: bool = False

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Add --weights-dir, --device, --threads, --precision, --memory-format and --compile to a script that runs
        networks."""
        parser.add_argument("--weights-dir", default="weights", help="default: %(default)s")
        parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, …; default: %(default)s")
        parser.add_argument("--threads", type=int, default=2, help="CPU threads; default: %(default)s")
        parser.add_argument("--precision", choices=PRECISIONS, default="float32", help="default: %(default)s")
        parser.add_argument(
            "--memory-format",
            choices=MEMORY_FORMATS,
            default="contiguous",
            help="of convolutions; default: %(default)s",
        )
        parser.add_argument("--compile", action="store_true", help="compile the networks first; needs a C++ compiler")

    @classmethod
    def from_arguments(cls, arguments: Namespace) -> "Compute":
        return cls.prepare(
            arguments.device, arguments.threads, arguments.precision, arguments.memory_format, arguments.compile
        )

    @classmethod
    def prepare(
        cls, device: str, threads: int, precision: str, memory_format: str = "contiguous", compile: bool = False
    ) -> "Compute":
        """Set up torch for one job. Raises GanalyzeError where the device is not to be had.

        The thread count comes from the configuration, not from what the machine has: sums are split by thread, so
        another count may change last digits.
        """
        try:
            torch.empty(0, device=device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise GanalyzeError(f"device {device!r} cannot be used: {reason}; set device: cpu") from None
        torch.set_num_threads(threads)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        return cls(torch.device(device), precision, memory_format, compile)

    @property
    def loss_scale(self) -> float:
        """What to multiply a loss by before its gradients are taken: half precision has no numbers below 6e-8."""
        return 2.0**12 if self.precision == "fp16" else 1.0

    def tuned(self, model: nn.Module) -> nn.Module:
        """The model itself, in the chosen memory format and to be compiled where that is asked for. Scores and images
        stay the same to the rounding of the precision."""
        if self.memory_format != "contiguous":
            model.to(memory_format=MEMORY_FORMATS[self.memory_format])
        if self.compile:
            model.compile()
        return model

    def autocast(self) -> AbstractContextManager:
        """Run the networks' matrix products in the chosen precision."""
        dtype = PRECISIONS[self.precision]
        return torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not torch.float32)
