"""Images whose subject is known, and a U-Net trained on them."""

import numpy as np
import pytest
import torch
from skimage.draw import ellipse
from torch import nn

from ganalyze.models.segmenters.distillation import train_unet


def heads(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 64, 64, 3) of bright ellipses before dark noise, and where they are (N, 64, 64)."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((count, 64, 64), bool)
    for mask in masks:
        mask[ellipse(*rng.integers(30, 38, 2), *rng.integers(20, 27, 2), (64, 64))] = True
    colour = rng.integers(140, 230, (count, 1, 1, 3))
    pixels = np.where(masks[..., None], colour, 60) + rng.integers(-20, 20, (count, 64, 64, 3))
    return pixels.astype(np.uint8), masks


def as_images(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


def is_bright(images: torch.Tensor) -> torch.Tensor:
    """A segmenter that is known: the soft mask is the brightness."""
    return (images.mean(dim=1) + 1) / 2


class Heads(nn.Module):
    """A generator whose images are `heads`, chosen by z."""

    z_dim, num_classes, class_names, image_size = 2, 3, ("a", "b", "c"), 64

    def forward(self, z, y):
        seeds = (z[:, 0].abs() * 1e6).long().tolist()
        return torch.cat([as_images(heads(1, seed)[0]) for seed in seeds])


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """Threads that wait for each other make such small work slower, many times so where the cores are busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="package")
def trained():
    """A U-Net trained on 64 heads."""
    pixels, masks = heads(64)
    return train_unet(as_images(pixels), torch.from_numpy(masks), epochs=12, seed=5)
