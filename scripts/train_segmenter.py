"""Train the U-Net that finds the subject, on GrabCut masks of a generator's own images, and judge it on others."""

import argparse
import json
from pathlib import Path

from ganalyze.models.compute import Compute
from ganalyze.models.generators import GENERATORS, load_generator
from ganalyze.models.registry import parse_options
from ganalyze.models.segmenters.distillation import Distillation, distil
from ganalyze.models.segmenters.unet import save_unet
from ganalyze.support.errors import run_command
from ganalyze.support.files import written_whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generator", required=True, help=f"one of {', '.join(GENERATORS)}")
    parser.add_argument("--generator-options", nargs="*", default=[], metavar="OPTION=VALUE", help="see its card")
    parser.add_argument("--output", type=Path, required=True, help="the U-Net, segmenter.safetensors")
    parser.add_argument("--metrics", type=Path, required=True, help="its agreement with GrabCut, metrics.json")
    parser.add_argument(
        "--held-out",
        type=Path,
        required=True,
        help="held-out images, masks and IoU: a manifest NAME.csv; images go to NAME.zip",
    )
    parser.add_argument("--samples", type=int, default=1500, help="GrabCuts to learn from; default: %(default)s")
    parser.add_argument("--held-out-samples", type=int, default=300, help="GrabCuts held out; default: %(default)s")
    parser.add_argument("--epochs", type=int, default=12, help="default: %(default)s")
    parser.add_argument("--seed", type=int, required=True)
    Compute.add_arguments(parser)
    arguments = parser.parse_args()

    options = Distillation(arguments.samples, arguments.held_out_samples, arguments.epochs, arguments.seed)
    compute = Compute.from_arguments(arguments)
    generator = load_generator(
        arguments.generator, arguments.weights_dir, compute.device, parse_options(arguments.generator_options)
    )
    unet, held_out, summary = distil(generator, options, compute)
    summary = {"generator": arguments.generator} | summary
    held_out.write(arguments.held_out)
    with written_whole(arguments.metrics) as temporary:
        temporary.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    save_unet(unet, arguments.output, summary)
    print(f"{arguments.output}: mean IoU {summary['iou_mean']:.3f} on {len(held_out.masks)} held-out images")


if __name__ == "__main__":
    run_command(main)
