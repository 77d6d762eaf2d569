"""Images of seeds moved along a direction, and their scores, by BigGAN-256 and EmoNet (random weights in the authors'
formats): ours, and the authors' test script as it stands in a clone of their repository."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from apart import KEEP_MEMORY, Measured, run_apart, tell
from pydantic import Field
from training import make_networks

from ganalyze.direction.generation import draw_seeds, generate_images
from ganalyze.direction.settings import ImageSetSettings
from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import ImageSet
from ganalyze.measures.scores import score_images
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.compute import Compute
from ganalyze.models.generators import GENERATORS
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Positive, Settings

# What the authors' script makes before it goes on to other seeds, and how many images at once.
_SEEDS, _ALPHAS, _AT_ONCE = 4, (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3), 4
_PRECISIONS = ("float32", "bf16")
# Their script, with what Pillow has dropped since.
_SCRIPT = """
import runpy, sys
from PIL import ImageFont
ImageFont.FreeTypeFont.getsize = lambda font, text: font.getbbox(text)[2:]
sys.path.insert(0, "")
runpy.run_path("test_pytorch.py", run_name="__main__")
"""


class Arguments(Settings):
    """What is measured, and on what."""

    authors: Path = Field(description="a clone of LoreGoetschalckx/GANalyze")
    width: Positive = Field(default=96, description="of BigGAN-256; the authors' script knows the published one alone")
    threads: Positive = Field(default=2, description="of the CPU")


def main(arguments: Arguments) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))  # what makes the weights is in the tests
    with tempfile.TemporaryDirectory() as folder:
        run_apart(make_networks, folder, arguments.width)
        call = (authors_script, folder, arguments.authors.resolve(), arguments.threads)
        theirs = run_apart(*call)
        keeping = run_apart(*call, environment=KEEP_MEMORY)
        ours = {
            name: run_apart(our_images, folder, name, arguments.threads, environment=KEEP_MEMORY)
            for name in _PRECISIONS
        }

    work = f"{_SEEDS * len(_ALPHAS)} images and their scores, BigGAN-256 and EmoNet"
    print(f"{'':30} {'s':>8} {'peak MiB':>9}")
    told: dict[str, Measured] = {"the authors'": theirs, "the authors', memory kept": keeping}
    for label, timed in (told | {f"ours, {name}": timed for name, timed in ours.items()}).items():
        print(f"{label:30} {timed.result:8.1f} {timed.peak:9.0f}")
    for name, timed in ours.items():
        tell(f"{work}, {name}", timed.result, "the authors' test script", theirs.result, "≥ 4")
        tell(f"{work}, {name}", timed.result, "the same, memory kept too", keeping.result)


def our_images(folder: str, precision: str, threads: int) -> float:
    """Seconds to make, store, read and score the images, without loading networks."""
    compute = Compute(threads=threads, precision=precision, memory_format="channels_last").prepare()
    weights = Weights(weights_dir=(Path(folder),))
    generator = GENERATORS.load("biggan-256", weights, compute)
    assessor = ASSESSORS.load("emonet", weights, compute)
    seeds = draw_seeds(ImageSetSettings(classes=1, seeds_per_class=_SEEDS), generator.num_classes, seed=0)
    made = Path(folder, f"ours-{precision}")
    start = time.perf_counter()
    generate_images(
        generator,
        Transformer.identity(generator.z_dim),  # where images lie takes no time
        seeds,
        set_name="test",
        alphas=_ALPHAS,
        seed=0,
        batch_size=_AT_ONCE,
        compute=compute,
        folder=made,
    )
    score_images(assessor, ImageSet.open(made.with_suffix(".csv")), _AT_ONCE, compute)
    return time.perf_counter() - start


def authors_script(folder: str, clone: Path, threads: int) -> float:
    """Seconds that their test_pytorch.py takes from its first batch of a class to the second.

    Raises GanalyzeError where it ends before.
    """
    place = Path(tempfile.mkdtemp(dir=folder), "pytorch")
    shutil.copytree(clone / "pytorch", place)
    for file, room in (
        ("biggan-256.pth", "generators"),
        ("EmoNet_valence_moments_resnet50_5_best.pth.tar", "assessors"),
    ):
        (place / room / file).symlink_to(Path(folder, file).resolve())
    trained = {"generator": ["biggan256", "None"], "assessor": "emonet", "transformer": ["OneDirection", "None"]}
    (place / "opts.json").write_text(json.dumps(trained | {"version": "random"}))
    words = ["--gpu_id=-1", "--checkpoint_dir=.", "--checkpoint=0"]
    running = subprocess.Popen(
        [sys.executable, "-u", "-W", "ignore", "-c", _SCRIPT, *words],
        cwd=place,
        env=os.environ | {"GIT_DIR": str(clone / ".git"), "OMP_NUM_THREADS": str(threads)},
        stdout=subprocess.PIPE,
        text=True,
    )
    batches: list[float] = []
    with running:
        for line in running.stdout or ():
            batches += [time.perf_counter()] if line.startswith("bigger_step") else []  # said before each batch
            if len(batches) == 2:
                running.kill()
    if len(batches) < 2:
        raise GanalyzeError("the authors' script ended before its second batch, for the reason above")
    return batches[1] - batches[0]


if __name__ == "__main__":
    run_command(main)
