"""What the cores of this machine reach at best."""

import torch
from apart import best_time
from torch.nn import functional as F


@torch.no_grad()
def peak_rates(precision: str, threads: int) -> dict[str, float]:
    """Floating-point operations a second of what is computed fastest: a large matrix product, a large convolution.
    precision: float32 or bf16."""
    torch.set_num_threads(threads)
    dtype = {"float32": torch.float32, "bf16": torch.bfloat16}[precision]
    size, channels, side = 4096, 256, 64
    a, b = (torch.randn(size, size, dtype=dtype) for _ in range(2))
    kernels = torch.randn(channels, channels, 3, 3, dtype=dtype)
    images = torch.randn(4, channels, side, side, dtype=dtype).to(memory_format=torch.channels_last)
    return {
        "matrix product": 2 * size**3 / best_time(lambda: a @ b),
        "convolution": 2 * kernels.numel() * 4 * side**2 / best_time(lambda: F.conv2d(images, kernels, padding=1)),
    }
