"""Generators G(z, y) (paper §2.1): from a noise vector and a class to an image."""

from typing import Annotated

from pydantic import Field

from ganalyze.models.registry import Card, Registry


def _biggan(size: int) -> Card:
    return Card(
        build="ganalyze.models.generators.biggan_checkpoint:load",
        files=(f"biggan-{size}.pth",),
        title=f"BigGAN-{size}",
        arguments={"image_size": size},
        memory_mb=5000,
    )


def _biggan_deep(size: int) -> Card:
    return Card(
        build="ganalyze.models.generators.biggan_deep:load",
        files=(f"biggan-deep-{size}-pytorch_model.bin", f"biggan-deep-{size}-config.json"),
        title=f"BigGAN-deep-{size}",
        arguments={"image_size": size},
        options={"truncation": Annotated[float, Field(gt=0, le=1)]},
        memory_mb=5000,
    )


GENERATORS = Registry(
    "generator",
    {
        "dcgan-digiface": Card(
            build="ganalyze.models.generators.dcgan:load",
            files=("weights.tar",),
            title="DCGAN trained on DigiFace-1M",
        ),
        **{f"biggan-{size}": _biggan(size) for size in (128, 256, 512)},
        **{f"biggan-deep-{size}": _biggan_deep(size) for size in (128, 256, 512)},
    },
    group="ganalyze.generators",
)
