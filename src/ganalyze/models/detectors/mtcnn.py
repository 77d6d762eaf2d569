"""MTCNN (Zhang et al. 2016), three small networks in a cascade: a first one proposes squares at many scales, a second
one sorts them out, a third one tells the face's box and five landmarks."""

from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import nms

from ganalyze.models.contract import Face
from ganalyze.models.weights.files import Weights
from ganalyze.models.weights.loading import load_state, load_tensors

SMALLEST = 20  # pixels: the smallest face that is looked for
_SHRINK = 0.709  # from one scale to the next: half the area
_SURE = (0.6, 0.7, 0.7)  # the least probability of a face that each network lets pass
_CELL, _STRIDE = 12, 2  # of the first network, pixels
_AT_ONCE = 512  # squares


class Stage(nn.Module):
    """One of the three networks: a body, then a head each for whether there is a face, its box, and, of the third, its
    landmarks. Layers run in the order in which the published file lists them."""

    def __init__(self, body: Iterable[nn.Module], heads: Iterable[nn.Module]):
        super().__init__()
        self.body = nn.Sequential(*body)
        self.heads = nn.ModuleList(heads)

    def forward(self, x: Tensor) -> list[Tensor]:
        """The probability of a face (N, …), then the other heads' outputs, of images (N, 3, H, W) in about [-1, 1]."""
        x = self.body(x)
        face, *others = [head(x) for head in self.heads]
        return [face.softmax(dim=1)[:, 1], *others]


class _Columns(nn.Module):
    """Flattens images column by column, as the network's first form in another framework did."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 3, 2, 1).flatten(1)


def _conv(n_in: int, n_out: int, kernel: int = 3, pool: int = 0) -> list[nn.Module]:
    layers = [nn.Conv2d(n_in, n_out, kernel), nn.PReLU(n_out)]
    return [*layers, nn.MaxPool2d(pool, 2, ceil_mode=True)] if pool else layers


def _dense(n_in: int, n_out: int) -> list[nn.Module]:
    return [_Columns(), nn.Linear(n_in, n_out), nn.PReLU(n_out)]


class MTCNN(nn.Module):
    """The cascade."""

    def __init__(self) -> None:
        super().__init__()
        self.propose = Stage(
            [*_conv(3, 10, pool=2), *_conv(10, 16), *_conv(16, 32)], [nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)]
        )
        self.refine = Stage(
            [*_conv(3, 28, pool=3), *_conv(28, 48, pool=3), *_conv(48, 64, 2), *_dense(576, 128)],
            [nn.Linear(128, 2), nn.Linear(128, 4)],
        )
        self.locate = Stage(
            [
                *_conv(3, 32, pool=3),
                *_conv(32, 64, pool=3),
                *_conv(64, 64, pool=2),
                *_conv(64, 128, 2),
                *_dense(1152, 256),
            ],
            [nn.Linear(256, 2), nn.Linear(256, 4), nn.Linear(256, 10)],
        )

    @torch.no_grad()
    def faces(self, pixels: np.ndarray) -> list[Face]:
        """The faces in an image (H, W, 3) uint8, the largest first."""
        device = next(self.parameters()).device
        image = torch.tensor(pixels, device=device).permute(2, 0, 1)[None].float()
        boxes = _squares(self._proposals(image))

        boxes, crops = _crops(image, boxes, 24)
        if not len(boxes):
            return []
        score, shift = _in_parts(self.refine, crops)
        sure = score > _SURE[1]
        boxes, score, shift = boxes[sure], score[sure], shift[sure]
        kept = nms(boxes, score, 0.7)
        boxes, crops = _crops(image, _squares(_shifted(boxes[kept], shift[kept])), 48)
        if not len(boxes):
            return []
        score, shift, points = _in_parts(self.locate, crops)
        sure = score > _SURE[2]
        boxes, score, shift, points = boxes[sure], score[sure], shift[sure], points[sure]
        corner, size = boxes[:, None, :2], _extent(boxes)[:, None]
        landmarks = corner - 1 + size * points.unflatten(1, (2, 5)).transpose(1, 2)
        boxes = _shifted(boxes, shift)
        found = [
            Face(boxes[i].cpu().numpy(), float(score[i]), landmarks[i].cpu().numpy())
            for i in _without_nested(boxes, score)
        ]
        return sorted(found, key=lambda face: -float(np.prod(face.box[2:] - face.box[:2])))

    def _proposals(self, image: Tensor) -> Tensor:
        """Boxes (N, 4) of all scales."""
        height, width = image.shape[-2:]
        boxes, scores, shifts = [], [], []
        scale = _CELL / SMALLEST
        while min(height, width) * scale >= _CELL:
            shrunk = F.interpolate(image, (int(height * scale + 1), int(width * scale + 1)), mode="area")
            score, shift = self.propose(_normalised(shrunk))
            row, column = (score[0] >= _SURE[0]).nonzero(as_tuple=True)
            corner = _STRIDE * torch.stack([column, row], dim=1) + 1
            box = torch.cat([corner / scale, (corner + _CELL - 1) / scale], dim=1).floor()
            kept = nms(box, score[0, row, column], 0.5)
            boxes.append(box[kept])
            scores.append(score[0, row, column][kept])
            shifts.append(shift[0, :, row, column].T[kept])
            scale *= _SHRINK
        if not boxes:
            return image.new_zeros(0, 4)
        box, score, shift = map(torch.cat, (boxes, scores, shifts))
        kept = nms(box, score, 0.7)
        box, shift = box[kept], shift[kept]
        return box + shift * (box[:, 2:] - box[:, :2]).repeat(1, 2)


def _normalised(x: Tensor) -> Tensor:
    return (x - 127.5) / 128


def _extent(boxes: Tensor) -> Tensor:
    """Widths and heights (N, 2), in whole pixels: both ends belong to a box."""
    return boxes[:, 2:] - boxes[:, :2] + 1


def _shifted(boxes: Tensor, shift: Tensor) -> Tensor:
    return boxes + shift * _extent(boxes).repeat(1, 2)


def _squares(boxes: Tensor) -> Tensor:
    """The boxes made square about their centres."""
    size = boxes[:, 2:] - boxes[:, :2]
    side = size.amax(dim=1, keepdim=True)
    corner = boxes[:, :2] + size * 0.5 - side * 0.5
    return torch.cat([corner, corner + side], dim=1)


def _crops(image: Tensor, boxes: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Those boxes that hold some of the image, and what they hold, (N, 3, side, side)."""
    height, width = image.shape[-2:]
    whole = boxes.trunc().int()
    left, upper = whole[:, 0].clamp_min(1) - 1, whole[:, 1].clamp_min(1) - 1
    right, lower = whole[:, 2].clamp_max(width), whole[:, 3].clamp_max(height)
    some = (right > left) & (lower > upper)
    crops = [
        F.interpolate(image[:, :, y:down, x:across], (side, side), mode="area")
        for x, y, across, down in torch.stack([left, upper, right, lower], dim=1)[some].tolist()
    ]
    return boxes[some], _normalised(torch.cat(crops)) if crops else image.new_zeros(0, 3, side, side)


def _in_parts(stage: Stage, crops: Tensor) -> list[Tensor]:
    return [torch.cat(outputs) for outputs in zip(*map(stage, crops.split(_AT_ONCE)), strict=True)]


def _without_nested(boxes: Tensor, scores: Tensor) -> list[int]:
    """Of boxes that share more than .7 of the smaller one, the surest; surest first."""
    waiting, kept = scores.argsort(descending=True, stable=True).tolist(), []
    area = _extent(boxes).prod(dim=1)
    while waiting:
        first, *rest = waiting
        kept.append(first)
        upper_left, lower_right = boxes[rest, :2].maximum(boxes[first, :2]), boxes[rest, 2:].minimum(boxes[first, 2:])
        shared = (lower_right - upper_left + 1).clamp_min(0).prod(dim=1) / area[rest].minimum(area[first])
        waiting = [other for other, share in zip(rest, shared.tolist(), strict=True) if share <= 0.7]
    return kept


def load(weights: Weights) -> MTCNN:
    """The cascade with the published weights. Raises GanalyzeError where they are missing or do not fit."""
    model = MTCNN()
    for stage, name in ((model.propose, "pnet.pt"), (model.refine, "rnet.pt"), (model.locate, "onet.pt")):
        state = load_tensors(weights.path(name))
        load_state(stage, dict(zip(stage.state_dict(), state.values(), strict=False)), name)
    return model
