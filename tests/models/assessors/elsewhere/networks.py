"""Networks as files of others, for tests."""

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn


class Method(nn.Module):
    """A method of a network as what it does when it is called."""

    def __init__(self, network: nn.Module, method: str):
        super().__init__()
        self.network, self.method = network, method

    def forward(self, images):
        return getattr(self.network, self.method)(images)


def export_onnx(network: nn.Module, path: Path, size: int, method: str = "forward", opset: int = 17) -> Path:
    """In ONNX, for any number of images of one size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's successor needs a package more
        torch.onnx.export(
            Method(network, method).eval(),
            (torch.zeros(2, 3, size, size),),
            path,
            dynamo=False,
            opset_version=opset,
            input_names=["images"],
            dynamic_axes={"images": {0: "N"}},
        )
    return path


def export_program(network: nn.Module, path: Path, size: int, method: str = "forward", dynamic: bool = True) -> Path:
    """By torch.export, for any number of images of one size, or for one image."""
    images = torch.zeros(2 if dynamic else 1, 3, size, size)
    shapes = ({0: torch.export.Dim("N")},) if dynamic else None
    program = torch.export.export(Method(network, method).eval(), (images,), dynamic_shapes=shapes)
    torch.export.save(program, path)
    return path


def nima_images() -> torch.Tensor:
    """Those whose ratings are in the goldens (tests/fixtures/networks/make.py)."""
    images = np.random.default_rng(3).uniform(-1, 1, (3, 224, 224, 3)).astype("float32")
    images[1] = np.linspace(-1, 1, 224)[None, :, None]
    images[2, :, :, 0] = 0.5
    return torch.from_numpy(images).permute(0, 3, 1, 2)
