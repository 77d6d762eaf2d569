"""Between the images that networks see and the pixels that are stored, and from one size to another."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def to_pixels(images: Tensor) -> np.ndarray:
    """Images (N, 3, H, W) in [-1, 1] as pixels (N, H, W, 3) uint8."""
    scaled = ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_images(pixels: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """Pixels (N, H, W, 3) uint8 as images (N, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1


def resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images (N, C, H, W) resized to (height, width) `size`, bilinearly, antialiased where that shrinks them; at least
    in float32."""
    images = images.to(torch.promote_types(images.dtype, torch.float32))  # it cannot be done in half precision
    if images.shape[-2:] == size:
        return images
    return F.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def as_image(mask: np.ndarray) -> np.ndarray:
    """A mask (H, W) bool as pixels (H, W) uint8: white is subject."""
    return mask.astype(np.uint8) * 255
