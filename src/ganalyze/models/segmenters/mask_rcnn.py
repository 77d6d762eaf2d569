"""Mask R-CNN (He et al., ICCV 2017) as a segmenter: torchvision's network, trained on COCO.

The subject is one detected instance (`MaskRCNN.subject`). Its mask is 28×28 probabilities in a box; pasted to the
image it is differentiable both through the probabilities and through the box, so an object that could be larger
pulls the box outwards as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection import MaskRCNN as Detector
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops import FrozenBatchNorm2d

from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensors

CONFIDENT = 0.5  # a detection's score from which it counts as seen
_DETECTIONS = 10  # an image, the most confident ones; masks are computed for these alone
_CLASSES = 91  # of COCO, with the background
_AT_ONCE = 4  # images: each takes 300 MB, so enlarged, and the network sees each by itself


class MaskRCNN(nn.Module):
    """The soft mask of each image's subject. min_size: the image's shorter side in pixels as the network sees it.

    Always in float32: which detection is the subject is a choice, and coarser numbers would choose another.
    """

    def __init__(self, min_size: int = 800):
        super().__init__()
        backbone = resnet_fpn_backbone(backbone_name="resnet50", weights=None, trainable_layers=5)
        self.detector = Detector(
            backbone, _CLASSES, min_size=min_size, max_size=4 * min_size, box_detections_per_img=_DETECTIONS
        )
        for module in self.detector.modules():
            if isinstance(module, FrozenBatchNorm2d):
                module.eps = 0.0  # as the published weights were trained

    def forward(self, images: Tensor) -> Tensor:
        """Soft masks (N, H, W) of images (N, 3, H, W) in [-1, 1]; 0 everywhere where nothing is detected."""
        with torch.autocast(images.device.type, enabled=False), _any_order():
            return torch.cat([self._masks(part) for part in images.float().split(_AT_ONCE)])

    def _masks(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        # The network's own forward also pastes all masks, cut to whole pixels, which no box's gradient survives.
        prepared, _ = self.detector.transform(list((images + 1) / 2))
        features = self.detector.backbone(prepared.tensors)
        proposals, _ = self.detector.rpn(prepared, features)
        detections, _ = self.detector.roi_heads(features, proposals, prepared.image_sizes)
        masks = []
        for found, (seen_height, seen_width) in zip(detections, prepared.image_sizes, strict=True):
            index = self.subject(found)
            if index is None:
                masks.append(images.new_zeros((height, width)))
            else:
                scale = found["boxes"].new_tensor([width / seen_width, height / seen_height] * 2)
                masks.append(paste(found["masks"][index, 0], found["boxes"][index] * scale, height, width))
        return torch.stack(masks)

    @staticmethod
    def subject(found: dict[str, Tensor]) -> int | None:
        """Which of an image's detections is its subject: of those with a score of `CONFIDENT` or more the one with the
        largest mask; where there is none, the one with the highest score; None where nothing is detected."""
        scores = found["scores"]
        if not len(scores):
            return None
        if not (scores >= CONFIDENT).any():
            return int(scores.argmax())
        left, top, right, bottom = found["boxes"].detach().unbind(1)
        areas = found["masks"].detach().mean(dim=(1, 2, 3)) * (right - left) * (bottom - top)
        return int(torch.where(scores >= CONFIDENT, areas, -1).argmax())


@contextmanager
def _any_order() -> Iterator[None]:
    """With torchvision's kernels, though they sum in no fixed order: others are compiled first and take gigabytes."""
    ordered = torch.are_deterministic_algorithms_enabled()  # by `Compute.prepare`
    if ordered:
        torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        if ordered:
            torch.use_deterministic_algorithms(True, warn_only=True)


def paste(mask: Tensor, box: Tensor, height: int, width: int) -> Tensor:
    """A mask (h, w) that fills `box` (left, top, right, bottom, in pixels), seen at the pixels of an image (height,
    width); 0 outside the box. Differentiable with respect to both."""
    left, top, right, bottom = box.float()
    x = (torch.arange(width, device=box.device) + 0.5 - left) / (right - left) * 2 - 1
    y = (torch.arange(height, device=box.device) + 0.5 - top) / (bottom - top) * 2 - 1
    grid = torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1)
    return F.grid_sample(mask[None, None], grid[None], align_corners=False)[0, 0]


def load(weights: Weights, min_size: int = 800) -> MaskRCNN:
    """The network with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    path = weights.path("maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth")
    model = MaskRCNN(min_size)
    load_state(model.detector, load_tensors(path), path.name)
    return model
