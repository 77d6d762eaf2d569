"""The least time that the networks of a run can take on this machine's CPU: their floating-point operations, counted,
at the best rate that it reaches."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
import tyro
from peak import peak_rates
from pydantic import Field
from torch.utils.flop_counter import FlopCounterMode

from ganalyze.direction.steps import ganalyze_loss
from ganalyze.models.choices import AssessorChoice, SegmenterChoice
from ganalyze.models.compute import Compute
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.run import load_run
from ganalyze.support.arguments import run_command
from ganalyze.support.files import read_yaml
from ganalyze.support.settings import Settings


class Arguments(Settings):
    """Which run."""

    configfile: tyro.conf.Positional[Path] = Field(default=Path("config/demo.yaml"), description="its settings")


def main(arguments: Arguments) -> None:
    run = load_run(read_yaml(arguments.configfile))
    compute = Compute(threads=run.threads).prepare()
    generator, images = run.load_and_try(run.weights, compute)
    image, z, y = images[:1], torch.zeros(1, generator.z_dim), torch.zeros(1, dtype=torch.long)
    rows: list[tuple[str, int, float]] = []  # what, how many times, operations each
    made = max(study.image_sets.test.seeds for study in run.studies)  # the seeds, which studies share
    made += (run.realness and run.realness.reference_samples) or 0
    for study in run.studies:
        assessor = study.only(AssessorChoice).load_assessor(run.weights, compute, images)
        samples, seeds, grid = study.training.samples, study.image_sets.test.seeds, len(study.alphas)
        tried = 2 * (1 + run.null_directions.directions) * run.null_directions.null_seeds if run.null_directions else 0
        others = sum(other.only(AssessorChoice) != study.only(AssessorChoice) for other in run.studies)
        made += tried + seeds * (grid - 1) + (run.strip_seeds or 0) * len(study.alphas_between)
        rows += [
            (f"training {study.name}", samples, operations(lambda a=assessor: loss_gradient(generator, a, z, y))),
            (f"scores {study.name}", seeds * grid + tried, operations(lambda a=assessor: a(image))),
        ]
        first = next(one for one in run.studies if one.only(AssessorChoice) == study.only(AssessorChoice))
        if first is study:  # studies with one assessor share what it says of the others' images
            rows.append((f"scores of others {study.name}", others * seeds * 2, rows[-1][2]))
    measured = sum(study.image_sets.test.seeds * len(study.alphas) for study in run.studies)
    rows.append(("images", made, operations(lambda: generator(z, y))))
    if run.segmenter:
        segmenter = SegmenterChoice(segmenter=run.segmenter).load_segmenter(run.weights, compute, images)
        rows.append(("masks", measured, operations(lambda: segmenter(image))))
    if run.realness:
        extractor, pixels = EXTRACTORS.load(run.realness.extractor, run.weights, compute), image.byte()
        reference = len(run.studies) * (run.realness.reference_samples or 0)
        rows.append(("features", measured + reference, operations(lambda: extractor(pixels))))

    table = pd.DataFrame(rows, columns=["what", "times", "each"]).assign(all=lambda table: table.times * table.each)
    total, rates = table["all"].sum(), peak_rates("float32", run.threads)
    table[["each", "all"]] /= [1e9, 1e12]
    print(table.rename(columns={"each": "10⁹ each", "all": "10¹²"}).round(1).to_string(index=False))
    for name, rate in rates.items():
        print(f"{name}: {rate / 1e9:.0f} · 10⁹ a second, {total / 1e12:.0f} · 10¹² in {total / rate:.0f} s")


def loss_gradient(generator: torch.nn.Module, assessor: torch.nn.Module, z: torch.Tensor, y: torch.Tensor) -> None:
    """What a sample of the training takes."""
    moved = z.clone().requires_grad_()
    with torch.enable_grad():
        ganalyze_loss(generator, assessor, z, moved, y, torch.zeros(len(z))).backward()


@torch.no_grad()
def operations(function: Callable[[], object]) -> float:
    """Floating-point operations of its products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops()


if __name__ == "__main__":
    run_command(main)
