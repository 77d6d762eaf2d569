"""The networks of a run on this machine's CPU, in each precision and memory format, and by how many images they are
given at once: the time of an image, and how far what comes out is from float32's."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import tyro
from apart import KEEP_MEMORY, run_apart
from operations import loss_gradient
from pydantic import Field
from torch import Tensor

from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.choices import AssessorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.contract import truncation_of
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.run import load_run
from ganalyze.support.arguments import run_command
from ganalyze.support.files import read_yaml
from ganalyze.support.randomness import stream, truncated_normal
from ganalyze.support.settings import Positive, Settings

_SETTINGS: dict[str, dict[str, Any]] = {
    "float32": {},
    "channels last": {"memory_format": "channels_last"},
    "bf16": {"precision": "bf16"},
    "bf16, channels last": {"precision": "bf16", "memory_format": "channels_last"},
}


class Arguments(Settings):
    """Which run, and what of it."""

    configfile: tyro.conf.Positional[Path] = Field(default=Path("config/demo.yaml"), description="its settings")
    images: Positive = Field(default=16, description="of which outputs are compared")
    at_once: Positive = Field(default=4, description="images, where settings are compared")
    compiled: bool = Field(default=False, description="by torch.compile, too; needs a C++ compiler and minutes")


class Tried(NamedTuple):
    """Seconds an image, or a sample of training; seconds of the first call; what comes out (n, …), where compared."""

    seconds: float
    first: float
    output: np.ndarray | None


def main(arguments: Arguments) -> None:
    settings = _SETTINGS | ({"compiled": {"compile": True}} if arguments.compiled else {})
    images = None

    def tried_with(changes: Mapping[str, Any], at_once: int) -> dict[str, Tried]:
        call = (try_networks, arguments.configfile, arguments.images, changes, at_once, images)
        return run_apart(*call, environment=KEEP_MEMORY).result

    tried = {}
    for label, changes in settings.items():
        tried[label] = tried_with(changes, arguments.at_once)
        images = tried["float32"]["images"].output  # which all see
    print(f"\nms an image, {arguments.at_once} at once; in brackets how far what comes out is from float32's:")
    print("root mean square of the differences, as a share of the standard deviation")
    table({label: {name: cell(one, tried["float32"][name]) for name, one in of.items()} for label, of in tried.items()})
    by_count = {f"{at_once} at once": tried_with({}, at_once) for at_once in (1, 2, 8)}
    print("\nms an image, float32, by how many are given at once")
    table({label: {name: f"{1000 * one.seconds:.0f}" for name, one in of.items()} for label, of in by_count.items()})


def table(columns: Mapping[str, Mapping[str, str]]) -> None:
    """Print columns of cells, each by the name of a network."""
    print("|", " | ".join(["network", *columns]), "|\n|", "---|" * (1 + len(columns)), sep="")
    for name in next(iter(columns.values())):
        print("|", " | ".join([name, *(cells[name] for cells in columns.values())]), "|")


def cell(tried: Tried, reference: Tried) -> str:
    """Milliseconds, with the first call's seconds where that takes long; and the difference."""
    told = f"{1000 * tried.seconds:.0f}" + (f", first {tried.first:.0f} s" if tried.first > 20 else "")
    if tried is reference or tried.output is None or reference.output is None:
        return told
    difference = np.sqrt(np.square(tried.output - reference.output).mean()) / reference.output.std()
    return f"{told} ({difference:.2g})"


def try_networks(
    configfile: Path, n: int, changes: Mapping[str, Any], at_once: int, images: np.ndarray | None
) -> dict[str, Tried]:
    """Each network of a run on n images (those that it makes itself, where none are given), and its trainings."""
    run = load_run(read_yaml(configfile))
    compute = Compute(**({"threads": run.threads} | dict(changes))).prepare()
    generator = run.load_generator(run.weights, compute)
    z = truncation_of(generator) * torch.from_numpy(truncated_normal(stream(0, "networks"), (n, generator.z_dim)))
    y = torch.arange(n) % generator.num_classes

    tried = {"images": try_one(generator, [z, y], at_once, compute)}
    seen = torch.from_numpy(tried["images"].output if images is None else images)
    assessors = {study.assessor: study.only(AssessorChoice) for study in run.studies}
    for name, choice in assessors.items():
        assessor = ASSESSORS.load(name, run.weights, compute, choice.assessor_options)
        tried[f"scores, {name}"] = try_one(assessor, [seen], at_once, compute)

        def sample(z: Tensor, y: Tensor, assessor: Any = assessor) -> None:
            loss_gradient(generator, assessor, z, y)

        tried[f"a sample of training, {name}"] = try_one(sample, [z, y], at_once, compute)
    if run.segmenter:
        tried[f"masks, {run.segmenter}"] = try_one(
            SEGMENTERS.load(run.segmenter, run.weights, compute), [seen], at_once, compute
        )
    if run.realness:
        extractor = EXTRACTORS.load(run.realness.extractor, run.weights, compute)
        pixels = ((seen + 1) * 127.5).byte()
        features = Compute(threads=run.threads)  # in float32, as realness has them
        tried[f"features, {run.realness.extractor}"] = try_one(lambda x: extractor(x)[0], [pixels], at_once, features)
    return tried


@torch.no_grad()
def try_one(network: Callable[..., Tensor | None], inputs: list[Tensor], at_once: int, compute: Compute) -> Tried:
    """A network on all of the inputs, once on the first batch and then on each: the first call's time and the fastest
    of the others."""

    def timed(batch: tuple[Tensor, ...]) -> tuple[float, Tensor | None]:
        start = time.perf_counter()
        with compute.autocast():
            output = network(*batch)
        return time.perf_counter() - start, output

    batches = list(zip(*(values.split(at_once) for values in inputs), strict=True))
    first, _ = timed(batches[0])
    times, outputs = [], []
    for batch in batches:
        seconds, output = timed(batch)
        times.append(seconds / len(batch[0]))
        outputs += [] if output is None else [output.float().numpy()]
    return Tried(min(times), first, np.concatenate(outputs) if outputs else None)


if __name__ == "__main__":
    run_command(main)
