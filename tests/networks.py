"""Networks as tests load them: on the CPU, from a folder of weights."""

from pathlib import Path
from typing import Any

from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.compute import Compute
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.registry import Registry
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.models.weights.files import Weights
from tests import REPOSITORY

CPU = Compute(device="cpu", threads=2)


def weights_in(*folders: Path | str) -> Weights:
    return Weights(weights_dir=tuple(map(Path, folders)), catalogue=REPOSITORY / "config/weights.yaml")


def _load(registry: Registry, name: str, folder: Path | str, options: dict[str, Any] | None) -> Any:
    return registry.load(name, weights_in(folder), CPU, options)


def load_generator(name: str, folder: Path | str, options: dict[str, Any] | None = None) -> Any:
    return _load(GENERATORS, name, folder, options)


def load_assessor(name: str, folder: Path | str, options: dict[str, Any] | None = None) -> Any:
    return _load(ASSESSORS, name, folder, options)


def load_segmenter(name: str, folder: Path | str, options: dict[str, Any] | None = None) -> Any:
    return _load(SEGMENTERS, name, folder, options)


def load_detector(name: str, folder: Path | str) -> Any:
    return _load(DETECTORS, name, folder, None)
