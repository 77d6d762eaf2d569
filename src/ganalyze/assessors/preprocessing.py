"""What assessors do to an image before their network sees it, differentiably."""

from torch import Tensor


def to_unit_range(images: Tensor) -> Tensor:
    """From a generator's [-1, 1] to [0, 1], in float32: resizing knows no half precision."""
    return (images.float() + 1) / 2


def center_crop(images: Tensor, size: int) -> Tensor:
    """The central `size`×`size` pixels of images at least that large."""
    top, left = (round((extent - size) / 2) for extent in images.shape[-2:])
    return images[..., top : top + size, left : left + size]


def to_grey(images: Tensor) -> Tensor:
    """Luma (N, 1, H, W) of RGB images by the weights of ITU-R BT.601, in float32."""
    red, green, blue = images.float().split(1, dim=1)
    return 0.299 * red + 0.587 * green + 0.114 * blue
