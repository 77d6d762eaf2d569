"""Where and how the networks run: device, threads, precision. Said once by the configuration."""

import ctypes
import os
import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Positive, Settings

if TYPE_CHECKING:  # torch takes seconds to import, and the workflow only reads the settings
    from torch import Tensor, nn

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
    """Where and how networks run. None of it is part of what is measured, but sums may differ in their last digits.

    On a CUDA device float32 means float32, as on the CPU: TensorFloat-32, which PyTorch allows convolutions and which
    keeps 10 bits of fraction of their inputs (float32 has 23), is off. bf16 keeps 7 bits, of what goes into matrix
    products and convolutions and of what comes out; fp16 keeps 10, up to 65,504, and losses are scaled for their
    gradients. All sum in float32.

    The same device, driver and packages give the same bytes again: of kernels that sum in no fixed order none is taken
    where PyTorch has another, and where it has none it warns. Mask R-CNN's gradients have none.
    """

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
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        if self.on_cuda:
            torch.cuda.set_device(torch.empty(0, device=self.device).device)
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS may sum in another order
            torch.use_deterministic_algorithms(True, warn_only=True)
            torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # costs time alone
        return self

    @property
    def on_cuda(self) -> bool:
        """Whether the device is one of CUDA's."""
        return self.device.startswith("cuda")

    @property
    def threads_for_images(self) -> int:
        """Threads that read and write images while networks run: all of the job's, or one where networks need them."""
        return self.threads if self.on_cuda else 1

    def send(self, values: "Tensor") -> "Tensor":
        """Values in the CPU's memory, on the device. Nobody waits for CUDA devices to fetch them."""
        return values.pin_memory().to(self.device, non_blocking=True) if self.on_cuda else values.to(self.device)

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

        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(self.precision)
        return torch.autocast(torch.device(self.device).type, dtype=dtype, enabled=dtype is not None)
