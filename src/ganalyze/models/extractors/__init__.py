"""Feature extractors for the realness of sets of images (paper §3.3.1), in torch-fidelity's form: from images
(N, 3, H, W) uint8 to features and logits.

FID, Inception Score and KID that others publish are made with one network, the Inception of 2015. With any other
network the same formulas give numbers on another scale, which compare with each other and with nothing else.
"""

from ganalyze.models.registry import Card, Registry

EXTRACTORS = Registry(
    "feature extractor",
    {
        "inception-v3-compat": Card(
            build="ganalyze.models.extractors.inception:load",
            files=("weights-inception-2015-12-05-6726825d.pth",),
            title="Inception-v3",
        ),
        "efficientnet-lite0": Card(
            build="ganalyze.models.extractors.efficientnet_lite0:load",
            files=("efficientnet-lite0-57934424.pth",),
            title="EfficientNet-Lite0",
            note="Not comparable with published FID, IS or KID: features are EfficientNet-Lite0's, not Inception's.",
        ),
    },
)
