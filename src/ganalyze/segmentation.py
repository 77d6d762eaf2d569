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
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ganalyze.compute import Compute
from ganalyze.errors import GanalyzeError, written_whole
from ganalyze.image_sets import Shard, iterate_images, write_manifest
from ganalyze.pixels import resize, to_images, to_pixels
from ganalyze.progress import progress
from ganalyze.randomness import stream, truncated_normal
from ganalyze.registry import Card, Registry
from ganalyze.weights import load_state, verified

THRESHOLD = 0.5
UNET_FILE = "segmenter.safetensors"
_BATCH = 50  # images a network sees at once where nothing else is asked for
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
        "mask-rcnn": Card(
            build="ganalyze.mask_rcnn:load",
            files=("maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth",),
            title="Mask R-CNN",
            origin="torchvision",
            licence="BSD-3-Clause",
            reference="He, Gkioxari, Dollár & Girshick, ICCV 2017",
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
        logits = self.logits(resize(images.float(), (SIDE, SIDE)))
        return resize(logits.float()[:, None], images.shape[-2:]).squeeze(1).sigmoid()


def load_unet(weights_dir: Path | str, device: torch.device | str) -> UNet:
    """The U-Net in `weights_dir`, as `save_unet` stored it under the name `UNET_FILE`.

    Raises GanalyzeError where the file is missing, broken or of another network.
    """
    try:
        path = verified(weights_dir, UNET_FILE)
    except GanalyzeError:  # it says to fetch the file, which nobody offers: a run makes its own
        raise GanalyzeError(
            f"segmenter {UNET_FILE} not found in {weights_dir}: train it first (scripts/train_segmenter.py)"
        ) from None
    try:
        state = load_file(path)
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


# --- distillation ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Distillation:
    """How a U-Net is trained on a generator's images. samples: GrabCuts to learn from. held_out: GrabCuts to be judged
    by. epochs: passes over the samples. seed: of the run."""

    samples: int
    held_out: int
    epochs: int
    seed: int

    def __post_init__(self) -> None:
        for name in ("samples", "held_out", "epochs"):
            if getattr(self, name) < 1:
                raise GanalyzeError(f"{name} of the segmenter: got {getattr(self, name)}, must be above 0")


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
                images = (self.pixels[index], _png(self.grabcuts[index]), _png(self.masks[index]))
                for file, image in zip(files, images, strict=True):
                    shard.add(file, image)
                rows.append([Path(files[0]).stem, *(f"{path.stem}.zip/{file}" for file in files), agreement])
        write_manifest(pd.DataFrame(rows, columns=["image_id", "file", "grabcut_file", "mask_file", "iou"]), path)


def distil(generator: nn.Module, options: Distillation, compute: Compute) -> tuple[UNet, HeldOut, dict]:
    """A U-Net that imitates GrabCut on the generator's images; its masks of images held out; and a summary: options,
    how many GrabCuts were dropped, and the held-out IoU's mean, median and 5th percentile.

    Raises GanalyzeError where too few GrabCuts are plausible.
    """
    images, grabcuts = _plausible_grabcuts(generator, options.samples, options.seed, "training", compute.device)
    unet = train_unet(images, torch.from_numpy(grabcuts), options.epochs, options.seed, compute.device)
    unseen, truth = _plausible_grabcuts(generator, options.held_out, options.seed, "held-out", compute.device)
    masks = np.concatenate([segment(unet, batch, compute) for batch in unseen.split(_BATCH)])
    agreement = iou(masks, truth)
    summary = asdict(options) | {
        "samples_dropped": options.samples - len(images),
        "held_out_dropped": options.held_out - len(unseen),
        "iou_mean": float(agreement.mean()),
        "iou_median": float(np.median(agreement)),
        "iou_5th_percentile": float(np.quantile(agreement, 0.05)),
    }
    return unet, HeldOut(to_pixels(unseen), truth, masks), summary


def draw_images(generator: nn.Module, count: int, seed: int, part: str, device: torch.device | str = "cpu") -> Tensor:
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
    images: Tensor, masks: Tensor, epochs: int, seed: int, device: torch.device | str = "cpu", batch_size: int = 32
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
    generator: nn.Module, count: int, seed: int, part: str, device: torch.device
) -> tuple[Tensor, np.ndarray]:
    """`count` images of the generator and their GrabCuts, without those whose GrabCut is implausible."""
    images = draw_images(generator, count, seed, part, device)
    masks = grabcut_masks(images, f"GrabCut {part}")
    kept = np.array([is_plausible(mask) for mask in masks])
    if not kept.any():
        raise GanalyzeError(f"GrabCut finds a plausible subject in none of {count} images: draw more, or use another "
                            "segmenter")  # fmt: skip
    return images[torch.from_numpy(kept)], masks[kept]


# --- stored images -----------------------------------------------------------------------------------------


def segment(segmenter: nn.Module, images: Tensor, compute: Compute) -> np.ndarray:
    """The binary masks (N, H, W) bool of images (N, 3, H, W) in [-1, 1]."""
    with torch.no_grad(), compute.autocast():
        return (segmenter(images.to(compute.device)) > THRESHOLD).cpu().numpy()


def segment_stored(
    segmenter: nn.Module, manifest: pd.DataFrame, manifest_path: Path, output: Path, batch_size: int, compute: Compute
) -> pd.Series:
    """Write the binary masks of a manifest's images to `output`, a manifest (.csv) with the columns image_id and file,
    and a .zip beside it. White is subject; an image without one has a black mask. Returns the masks' sizes (N,) as
    shares of the image.

    Raises GanalyzeError where the images are of several sizes.
    """
    pixels = iterate_images(manifest_path, manifest.file)
    rows, sizes = [], []
    with (
        Shard(output.with_suffix(".zip")) as shard,
        progress(len(manifest), "image", f"masks {manifest_path.stem}") as bar,
    ):
        for start in range(0, len(manifest), batch_size):
            ids = manifest.image_id.astype(str)[start : start + batch_size]
            batch = list(islice(pixels, len(ids)))
            if len({image.shape for image in batch}) > 1:
                raise GanalyzeError(f"{manifest_path} lists images of several sizes: segment each size by itself")
            for name, mask in zip(ids, segment(segmenter, to_images(np.stack(batch)), compute), strict=True):
                shard.add(f"{name}.png", _png(mask))
                rows.append([name, f"{output.stem}.zip/{name}.png"])
                sizes.append(mask.mean())
            bar.update(len(ids))
    write_manifest(pd.DataFrame(rows, columns=["image_id", "file"]), output)
    return pd.Series(sizes)


def _png(mask: np.ndarray) -> np.ndarray:
    return mask.astype(np.uint8) * 255
