"""Where and how the networks run: device, threads, precision. Said once by the configuration."""

import ctypes
import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Positive, Settings

if TYPE_CHECKING:  # torch takes seconds to import, and the workflow only reads the settings
    from torch import nn

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # glibc's names for what `mallopt` sets


def keep_memory() -> None:
    """Let the process keep the large blocks that it frees, as jobs of the workflow do by their environment
    (workflow/rules/common.smk). glibc gives them back to the system after every layer of a network, and to fetch them
    again costs more than the arithmetic. Without glibc, nothing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, -1)


class Compute(Settings):
    """Where and how networks run. None of it is part of what is measured, but sums may differ in their last digits."""

    device: str = Field(default="cpu", pattern=r"^(cpu|cuda(:\d+)?|mps)$", description="cpu, cuda or cuda:N")
    threads: Positive = Field(default=2, description="CPU threads of a job that runs networks")
    precision: Literal["float32", "bf16", "fp16"] = Field(default="float32", description="of the networks' arithmetic")
    memory_format: Literal["contiguous", "channels_last"] = Field(default="contiguous", description="of convolutions")
    compile: bool = Field(
        default=False, description="the networks, by torch.compile, before they run; needs a C++ compiler"
    )

    def prepare(self) -> "Compute":
        """Set up torch for one job. Raises GanalyzeError where the device is not to be had.

        The thread count comes from the configuration, not from what the machine has: sums are split by thread, so
        another count may change last digits.
        """
        import torch

        try:
            torch.empty(0, device=self.device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise GanalyzeError(f"device {self.device!r} cannot be used: {reason}; set device: cpu") from None
        torch.set_num_threads(self.threads)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        return self

    @property
    def loss_scale(self) -> float:
        """What to multiply a loss by before its gradients are taken: half precision has no numbers below 6e-8."""
        return 2.0**12 if self.precision == "fp16" else 1.0

    def tuned(self, model: "nn.Module") -> "nn.Module":
        """The model itself, in the chosen memory format and to be compiled where that is asked for. Scores and images
        stay the same to the rounding of the precision."""
        import torch

        if self.memory_format == "channels_last":
            model.to(memory_format=torch.channels_last)
        if self.compile:
            model.compile()
        return model

    def autocast(self) -> AbstractContextManager[Any]:
        """Run the networks' matrix products in the chosen precision."""
        import torch

        dtype = {"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[self.precision]
        return torch.autocast(torch.device(self.device).type, dtype=dtype, enabled=dtype is not torch.float32)
