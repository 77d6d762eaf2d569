"""Generators G(z, y) (paper §2.1): from a noise vector and a class to an image."""

from ganalyze.registry import Card, Registry

GENERATORS = Registry(
    "generator",
    {
        "dcgan-digiface": Card(
            build="ganalyze.generators.dcgan:load",
            files=("weights.tar",),
            title="DCGAN trained on DigiFace-1M",
            origin="gan-face-generate 1.1.1 (Chien Liu)",
            licence="MIT",
            reference="Radford, Metz & Chintala, ICLR 2016 (network); Bae et al., WACV 2023 (synthetic faces)",
        ),
    },
)


def load_generator(name: str, weights_dir, device):
    """Load the generator `name`: a module with `z_dim`, `num_classes`, `class_names` and `image_size` (pixels).

    Called as `g(z, y)` with z (N, z_dim) float and y (N,) class indices, it returns images (N, 3, image_size,
    image_size) in [-1, 1]. Raises GanalyzeError for an unknown name or unusable weights.
    """
    return GENERATORS.load(name, weights_dir, device)
