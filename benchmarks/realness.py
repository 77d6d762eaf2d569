"""Realness of the same images against the same reference: ours, at all α at once and with intervals, and
torch-fidelity's own command, which is called once an α and finds the reference's features in its cache after the
first."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from apart import KEEP_MEMORY, run_apart, tell
from PIL import Image
from pydantic import Field

from ganalyze.images.image_sets import image_id, write_manifest
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Positive, Settings

_ALPHAS = (-0.1, 0.0, 0.1)
# What torch-fidelity's command calls two of them; the others it takes from shuffled images, or may be 0.
_MEASURES = {"fid": "frechet_inception_distance", "kid_mean": "kernel_inception_distance_mean"}


class Arguments(Settings):
    """How much is measured."""

    seeds: Positive = Field(default=40, description="images an α, and in the reference")
    threads: Positive = Field(default=2, description="of the CPU")


def main(arguments: Arguments) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))  # what makes the weights is in the tests
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_apart(make_images, folder, arguments.seeds)
        # In the environment that every job of the workflow inherits; theirs too, to which it is no harm.
        theirs = run_apart(
            fidelity, folder, arguments.seeds, environment=KEEP_MEMORY | {"OMP_NUM_THREADS": str(arguments.threads)}
        )
        ours = run_apart(our_realness, folder, arguments.threads, environment=KEEP_MEMORY)

    print(f"{'':14} {'s':>8} {'core s':>8} {'peak MiB':>9}")
    for label, timed in (("ours", ours), ("torch-fidelity", theirs)):
        print(f"{label:14} {timed.seconds:8.1f} {timed.core_seconds:8.1f} {timed.peak:9.0f}")
    differences = [
        f"{ours_name} {np.abs(ours.result[ours_name] / theirs.result[name] - 1).max():.1g}"
        for ours_name, name in _MEASURES.items()
    ]
    print("largest relative difference:", ", ".join(differences))
    work = f"realness of {len(_ALPHAS)} × {arguments.seeds} images against {arguments.seeds}, with intervals"
    tell(work, ours.seconds, "torch-fidelity's command, without", theirs.seconds)


def make_images(folder: Path, seeds: int) -> None:
    """Write the Inception with random weights, and PNG images: a test set at every α, and a reference."""
    from tests import published

    published.write_inception(folder)
    random = np.random.default_rng(0)
    for name, alphas in (("test", _ALPHAS), ("reference", (0.0,))):
        rows = []
        for alpha in alphas:
            (folder / f"{name}{alpha}").mkdir()
            for seed in range(seeds):
                pixels = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                file = f"{name}{alpha}/{seed}.png"
                Image.fromarray(pixels).resize((256, 256), Image.Resampling.BICUBIC).save(folder / file)
                rows.append((image_id(name, seed, alpha), seed, alpha, file))
        manifest = pd.DataFrame(rows, columns=["image_id", "seed_id", "alpha", "file"])
        write_manifest(
            manifest.assign(set=name, class_id=0, class_name="noise", z_index=manifest.seed_id), folder / f"{name}.csv"
        )


def our_realness(folder: Path, threads: int) -> pd.DataFrame:
    """The table of scripts/measure_realness.py."""
    from ganalyze.images.image_sets import ImageSet  # here, so that torch counts as theirs does
    from ganalyze.measures.realness.measures import measure_realness
    from ganalyze.measures.realness.settings import RealnessMeasurement
    from ganalyze.models.compute import Compute
    from ganalyze.models.weights.files import Weights

    return measure_realness(
        ImageSet.open(folder / "test.csv"),
        folder / "reference.csv",
        RealnessMeasurement(extractor="inception-v3-compat"),
        seed=0,
        weights=Weights(weights_dir=(folder,)),
        compute=Compute(threads=threads).prepare(),
    )


def fidelity(folder: Path, seeds: int) -> pd.DataFrame:
    """What torch-fidelity's command says at every α. Raises GanalyzeError where it fails."""
    said = []
    for alpha in _ALPHAS:
        words = ["--input1", f"test{alpha}", "--input2", "reference0.0", "--input2-cache-name", "reference"]
        words += ["--cpu", "--json", "--silent", "--isc", "--fid", "--kid", "--prc", "--batch-size", "8"]
        words += [
            "--kid-subset-size",
            str(seeds),
            "--feature-extractor",
            "inception-v3-compat",
            "--cache-root",
            "cache",
            "--samples-find-ext",
            "png",
        ]
        words += ["--feature-extractor-weights-path", "weights-inception-2015-12-05-6726825d.pth"]
        done = subprocess.run(
            [Path(sys.executable).with_name("fidelity"), *words],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise GanalyzeError(f"torch-fidelity's command failed: {done.stderr.strip().splitlines()[-1][:200]}")
        said.append(json.loads(done.stdout[done.stdout.index("{") :]))
    return pd.DataFrame(said)


if __name__ == "__main__":
    run_command(main)
