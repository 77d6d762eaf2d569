"""Generators G(z, y) (paper §2.1): from a noise vector and a class to an image."""

from typing import Annotated, Literal

from pydantic import Field

from ganalyze.models.registry import Card, Registry

_Truncation = Annotated[float, Field(gt=0, le=1)]


def _biggan(size: int) -> Card:
    stages = {128: 6, 256: 7, 512: 8}
    return Card(
        build="ganalyze.models.generators.biggan_checkpoint:load",
        files=(f"biggan-{size}.pth",),
        title=f"BigGAN-{size}",
        parts=tuple(f"{4 * 2**stage}px" for stage in range(stages[size])),
        arguments={"image_size": size},
        memory_mb=5000,
    )


def _biggan_deep(size: int) -> Card:
    return Card(
        build="ganalyze.models.generators.biggan_deep:load",
        files=(f"biggan-deep-{size}-pytorch_model.bin", f"biggan-deep-{size}-config.json"),
        title=f"BigGAN-deep-{size}",
        arguments={"image_size": size},
        options={"truncation": _Truncation},
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
        "mobilestylegan-ffhq": Card(
            build="ganalyze.models.generators.mobilestylegan:load",
            files=("SynthesisNetwork.xml", "SynthesisNetwork.bin", "MappingNetwork.xml", "MappingNetwork.bin"),
            title="MobileStyleGAN trained on FFHQ",
            note="These faces are no one's, but the network learnt from photographs of people. What changes along with "
            "a score, such as apparent age, sex or skin tone, tells what the networks associate, not what people are.",
            options={"image_size": Literal[256, 512], "truncation": _Truncation},
            parts=("coarse", "middle", "fine"),
            memory_mb=3500,
        ),
        **{f"biggan-{size}": _biggan(size) for size in (128, 256, 512)},
        **{f"biggan-deep-{size}": _biggan_deep(size) for size in (128, 256, 512)},
    },
    group="ganalyze.generators",
)
