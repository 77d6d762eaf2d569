"""Which models a stage uses, as a configuration and a command line name them."""

from typing import TYPE_CHECKING

from pydantic import Field

from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.compute import Compute
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.registry import Card
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.models.weights.files import Weights
from ganalyze.support.settings import Options, Settings

if TYPE_CHECKING:  # torch takes seconds to import, and the workflow only reads the settings
    from torch import Tensor

    from ganalyze.models.contract import Assessor, Detector, Generator, Segmenter


class GeneratorChoice(Settings):
    """A generator by name, with options of its own."""

    generator: str = Field(description=f"{', '.join(GENERATORS)}, or module:object")
    generator_options: Options = Field(default={}, description="see the generator's card")

    def load_generator(self, weights: Weights, compute: Compute) -> "Generator":
        """The network, ready to run. Raises GanalyzeError where it cannot be had or does not return what it must."""
        return self.load_and_try(weights, compute)[0]

    def load_and_try(self, weights: Weights, compute: Compute) -> "tuple[Generator, Tensor]":
        """The same, with the two images (2, 3, H, W) in [-1, 1] that it was tried on."""
        from ganalyze.models.conformance import check_generator

        generator = GENERATORS.load(self.generator, weights, compute, self.generator_options)
        return generator, check_generator(generator, f"generator {self.generator}", compute)


class AssessorChoice(Settings):
    """An assessor by name, with options of its own."""

    assessor: str = Field(
        description=f"{', '.join(ASSESSORS)}, name:head, onnx:FILE, timm:NAME, export:FILE, or module:object"
    )
    assessor_options: Options = Field(default={}, description="see the assessor's card")

    @property
    def card(self) -> Card:
        """What is known of it, the files included that its options name."""
        return ASSESSORS.card(self.assessor, self.assessor_options)

    def load_assessor(self, weights: Weights, compute: Compute, images: "Tensor") -> "Assessor":
        """The network, ready to run, tried on two `images` (2, 3, H, W) in [-1, 1] of the kind that it is to score.

        Raises GanalyzeError where it cannot be had or does not return what it must.
        """
        from ganalyze.models.conformance import check_assessor

        assessor = ASSESSORS.load(self.assessor, weights, compute, self.assessor_options)
        check_assessor(assessor, f"assessor {self.assessor}", images, compute)
        return assessor


class SegmenterChoice(Settings):
    """A segmenter by name."""

    segmenter: str = Field(description=", ".join(SEGMENTERS))

    def load_segmenter(self, weights: Weights, compute: Compute, images: "Tensor") -> "Segmenter":
        """As `AssessorChoice.load_assessor`."""
        from ganalyze.models.conformance import check_segmenter

        segmenter = SEGMENTERS.load(self.segmenter, weights, compute)
        check_segmenter(segmenter, f"segmenter {self.segmenter}", images, compute)
        return segmenter


class DetectorChoice(Settings):
    """A detector of faces by name."""

    detector: str = Field(description=", ".join(DETECTORS))

    def load_detector(self, weights: Weights, compute: Compute) -> "Detector":
        """The network, ready to run. Raises GanalyzeError where it cannot be had."""
        return DETECTORS.load(self.detector, weights, compute)
