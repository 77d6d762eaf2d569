"""Masks of the subject without a network: GrabCut (Rother, Kolmogorov & Blake, SIGGRAPH 2004) on images whose subject
fills the frame's centre. It sees one image's colours at a time and sometimes fails: `is_plausible` tells."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ganalyze.images.pixels import to_pixels
from ganalyze.support.progress import progress

SIDE = 64  # pixels, of the images that GrabCut and the U-Net see


def grabcut(pixels: np.ndarray) -> np.ndarray:
    """The mask (64, 64) bool that GrabCut cuts from an image (64, 64, 3) uint8; it depends on the image alone.

    The prior: a subject in the centre, which may leave the frame at the bottom as a neck does, never at the top
    or the sides. Of what GrabCut finds, the piece at the centre counts, with its holes filled.
    """
    import cv2  # here, since segmenting with a finished network does without

    mask = np.full((SIDE, SIDE), cv2.GC_PR_BGD, np.uint8)
    mask[_ellipse(0.34, 0.44)] = cv2.GC_PR_FGD
    mask[_ellipse(0.17, 0.23)] = cv2.GC_FGD
    mask[:2], mask[:, :2], mask[:, -2:] = (cv2.GC_BGD,) * 3
    cv2.setRNGSeed(0)  # GrabCut starts from random clusters
    cv2.grabCut(pixels, mask, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    subject = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, pieces = cv2.connectedComponents(subject, connectivity=4)
    piece = (pieces == pieces[SIDE // 2, SIDE // 2]).astype(np.uint8)
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros_like(piece), outlines, -1, 1, cv2.FILLED).astype(bool)


def is_plausible(mask: np.ndarray) -> bool:
    """Whether GrabCut's mask (H, W) can be a subject: it covers 18 % to 70 % of the image and at least 80 % of its
    own convex hull. Smaller ones are a nose or a cheek; larger or ragged ones have spread into the background."""
    import cv2

    area = np.count_nonzero(mask)
    if not 0.18 <= area / mask.size <= 0.7:
        return False
    hull = cv2.convexHull(np.argwhere(mask).astype(np.int32))
    filled = cv2.fillConvexPoly(np.zeros(mask.shape[::-1], np.uint8), hull, 1)  # (row, column) points: transposed
    return bool(area / np.count_nonzero(filled) >= 0.8)


def grabcut_masks(images: Tensor, label: str) -> np.ndarray:
    """The GrabCut masks (N, 64, 64) bool of images (N, 3, 64, 64) in [-1, 1]. Torch's number of threads work on them,
    which changes no result. `label` is what the progress is called."""
    masks = []
    with ThreadPoolExecutor(torch.get_num_threads()) as pool, progress(len(images), "image", label) as bar:
        for mask in pool.map(grabcut, to_pixels(images)):
            masks.append(mask)
            bar.update()
    return np.stack(masks)


def _ellipse(half_width: float, half_height: float) -> np.ndarray:
    """Pixels (64, 64) bool in an ellipse, its half axes as shares of the frame, a little below the centre."""
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    return ((x - 0.5) / half_width) ** 2 + ((y - 0.52) / half_height) ** 2 < 1
