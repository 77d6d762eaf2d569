"""Training the U-Net without any data but the generator: it imitates the GrabCuts of the generator's own images.

Implausible GrabCuts are dropped by a rule, and the network learns what the others have in common.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from ganalyze.images.image_sets import write_manifest
from ganalyze.images.pixels import as_image, resize, to_pixels
from ganalyze.images.shards import Shard
from ganalyze.models.compute import Compute
from ganalyze.models.contract import Generator
from ganalyze.models.segmenters.binary_masks import segment
from ganalyze.models.segmenters.grabcut import SIDE, grabcut_masks, is_plausible
from ganalyze.models.segmenters.settings import Distillation
from ganalyze.models.segmenters.unet import UNet
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.progress import progress
from ganalyze.support.randomness import stream, truncated_normal

_BATCH = 50  # images a network sees at once


@dataclass(frozen=True)
class HeldOut:
    """Images (N, 64, 64, 3) uint8 that the U-Net has not learnt from, their plausible GrabCuts and the U-Net's masks
    (N, 64, 64) bool."""

    pixels: np.ndarray
    grabcuts: np.ndarray
    masks: np.ndarray

    def write(self, path: Path | str) -> None:
        """Write a manifest with the columns image_id, file, grabcut_file, mask_file, iou to `path`, a .csv, and the
        images and masks to a .zip beside it."""
        path, rows = Path(path), []
        with Shard(path.with_suffix(".zip")) as shard:
            for index, agreement in enumerate(iou(self.masks, self.grabcuts)):
                files = [f"held_out_{index:05d}{kind}.png" for kind in ("", "_grabcut", "_unet")]
                images = (self.pixels[index], as_image(self.grabcuts[index]), as_image(self.masks[index]))
                for file, image in zip(files, images, strict=True):
                    shard.add(file, image)
                rows.append([Path(files[0]).stem, *(f"{path.stem}.zip/{file}" for file in files), agreement])
        write_manifest(pd.DataFrame(rows, columns=["image_id", "file", "grabcut_file", "mask_file", "iou"]), path)


def distil(
    generator: Generator, settings: Distillation, compute: Compute, *, seed: int
) -> tuple[UNet, HeldOut, dict[str, int | float]]:
    """A U-Net that imitates GrabCut on the generator's images; its masks of images held out; and a summary: settings,
    how many GrabCuts were dropped, and the held-out IoU's mean, median and 5th percentile. seed: of the run.

    Raises GanalyzeError where too few GrabCuts are plausible.
    """
    images, grabcuts = _plausible_grabcuts(generator, settings.samples, seed, "training", compute.device)
    unet = train_unet(images, torch.from_numpy(grabcuts), settings.epochs, seed, compute.device)
    unseen, truth = _plausible_grabcuts(generator, settings.held_out_samples, seed, "held-out", compute.device)
    masks = np.concatenate([segment(unet, batch, compute) for batch in unseen.split(_BATCH)])
    agreement = iou(masks, truth)
    summary: dict[str, int | float] = {
        "samples": settings.samples,
        "held_out": settings.held_out_samples,
        "epochs": settings.epochs,
        "seed": seed,
        "samples_dropped": settings.samples - len(images),
        "held_out_dropped": settings.held_out_samples - len(unseen),
        "iou_mean": float(agreement.mean()),
        "iou_median": float(np.median(agreement)),
        "iou_5th_percentile": float(np.quantile(agreement, 0.05)),
    }
    return unet, HeldOut(to_pixels(unseen), truth, masks), summary


def draw_images(generator: Generator, count: int, seed: int, part: str, device: str = "cpu") -> Tensor:
    """`count` images (count, 3, 64, 64) in [-1, 1] of the generator, on the CPU: z truncated normal, classes uniform.

    `part` ("training", "held-out") names the random streams. More images begin with the same ones as fewer.
    """
    z = torch.from_numpy(truncated_normal(stream(seed, "segmenter", part, "z"), (count, generator.z_dim)))
    y = torch.from_numpy(stream(seed, "segmenter", part, "class").integers(generator.num_classes, size=count))
    images = []
    with torch.no_grad():
        for batch in torch.arange(count).split(_BATCH):
            drawn = generator(z[batch].to(device), y[batch].to(device))
            images.append(resize(drawn.float(), (SIDE, SIDE)).cpu())
    return torch.cat(images)


def train_unet(
    images: Tensor, masks: Tensor, epochs: int, seed: int, device: str = "cpu", batch_size: int = 32
) -> UNet:
    """Train a U-Net on images (N, 3, 64, 64) in [-1, 1] and their masks (N, 64, 64) bool; return it in eval mode.

    Cross-entropy of the pixels, Adam, the learning rate rising to 0.01 and falling to nothing; half of the images
    are mirrored, anew in each epoch. On a CPU the same data, seed and number of threads give the same bits.

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


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union (N,), 0 to 1, of masks (N, H, W) bool; two empty masks agree, 1."""
    both, either = (a & b).sum(axis=(1, 2)), (a | b).sum(axis=(1, 2))
    return np.where(either > 0, both / np.maximum(either, 1), 1.0)


def _plausible_grabcuts(
    generator: Generator, count: int, seed: int, part: str, device: str
) -> tuple[Tensor, np.ndarray]:
    """`count` images of the generator and their GrabCuts, without those whose GrabCut is implausible."""
    images = draw_images(generator, count, seed, part, device)
    masks = grabcut_masks(images, f"GrabCut {part}")
    kept = np.array([is_plausible(mask) for mask in masks])
    if not kept.any():
        raise GanalyzeError(
            f"GrabCut finds a plausible subject in none of {count} images: draw more, or use another segmenter"
        )
    return images[torch.from_numpy(kept)], masks[kept]
