"""From a segmenter's soft masks to masks."""

import numpy as np
import torch
from torch import Tensor

from ganalyze.models.compute import Compute
from ganalyze.models.contract import Segmenter
from ganalyze.models.segmenters import THRESHOLD


def segment(segmenter: Segmenter, images: Tensor, compute: Compute) -> np.ndarray:
    """The binary masks (N, H, W) bool of images (N, 3, H, W) in [-1, 1]."""
    with torch.no_grad(), compute.autocast():
        return (segmenter(images.to(compute.device)) > THRESHOLD).cpu().numpy()
