"""What a valid run is: the settings of all stages, composed, and what one of them says of another.

A run is one generator and a list of studies; a study is one assessor's chain from θ to figures. Each group of settings
is a class beside the code that uses it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from ganalyze.direction.settings import seeds_per_batch
from ganalyze.experiments.exclusions import Exclusions
from ganalyze.images.shards import ImageFormat
from ganalyze.measures.realness.settings import Realness
from ganalyze.measures.settings import NullDirections
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.choices import GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.registry import UNET_FILE, Registry
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.models.segmenters.settings import Distillation
from ganalyze.models.weights.files import Weights
from ganalyze.statistics.equivalence import Equivalence
from ganalyze.study import Study
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import FilePath, FilePaths, Name, Positive, as_tuple, one_error


class Run(GeneratorChoice, Compute):
    """One configuration of all studies; its results go to results/<run>/."""

    run: Name
    seed: int = Field(ge=0, description="of everything random")
    weights_dir: FilePath = Field(default="weights", description="where downloaded weights are kept")
    batch_size: Positive = Field(default=40, description="images the networks see at once in generation and scoring")
    image_format: ImageFormat = Field(default="png", description="in which images are stored, and so measured")
    strip_seeds: Positive | None = Field(
        default=None, description="seeds shown between the alphas of the grid too, for the report; without it, none"
    )
    segmenter: str | None = Field(
        default=None, description="finds the subject; without it, no factors that need subject masks"
    )
    detector: str | None = Field(
        default=None, description="finds faces and their landmarks; for generators of faces only"
    )
    distillation: Distillation | None = Field(default=None, description="needed where the U-Net serves")
    realness: Realness | None = Field(default=None, description="without it, realness is not measured")
    null_directions: NullDirections | None = Field(
        default=None, description="random directions to compare each study's with; without it, none"
    )
    photographs: FilePaths = Field(default=(), description="files of photographs that are inverted and moved")
    exclusions: Exclusions = Field(default=Exclusions(), description="which answers of people do not count")
    equivalence: Equivalence = Field(default=Equivalence(), description="how small a difference counts as none")
    power_data_sets: Positive | None = Field(
        default=None, description="simulated experiments of each size to tell their power; without it, it is not told"
    )
    studies: Annotated[tuple[Study, ...], BeforeValidator(as_tuple)] = Field(
        min_length=1, description="each an assessor's chain from θ to figures"
    )

    @model_validator(mode="after")
    def _names_differ(self) -> "Run":
        names = [study.name for study in self.studies]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"studies: the name {name!r} is given twice")
        return self

    @model_validator(mode="after")
    def _chunks_fit(self) -> "Run":
        for index, study in enumerate(self.studies):
            for name, images in study.image_sets.present.items():
                batches = -(-images.seeds // seeds_per_batch(self.batch_size, len(study.moved_alphas_of(name)) or 1))
                if images.chunks > batches:
                    raise ValueError(
                        f"studies[{index}].image_sets.{name}.chunks: got {images.chunks}, but the set has {batches} "
                        "batch(es)"
                    )
        return self

    @model_validator(mode="after")
    def _photographs_are_there(self) -> "Run":
        names = [name for name, _ in self._named_photographs()]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"photographs: two would be called {name}: rename one")
        for index, study in enumerate(self.studies):
            for name, images in study.image_sets.present.items():
                if images.photographs and name != "test":
                    raise ValueError(
                        f"studies[{index}].image_sets.{name}: photographs can be the test set's seeds alone"
                    )
                if images.photographs and images.seeds != len(names):
                    raise ValueError(
                        f"studies[{index}].image_sets.{name}: got {images.seeds} seeds, but there are {len(names)} "
                        "photographs: classes 1, and seeds_per_class as many"
                    )
        return self

    @model_validator(mode="after")
    def _images_for_experiments(self) -> "Run":
        for index, study in enumerate(self.studies):
            for name, experiment in study.experiments.items():
                for needed, seeds in experiment.seeds.items():
                    images = study.image_sets.present.get(needed)
                    if images is None:
                        raise ValueError(f"studies[{index}].image_sets.{needed}: missing, the {name} needs it")
                    if seeds > images.seeds:
                        raise ValueError(
                            f"studies[{index}].experiments.{name}.series: got {experiment.series}, for which the "
                            f"{needed} set needs {seeds} seeds, but it has {images.seeds}: no one may meet a seed twice"
                        )
        return self

    @property
    def results(self) -> Path:
        """Where everything goes that the run makes."""
        return Path("results") / self.run

    def _named_photographs(self) -> list[tuple[str, str]]:
        return [(re.sub(r"[^\w-]+", "-", Path(file).stem, flags=re.ASCII), file) for file in self.photographs]

    @property
    def named_photographs(self) -> dict[str, str]:
        """The files of photographs, by the name that their folders have."""
        return dict(self._named_photographs())

    @property
    def weights(self) -> Weights:
        """Where its networks find their weights: those of others, and the run's own segmenter."""
        own = (self.results / "segmenter",) if self.distillation else ()
        return Weights(weights_dir=(Path(self.weights_dir), *own))

    def study(self, name: str) -> Study:
        """The study of this name; there must be one."""
        return next(study for study in self.studies if study.name == name)

    def plain(self, held: Study) -> Study | None:
        """The study that differs from `held` in that it holds nothing, to compare it with, if there is one."""
        same = ("assessor", "assessor_options", "alphas", "transformer")
        return next(
            (one for one in self.studies if not one.held and all(getattr(one, x) == getattr(held, x) for x in same)),
            None,
        )


def load_run(values: Mapping[str, Any]) -> Run:
    """The run that `values` describe, checked against the registries of models and experiments.

    Raises GanalyzeError with, for each fault, the key's path, what was given and what is allowed.
    """
    try:
        run = Run.model_validate(dict(values))
    except ValidationError as error:
        raise one_error(error, Run, "configuration") from None
    _check_model("generator", run.generator, run.generator_options, GENERATORS)
    for index, study in enumerate(run.studies):
        _check_model(f"studies[{index}].assessor", study.assessor, study.assessor_options, ASSESSORS)
        further = {"judges": study.judges, "hold": study.hold}
        for key, choices in further.items():
            for place, one in enumerate(choices):
                _check_model(f"studies[{index}].{key}[{place}].assessor", one.assessor, one.assessor_options, ASSESSORS)
        parts = GENERATORS[run.generator].parts
        for part in study.transformer.moves or ():
            if part not in parts:
                known = f"of {run.generator}'s z are {', '.join(parts)}" if parts else f"{run.generator}'s z has none"
                raise GanalyzeError(
                    f"configuration: studies[{index}].transformer.moves: got {part!r}, the parts {known}"
                )
    if run.segmenter:
        _check_model("segmenter", run.segmenter, {}, SEGMENTERS)
    if run.detector:
        _check_model("detector", run.detector, {}, DETECTORS)
    if run.realness:
        _check_model("realness.extractor", run.realness.extractor, {}, EXTRACTORS)
    assessors = [one for study in run.studies for one in (study, *study.held, *study.judges)]
    cards = {one.assessor: ASSESSORS[one.assessor] for one in assessors}
    if run.segmenter:
        cards[run.segmenter] = SEGMENTERS[run.segmenter]
    needing = [name for name, card in cards.items() if UNET_FILE in card.files]
    if needing and not run.distillation:
        raise GanalyzeError(f"configuration: distillation: missing, {' and '.join(needing)} need the U-Net it trains")
    return run


def _check_model(path: str, name: str, options: Mapping[str, Any], known: Registry) -> None:
    if name not in known:
        raise GanalyzeError(f"configuration: {path}: got {name!r}, known are {', '.join(known)}")
    try:
        known.check(name, options)
    except GanalyzeError as error:
        raise GanalyzeError(f"configuration: {path}: {error}") from None
