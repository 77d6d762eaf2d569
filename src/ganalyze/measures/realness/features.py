"""The features that a network gives to stored images."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torchvision.transforms.functional import center_crop, resize

from ganalyze.images.image_sets import ImageSet
from ganalyze.models.compute import Compute
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.progress import progress


def extract_features(
    network: FeatureExtractorBase,
    images: ImageSet,
    shape: tuple[int, int],
    batch_size: int,
    compute: Compute,
    fit: bool = False,
) -> list[Tensor]:
    """The layers a network was made with, each (N, D) float32, of N images of (height, width) `shape`.

    The network runs in float32, whatever `compute` says of precision.

    fit: images of another shape are made to fit, as photographs are: resized to cover it (bilinear, antialiased), and
    centre-cropped. Else they are refused with GanalyzeError.
    """

    def fitted(file: str, image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        if (height, width) == shape:
            return image
        if not fit:
            raise GanalyzeError(
                f"{images.folder / file} is {width}×{height} pixels, others are "
                f"{shape[1]}×{shape[0]}: all must be of one size"
            )
        return np.asarray(center_crop(resize(Image.fromarray(image), max(shape)), list(shape)))

    layers = []
    with progress(len(images), "image", f"features of {images.name}") as bar, torch.no_grad():
        for rows, pixels in images.batches(batch_size, fitted, compute.threads_for_images):
            batch = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
            # Copies: what the network returns may lie within blocks of memory that are too large to keep.
            layers.append([layer.cpu().clone() for layer in network(batch.to(compute.device))])
            bar.update(len(rows))
    return [torch.cat(layer) for layer in zip(*layers, strict=True)]
