"""What assessors do to an image before their network sees it, differentiably."""

from functools import cache

import torch
from torch import Tensor


def to_unit_range(images: Tensor) -> Tensor:
    """From a generator's [-1, 1] to [0, 1], at least in float32."""
    return (images.to(torch.promote_types(images.dtype, torch.float32)) + 1) / 2


def to_grey(images: Tensor) -> Tensor:
    """Luma (N, 1, H, W) of RGB images by the weights of ITU-R BT.601, in float32."""
    red, green, blue = images.float().split(1, dim=1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def to_pixel_range(images: Tensor, scale: int) -> Tensor:
    """From [-1, 1] to [0, 255], at least in float32. The authors multiply [0, 1] by 255 in the PyTorch half of their
    code and by 256 in the TensorFlow half (`scale`), where what then exceeds 255 is clipped."""
    return (to_unit_range(images) * scale).clamp(0, 255)


def standardised(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """Images (N, C, H, W) less `mean`, over `std`, both by channel: torchvision's `normalize`, which on a CUDA device
    waits for what is computed there."""
    centre, width = (_by_channel(values, images.dtype, images.device) for values in (mean, std))
    return (images - centre) / width


@cache  # so that they are sent to the device once
def _by_channel(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(values, dtype=dtype, device=device)[:, None, None]


def resize_tensorflow1(images: Tensor, size: int) -> Tensor:
    """Images (N, C, H, W) resized to `size`×`size` as TensorFlow 1's `tf.image.resize_images` does: bilinearly, pixel
    k taken at k·H/size of the source, not half a pixel further, and not antialiased."""
    for dim in (-2, -1):
        low, high, weight = _places(images.shape[dim], size, images.dtype, images.device)
        weight = weight.view((-1, 1) if dim == -2 else (-1,))
        images = torch.lerp(images.index_select(dim, low), images.index_select(dim, high), weight)
    return images


@cache  # likewise
def _places(extent: int, size: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    place = torch.arange(size, dtype=torch.float64) * (extent / size)
    low = place.long()
    high = (low + 1).clamp(max=extent - 1)
    return low.to(device), high.to(device), (place - low).to(device, dtype)


def ten_crops(images: Tensor, size: int) -> Tensor:
    """The four corners and the centre of images (N, C, H, W), each also mirrored: (10·N, C, size, size), an image's ten
    one after the other. The centre lies one pixel lower and to the right of the middle, as in the authors' code."""
    bottom, right = (extent - size for extent in images.shape[-2:])
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2 + 1, right // 2 + 1)]
    crops = torch.stack([images[..., top : top + size, left : left + size] for top, left in corners], dim=1)
    return torch.cat([crops, crops.flip(-1)], dim=1).flatten(0, 1)
