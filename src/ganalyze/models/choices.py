"""Which models a stage uses, as a configuration and a command line name them."""

from typing import TYPE_CHECKING

from pydantic import Field

from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.compute import Compute
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.models.weights.files import Weights
from ganalyze.support.settings import Options, Settings

if TYPE_CHECKING:  # torch takes seconds to import, and the workflow only reads the settings
    from ganalyze.models.contract import Assessor, Detector, Generator, Segmenter


class GeneratorChoice(Settings):
    """A generator by name, with options of its own."""

    generator: str = Field(description=f"{', '.join(GENERATORS)}, or module:object")
    generator_options: Options = Field(default={}, description="see the generator's card")

    def load_generator(self, weights: Weights, compute: Compute) -> "Generator":
        """The network, ready to run. Raises GanalyzeError where it cannot be had."""
        return GENERATORS.load(self.generator, weights, compute, self.generator_options)


class AssessorChoice(Settings):
    """An assessor by name, with options of its own."""

    assessor: str = Field(description=f"{', '.join(ASSESSORS)}, name:head, or module:object")
    assessor_options: Options = Field(default={}, description="see the assessor's card")

    def load_assessor(self, weights: Weights, compute: Compute) -> "Assessor":
        """The network, ready to run. Raises GanalyzeError where it cannot be had."""
        return ASSESSORS.load(self.assessor, weights, compute, self.assessor_options)


class SegmenterChoice(Settings):
    """A segmenter by name."""

    segmenter: str = Field(description=", ".join(SEGMENTERS))

    def load_segmenter(self, weights: Weights, compute: Compute) -> "Segmenter":
        """The network, ready to run. Raises GanalyzeError where it cannot be had."""
        return SEGMENTERS.load(self.segmenter, weights, compute)


class DetectorChoice(Settings):
    """A detector of faces by name."""

    detector: str = Field(description=", ".join(DETECTORS))

    def load_detector(self, weights: Weights, compute: Compute) -> "Detector":
        """The network, ready to run. Raises GanalyzeError where it cannot be had."""
        return DETECTORS.load(self.detector, weights, compute)
