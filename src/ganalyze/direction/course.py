"""θ on the way of a training, as it is stored: a tensor for each number of samples seen."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from ganalyze.support.files import written_whole


def save_course(course: Mapping[int, Tensor], path: Path) -> None:
    """Store θ by the samples seen, in whole or not at all."""
    with written_whole(path) as temporary:
        save_file({str(samples): theta.contiguous() for samples, theta in course.items()}, temporary)


def load_course(path: Path) -> dict[int, Tensor]:
    """θ by the samples seen, ascending."""
    return {int(samples): theta for samples, theta in sorted(load_file(path).items(), key=lambda one: int(one[0]))}
