"""Masks of the subject: which pixels of an image show it.

A *segmenter* is a module from images (N, 3, H, W) in [-1, 1], of any size, to soft masks (N, H, W): each pixel's
probability, 0 to 1, of showing the subject. It is differentiable with respect to the image. A pixel above
`THRESHOLD` is in the subject's mask.

The small U-Net here (Ronneberger, Fischer & Brox, MICCAI 2015) needs no data but the generator: it learns from masks
that GrabCut (Rother, Kolmogorov & Blake, SIGGRAPH 2004) cuts from the generator's own images, where the subject fills
the frame's centre. GrabCut sees one image's colours at a time and sometimes fails; implausible masks are dropped by
the rule of `is_plausible`, and the network learns what the others have in common.
"""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ganalyze.errors import GanalyzeError, written_whole
from ganalyze.progress import progress
from ganalyze.randomness import stream, truncated_normal
from ganalyze.registry import Card, Registry
from ganalyze.weights import load_state

THRESHOLD = 0.5
UNET_FILE = "segmenter.safetensors"
SIDE = 64  # pixels, of the images that GrabCut and the U-Net see

SEGMENTERS = Registry(
    "segmenter",
    {
        "unet": Card(
            build="ganalyze.segmentation:load_unet",
            files=(UNET_FILE,),
            title="U-Net distilled from GrabCut",
            origin="trained by this run: scripts/train_segmenter.py",
            licence="MIT",
            reference="Ronneberger, Fischer & Brox, MICCAI 2015; Rother, Kolmogorov & Blake, SIGGRAPH 2004 (GrabCut)",
            note="Subject masks are those of a network that imitates GrabCut, not of people.",
        ),
    },
)


def load_segmenter(name: str, weights_dir, device):
    """Load the segmenter `name`. Raises GanalyzeError for an unknown name or unusable weights."""
    return SEGMENTERS.load(name, weights_dir, device)


# --- GrabCut -----------------------------------------------------------------------------------------------


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
    cv2.grabCut(pixels, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
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
    return area / np.count_nonzero(filled) >= 0.8


def grabcut_masks(images: Tensor, label: str, threads: int | None = None) -> np.ndarray:
    """The GrabCut masks (N, 64, 64) bool of images (N, 3, 64, 64) in [-1, 1], `threads` at a time (all cores by
    default; it changes no result). `label` is what the progress is called."""
    pixels = ((images + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool, progress(len(pixels), "image", label) as bar:
        masks = np.zeros(pixels.shape[:3], bool)
        for index, mask in enumerate(pool.map(grabcut, pixels)):
            masks[index] = mask
            bar.update()
    return masks


def _ellipse(half_width: float, half_height: float) -> np.ndarray:
    """Pixels (64, 64) bool in an ellipse, its half axes as shares of the frame, a little below the centre."""
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    return ((x - 0.5) / half_width) ** 2 + ((y - 0.52) / half_height) ** 2 < 1


# --- the U-Net ---------------------------------------------------------------------------------------------


def _block(n_in: int, n_out: int) -> nn.Sequential:
    """Two 3×3 convolutions; the image keeps its size."""
    layers: list[nn.Module] = []
    for n in (n_in, n_out):
        layers += [nn.Conv2d(n, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """A U-Net over 64, 32, 16 and 8 pixels, half a megabyte of weights. Images of other sizes are resized to 64×64,
    and their masks back."""

    def __init__(self, widths: Sequence[int] = (8, 16, 32, 64)):
        super().__init__()
        self.down = nn.ModuleList(_block(n_in, n_out) for n_in, n_out in pairwise((3, *widths)))
        self.up = nn.ModuleList(_block(n_in + n_out, n_out) for n_in, n_out in pairwise(reversed(widths)))
        self.last = nn.Conv2d(widths[0], 1, 1)
        self.to(memory_format=torch.channels_last)  # a third faster on a CPU

    def logits(self, images: Tensor) -> Tensor:
        """Log odds (N, 64, 64) of the pixels of images (N, 3, 64, 64)."""
        x, skipped = images, []
        for block in self.down:
            x = block(F.max_pool2d(x, 2) if skipped else x)
            skipped.append(x)
        skipped.pop()
        for block in self.up:
            x = block(torch.cat([F.interpolate(x, scale_factor=2), skipped.pop()], dim=1))
        return self.last(x).squeeze(1)

    def forward(self, images: Tensor) -> Tensor:
        """Soft masks (N, H, W) of images (N, 3, H, W) in [-1, 1]."""
        logits = self.logits(_resize(images.float(), (SIDE, SIDE)))
        return _resize(logits.float()[:, None], images.shape[-2:]).squeeze(1).sigmoid()


def _resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def load_unet(weights_dir: Path | str, device: torch.device | str) -> UNet:
    """The U-Net in `weights_dir`. Raises GanalyzeError where its file is missing, broken or of another network."""
    path = Path(weights_dir, UNET_FILE)
    try:
        state = load_file(path)
    except FileNotFoundError:
        raise GanalyzeError(f"segmenter {path} not found: train it first (scripts/train_segmenter.py)") from None
    except (SafetensorError, OSError) as error:
        raise GanalyzeError(f"segmenter {path} is not a readable safetensors file: {error}") from None
    model = UNet()
    load_state(model, state, path.name)
    return model


def save_unet(model: UNet, path: Path | str, about: dict) -> None:
    """Store the U-Net as safetensors, with how it was trained and how good it is (`about`) in the metadata."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    with written_whole(path) as temporary:
        save_file(state, temporary, metadata={"about": json.dumps(about)})


# --- training ----------------------------------------------------------------------------------------------


def draw_images(generator: nn.Module, count: int, seed: int, part: str, device: torch.device | str = "cpu") -> Tensor:
    """`count` images (count, 3, 64, 64) in [-1, 1] of the generator, on the CPU: z truncated normal, classes uniform.

    `part` ("training", "held-out") names the random streams. More images begin with the same ones as fewer.
    """
    z = truncated_normal(stream(seed, "segmenter", part, "z"), (count, generator.z_dim))
    y = stream(seed, "segmenter", part, "class").integers(generator.num_classes, size=count)
    with torch.no_grad():
        batches = zip(torch.from_numpy(z).split(50), torch.from_numpy(y).split(50), strict=True)
        return torch.cat([_resize(generator(z.to(device), y.to(device)).float(), (SIDE, SIDE)).cpu() for z, y in batches])


def train_unet(
    images: Tensor, masks: Tensor, epochs: int, seed: int, device: torch.device | str = "cpu", batch_size: int = 32
) -> UNet:
    """Train a U-Net on images (N, 3, 64, 64) in [-1, 1] and their masks (N, 64, 64) bool; return it in eval mode.

    Cross-entropy of the pixels, Adam, the learning rate rising to 0.01 and falling to nothing; half of the images
    are mirrored, anew in each epoch. The same bits for the same seed, data and thread count on a CPU.

    Raises GanalyzeError where there are fewer images than make a batch.
    """
    steps = len(images) // batch_size
    if not steps:
        raise GanalyzeError(f"{len(images)} images with a plausible mask: a segmenter needs at least {batch_size}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(stream(seed, "segmenter", "weights").integers(2**63)))
        model = UNet().to(device)
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=epochs * steps)
    with progress(epochs * steps * batch_size, "image", "segmenter") as bar:
        for epoch in range(epochs):
            rng = stream(seed, "segmenter", "epoch", epoch)
            order = torch.from_numpy(rng.permutation(len(images)))
            for batch in order[: steps * batch_size].split(batch_size):
                x, target = images[batch], masks[batch].float()
                mirrored = torch.from_numpy(rng.random(batch_size) < 0.5)
                x[mirrored], target[mirrored] = x[mirrored].flip(-1), target[mirrored].flip(-1)
                loss = F.binary_cross_entropy_with_logits(model.logits(x.to(device)), target.to(device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
                bar.update(batch_size)
    return model.eval()


def segment(segmenter: nn.Module, images: Tensor, device: torch.device | str = "cpu", batch_size: int = 50) -> Tensor:
    """The binary masks (N, H, W) bool, on the CPU, of images (N, 3, H, W) in [-1, 1]."""
    with torch.no_grad():
        return torch.cat([(segmenter(batch.to(device)) > THRESHOLD).cpu() for batch in images.split(batch_size)])


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union (N,), 0 to 1, of masks (N, H, W) bool; two empty masks agree, 1."""
    both, either = (a & b).sum(axis=(1, 2)), (a | b).sum(axis=(1, 2))
    return np.where(either > 0, both / np.maximum(either, 1), 1.0)
