"""Weights that Keras saved as HDF5, in torch's names and layouts."""

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import Tensor, nn

from ganalyze.support.errors import GanalyzeError

_NAMES = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
_NAMES |= {"kernel": "weight", "depthwise_kernel": "weight"}


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """A batch normalisation with Keras' default ε, which the published files state."""
    return nn.BatchNorm2d(channels, eps=1e-3)


def load_keras(path: Path, groups: Mapping[str, str]) -> dict[str, Tensor]:
    """The state of a torch module: its layers' names, each with the group of the file that holds its weights.

    The kernels of a separable convolution are called `depthwise` and `pointwise`. Raises GanalyzeError where the file
    is not readable or lacks a group.
    """
    state = {}
    try:
        with h5py.File(path) as file:
            for ours, group in groups.items():
                if "moving_mean:0" in file[group]:
                    state[f"{ours}.num_batches_tracked"] = torch.tensor(0)  # Keras does not count them
                for name, data in file[group].items():
                    kind, value = name.removesuffix(":0"), np.asarray(data)
                    if kind == "depthwise_kernel":
                        value = value.transpose(2, 3, 0, 1)  # Keras (h, w, in, 1), ours (in, 1, h, w)
                    elif value.ndim == 4:
                        value = value.transpose(3, 2, 0, 1)  # Keras (h, w, in, out), ours (out, in, h, w)
                    elif value.ndim == 2:
                        value = value.T
                    if "pointwise_kernel:0" in file[group]:
                        kind = f"{kind.removesuffix('_kernel')}.weight"
                    state[f"{ours}.{_NAMES.get(kind, kind)}"] = torch.from_numpy(value.copy())
    except Exception as error:  # a broken file can fail in any way
        raise GanalyzeError(f"{path} is not the expected Keras file: {error}; remove it and fetch it again") from None
    return state
