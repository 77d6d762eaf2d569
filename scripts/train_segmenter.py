"""Train the U-Net that finds the subject, on GrabCut masks of a generator's own images, and judge it on others."""

import json
from pathlib import Path

from pydantic import Field

from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.segmenters.distillation import distil
from ganalyze.models.segmenters.settings import Distillation
from ganalyze.models.segmenters.unet import save_unet
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.files import written_whole
from ganalyze.support.settings import Seed, Settings


class Arguments(Settings):
    """Whose images it learns from, and where everything goes."""

    seed: Seed
    output: Path = Field(description="the U-Net, segmenter.safetensors")
    metrics: Path = Field(description="its agreement with GrabCut, metrics.json")
    held_out: Path = Field(description="held-out images, masks and IoU: a manifest NAME.csv; images go to NAME.zip")
    generator: GeneratorChoice
    distillation: Distillation = Distillation()
    compute: Compute = Compute()
    weights: Weights = Weights()


def main(arguments: Arguments) -> None:
    compute = arguments.compute.prepare()
    generator = arguments.generator.load_generator(arguments.weights, compute)
    unet, held_out, summary = distil(generator, arguments.distillation, compute, seed=arguments.seed)
    about = {"generator": arguments.generator.generator} | summary
    held_out.write(arguments.held_out)
    with written_whole(arguments.metrics) as temporary:
        temporary.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    save_unet(unet, arguments.output, about)
    print(f"{arguments.output}: mean IoU {summary['iou_mean']:.3f} on {len(held_out.masks)} held-out images")


if __name__ == "__main__":
    run_command(main)
