"""What the paper's run costs on a GPU: steps of its trainings, ours and the authors', images made, scored and measured,
on random weights in the published formats; and from these the hours of each study of config/paper.yaml."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from training import authors_training, plain_training

from ganalyze.direction.generation import draw_seeds, generate_images
from ganalyze.direction.settings import ImageSetSettings, Training, TransformerSettings
from ganalyze.direction.steps import BatchLoss, ganalyze_loss
from ganalyze.direction.training import draw_batch
from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import ImageSet
from ganalyze.measures.realness.features import extract_features
from ganalyze.measures.scores import score_images
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.compute import Compute
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.weights.files import Weights
from ganalyze.run import Run, load_run
from ganalyze.study import Study
from ganalyze.support.arguments import run_command
from ganalyze.support.files import read_yaml
from ganalyze.support.settings import Names, Positive, Settings

_HERE = Path(__file__).parents[1]


class Arguments(Settings):
    """What is measured, and on what."""

    device: str = Field(default="cuda", description="cuda, or cpu to try the benchmark itself")
    studies: Names | None = Field(default=None, description="of config/paper.yaml; default: all")
    steps: Positive = Field(default=50, description="timed steps")
    images: Positive = Field(default=400, description="made, scored and measured")
    authors: Path | None = Field(default=None, description="a clone of LoreGoetschalckx/GANalyze, to run it as well")
    width: Positive = Field(default=96, description="of BigGAN-256; 96 is the published one")


def main(arguments: Arguments) -> None:
    sys.path.insert(0, str(_HERE))  # what makes the weights is in the tests
    run = load_run(read_yaml(_HERE / "config/paper.yaml"))
    studies = [study for study in run.studies if study.name in (arguments.studies or [study.name])]
    computes = [
        Compute(device=arguments.device, threads=run.threads, memory_format=run.memory_format, precision=precision)
        for precision in ("float32", "bf16")
    ]
    say(f"on {torch.cuda.get_device_name() if computes[0].on_cuda else 'the CPU'}, PyTorch {torch.__version__}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_weights(folder, studies, arguments.width)
        of_authors = [arguments.authors, arguments.width] if arguments.authors else []
        loop = authors_training if of_authors else plain_training  # as it comes: with PyTorch's own settings
        theirs = loop(name, *of_authors, arguments.steps, run.threads, arguments.device).seconds
        whose = "the authors'" if of_authors else "the plain"
        say(f"{whose} loop (EmoNet): {theirs:.4f} s a step")
        tables = [hours_of_studies(run, studies, compute, folder, arguments) for compute in computes]
    say("\nhours a study, of which training; × the loop above, where it has the same networks (EmoNet)")
    for compute, table in zip(computes, tables, strict=True):
        for study, (seconds, hours, training) in zip(studies, table, strict=True):
            times = f"{theirs / seconds:6.1f} ×" if study.assessor == "emonet" else ""
            say(f"{compute.precision:8} {study.name:14} {hours:8.2f} {training:8.2f} {times}")


def say(line: str) -> None:
    print(line, flush=True)


def write_weights(folder: Path, studies: list[Study], width: int) -> None:
    from tests import published

    of = {
        "memnet": published.write_memnet,
        "aestheticsnet": published.write_aestheticsnet,
        "object-size": published.write_mask_rcnn,
    }
    published.write_biggan(folder, 256, width)
    published.write_emonet(folder)  # for the other loop, too
    published.write_inception(folder)
    for study in studies:
        of.get(study.assessor, lambda folder: None)(folder)


def hours_of_studies(
    run: Run, studies: list[Study], compute: Compute, folder: Path, arguments: Arguments
) -> list[tuple[float, float, float]]:
    """Of each study the seconds a step, and the hours in all and of training."""
    compute.prepare()
    peak = rate_of_products(compute)
    say(f"\n{compute.precision}: a matrix product reaches {peak:.3g} Tflop/s")
    weights = Weights(weights_dir=(folder,))
    generator = GENERATORS.load(run.generator, weights, compute)
    settings = ImageSetSettings(seeds_per_class=arguments.images, classes=1)
    made = folder / compute.precision

    def make() -> None:
        generate_images(
            generator,
            Transformer.identity(generator.z_dim),
            draw_seeds(settings, generator.num_classes, run.seed),
            set_name="test",
            alphas=(0.0,),
            seed=run.seed,
            batch_size=run.batch_size,
            compute=compute,
            folder=made,
        )

    of_images = timed(make, compute) / arguments.images
    images = ImageSet.open(made.with_suffix(".csv"))
    extractor = EXTRACTORS.load(run.realness.extractor, weights, compute)
    shape, at_once = (generator.image_size, generator.image_size), run.realness.features_batch_size
    of_features = timed(lambda: extract_features(extractor, images, shape, at_once, compute), compute) / len(images)
    say(f"{1 / of_images:8.1f} images/s made and stored, {1 / of_features:.1f} images/s of realness features")
    rows = []
    for study in studies:
        assessor = ASSESSORS.load(study.assessor, weights, compute, study.assessor_options)
        of_step, tflop = step_of(generator, assessor, study.training, compute, arguments.steps)
        of_scores = timed(lambda: score_images(assessor, images, run.batch_size, compute), compute) / len(images)  # noqa: B023
        say(
            f"{study.name:14} {1 / of_step:8.2f} steps/s, {tflop:.2f} Tflop each: {tflop / of_step / peak:.0%} of the "
            f"product's; {1 / of_scores:.1f} images/s scored"
        )
        training = (1 + study.replicates) * study.training.steps * of_step
        test = study.image_sets.test.seeds * len(study.alphas)
        tried = (1 + run.null_directions.directions) * 2 * run.null_directions.null_seeds
        features = test + run.realness.reference_per_class * study.image_sets.test.classes
        seconds = training + (test + tried) * (of_images + of_scores) + features * of_features
        rows.append((of_step, seconds / 3600, training / 3600))
    return rows


def step_of(generator, assessor, training: Training, compute: Compute, steps: int) -> tuple[float, float]:
    """Seconds of a step as `train_direction` takes it, and its operations in 10¹²."""
    transformer = Transformer(TransformerSettings(), generator.z_dim, generator.num_classes).to(compute.device)
    optimizer = torch.optim.Adam(transformer.parameters(), lr=training.learning_rate)
    loss_of = BatchLoss(generator, assessor, (), training, compute)

    def batch_of(number: int) -> list[Tensor]:
        batch = draw_batch(training, number, generator.z_dim, generator.num_classes, study="benchmark", seed=0)
        return [compute.send(values) for values in batch]

    def step(number: int) -> None:
        z, y, alpha = batch_of(number)
        optimizer.zero_grad()
        moved = transformer(z, y, alpha)
        _, gradient = loss_of(z, moved, y, alpha)
        moved.backward(gradient)
        optimizer.step()

    z, y, alpha = batch_of(0)
    with FlopCounterMode(display=False) as counter, compute.autocast():  # it knows `backward` alone
        ganalyze_loss(generator, assessor, z, transformer(z, y, alpha), y, alpha).backward()
    loss_of.record(z, y, alpha, say)
    seconds = timed(lambda: [step(number) for number in range(steps)], compute) / steps
    return seconds, counter.get_total_flops() / 1e12


def rate_of_products(compute: Compute) -> float:
    """What a large matrix product reaches, in 10¹² floating-point operations a second."""
    size, dtype = 8192 if compute.on_cuda else 1024, torch.bfloat16 if compute.precision == "bf16" else torch.float32
    a, b = (torch.randn(size, size, device=compute.device, dtype=dtype) for _ in range(2))
    return 2 * size**3 / min(timed(lambda: a @ b, compute) for _ in range(5)) / 1e12


def timed(function: Callable[[], object], compute: Compute) -> float:
    """Seconds that it takes, until the device is done; the second time, since the first loads what it needs."""
    wait = torch.cuda.synchronize if compute.on_cuda else lambda: None
    seconds = 0.0
    for _ in range(2):
        wait()
        start = time.perf_counter()
        function()
        wait()
        seconds = time.perf_counter() - start
    return seconds


if __name__ == "__main__":
    run_command(main)
