"""Invert a photograph: find a z, and what no z has, whose image it is. Writes into a folder: the aligned photograph,
its reconstruction, the inverted photograph itself, and how near it comes."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import Field

from ganalyze.direction.faces import align_face
from ganalyze.direction.inversion import Inversion, invert, likeliest_classes, sha256_of_pixels
from ganalyze.direction.likeness import EXTRACTOR
from ganalyze.images.notes import save_png
from ganalyze.images.pixels import to_pixels
from ganalyze.images.reading import ImageReader
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.weights.files import Weights
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Count, Floats, Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """Which photograph, and where everything goes."""

    photograph: Path = Field(description="JPEG, PNG, WebP, TIFF or BMP")
    folder: Path = Field(description="for photograph.png, reconstruction.png, inverted.safetensors, inverted.csv")
    detector: str | None = Field(
        default=None, description="of faces, which are then aligned, e.g. mtcnn; without it, the middle square is taken"
    )
    eyes: Floats = Field(
        default=(), description="x y of the eye on the left of the photograph, x y of the other, pixels"
    )
    classes: tuple[Count, ...] = Field(default=(), description="of what it may be; default: the likeliest are tried")
    seed: int = Field(default=0, description="of where the search starts")
    inversion: Inversion = Inversion()
    generator: GeneratorChoice
    weights: Weights = Weights()
    compute: Compute = Compute()


def main(arguments: Arguments) -> None:
    compute, name = arguments.compute.prepare(), str(arguments.photograph)
    if len(arguments.eyes) not in (0, 4):
        raise GanalyzeError(
            f"--eyes: got {len(arguments.eyes)} numbers, needed are four: x y of one eye, x y of the other"
        )
    photograph = ImageReader(arguments.photograph.parent).read(arguments.photograph.name)
    generator = arguments.generator.load_generator(arguments.weights, compute)
    detector = DETECTORS.load(arguments.detector, arguments.weights, compute) if arguments.detector else None
    eyes = (arguments.eyes[:2], arguments.eyes[2:]) if arguments.eyes else None
    pixels, words = align_face(photograph, generator.image_size, detector, eyes, name)
    if words:
        print(words, file=sys.stderr)
    extractor = EXTRACTORS.load(EXTRACTOR, arguments.weights, compute)
    found = invert(
        generator,
        pixels,
        extractor,
        arguments.inversion,
        seed=arguments.seed,
        classes=arguments.classes or likeliest_classes(pixels, extractor, generator.num_classes),
        about={"photograph": sha256_of_pixels(pixels), "generator": arguments.generator.generator},
        label=arguments.photograph.stem,
        checkpoint=(checkpoint := arguments.folder / "search.pt"),
    )
    if found.is_poor:
        print(
            f"warning: {name}: the reconstruction is poor, one would hardly recognise the photograph", file=sys.stderr
        )
    image = to_pixels(found.image)[0]
    error = np.abs(image.astype(float) - pixels).mean() / 255
    save_png(pixels, arguments.folder / "photograph.png", "A photograph, aligned.")
    save_png(image, arguments.folder / "reconstruction.png")
    row = {
        "pixel_error": error,
        "feature_distance": float(found.distance.features),
        "feature_distance_of_z_alone": float(found.before_residual.features),
        "poor": int(found.is_poor),
        "class_id": found.inverted.class_id,
    }
    write_table(pd.DataFrame([row]), arguments.folder / "inverted.csv")
    found.inverted.save(arguments.folder / "inverted.safetensors")
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    run_command(main)
