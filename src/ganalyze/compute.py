"""Where and how the networks run: device, threads, precision. Said once by the configuration."""

from argparse import ArgumentParser, Namespace
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from ganalyze.errors import GanalyzeError

PRECISIONS = {"float32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Compute:
    """Device ("cpu", "cuda", "cuda:1", …), CPU threads, and precision ("float32" or "bf16" autocast)."""

    device: torch.device
    precision: str

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        """Add --weights-dir, --device, --threads and --precision to a script that runs networks."""
        parser.add_argument("--weights-dir", default="weights", help="default: %(default)s")
        parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, …; default: %(default)s")
        parser.add_argument("--threads", type=int, default=2, help="CPU threads; default: %(default)s")
        parser.add_argument("--precision", choices=PRECISIONS, default="float32", help="default: %(default)s")

    @classmethod
    def from_arguments(cls, arguments: Namespace) -> "Compute":
        return cls.prepare(arguments.device, arguments.threads, arguments.precision)

    @classmethod
    def prepare(cls, device: str, threads: int, precision: str) -> "Compute":
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
        return cls(torch.device(device), precision)

    def autocast(self) -> AbstractContextManager:
        """Run the networks' matrix products in the chosen precision."""
        dtype = PRECISIONS[self.precision]
        return torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not torch.float32)
