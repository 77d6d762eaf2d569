"""Generators G(z, y) (paper §2.1): from a noise vector and a class to an image."""

from typing import Annotated

from pydantic import Field

from ganalyze.models.registry import Card, Registry


def _biggan(size: int) -> Card:
    return Card(
        build=f"ganalyze.models.generators.biggan:load_{size}",
        files=(f"biggan-{size}.pth",),
        title=f"BigGAN-{size}",
        origin="the GANalyze authors' conversion of DeepMind's network",
        licence="unknown (published without a licence)",
        reference="Brock, Donahue & Simonyan, ICLR 2019",
        memory_mb=5000,
    )


def _biggan_deep(size: int) -> Card:
    return Card(
        build=f"ganalyze.models.generators.biggan_deep:load_{size}",
        files=(f"biggan-deep-{size}-pytorch_model.bin", f"biggan-deep-{size}-config.json"),
        title=f"BigGAN-deep-{size}",
        origin="Hugging Face's conversion of DeepMind's network (pytorch-pretrained-biggan)",
        licence="weights Apache-2.0 (DeepMind), conversion MIT (Hugging Face)",
        reference="Brock, Donahue & Simonyan, ICLR 2019",
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
            origin="gan-face-generate 1.1.1 (Chien Liu)",
            licence="MIT",
            reference="Radford, Metz & Chintala, ICLR 2016 (network); Bae et al., WACV 2023 (synthetic faces)",
        ),
        **{f"biggan-{size}": _biggan(size) for size in (128, 256, 512)},
        **{f"biggan-deep-{size}": _biggan_deep(size) for size in (128, 256, 512)},
    },
    group="ganalyze.generators",
)


def load_generator(name: str, weights_dir, device, options=None):
    """Load the generator `name`: a module with `z_dim`, `num_classes`, `class_names` and `image_size` (pixels), and
    `truncation` where z is to be drawn on another scale than 1.

    Called as `g(z, y)` with z (N, z_dim) float and y (N,) class indices, it returns images (N, 3, image_size,
    image_size) in [-1, 1]. Raises GanalyzeError for an unknown name or option or unusable weights.
    """
    return GENERATORS.load(name, weights_dir, device, options)
