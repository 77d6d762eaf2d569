"""Detectors of faces and their landmarks: from an image (H, W, 3) uint8 to `Face`s (`ganalyze.models.contract`)."""

from ganalyze.models.registry import Card, Registry

DETECTORS = Registry(
    "detector",
    {
        "mtcnn": Card(
            build="ganalyze.models.detectors.mtcnn:load",
            files=("pnet.pt", "rnet.pt", "onet.pt"),
            title="MTCNN",
        ),
    },
)
