"""What a valid run is. The only place that knows YAML.

A run is one generator and a list of studies; a study is one assessor's chain from θ to figures (design §4).
"""

import difflib
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from ganalyze.experiments import designs
from ganalyze.images.image_sets import seeds_per_batch
from ganalyze.models.registry import UNET_FILE, Registry
from ganalyze.support.errors import GanalyzeError

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", description="lower-case letters, digits and _")]
Positive = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
# Strict mode takes no list for a tuple.
Range = Annotated[tuple[Count, Count], BeforeValidator(lambda value: tuple(value) if type(value) is list else value)]


class Section(BaseModel):
    """A part of the configuration: unknown keys and values of another type are refused, nothing is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Training(Section):
    """How a study's direction is learnt (paper §2.2)."""

    samples: Positive = Field(description="z vectors seen in all")
    batch_size: Positive = Field(description="z vectors a step")
    learning_rate: float = Field(gt=0, le=10, description="of Adam")
    alpha_max: float = Field(gt=0, le=100, description="α is drawn uniformly from ±alpha_max")
    checkpoint_every: Positive = Field(description="steps between checkpoints")
    gradients: Literal["zeroed", "accumulated"] = Field(
        default="zeroed", description="before each step; never, in the authors' published valence run"
    )


class Transformer(Section):
    """What is learnt, and what happens to z after the move (see `ganalyze.direction.transformer`)."""

    kind: Literal["one_direction", "class_dependent"] = "one_direction"
    rescaling: Literal["none", "per_seed", "per_batch"] = "none"
    start: Literal["zeros", "normal", "uniform"] = Field(default="zeros", description="of θ")


class ImageSet(Section):
    """Which seeds an image set holds (paper §2.2)."""

    classes: Positive = Field(description="classes drawn at random from the generator's")
    seeds_per_class: Positive = Field(description="z vectors a class")
    chunks: Positive = Field(default=1, description="jobs the set is made in; changes no result")


class ImageSets(Section):
    """The image sets of a study. The test set is the one that is fitted and drawn."""

    test: ImageSet
    filler: ImageSet | None = Field(default=None, description="what the memory game shows between targets (§3.4)")
    vigilance: ImageSet | None = Field(
        default=None, description="the 2AFC task's easy fakes: z from the tails, unmodified (§3.3.2)"
    )

    @property
    def present(self) -> dict[str, ImageSet]:
        """The sets that there are, by name."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name))}


class Experiment(Section):
    """How an experiment with people is prepared, and simulated until there are some (paper §3.3.2, §3.4)."""

    participants: Positive = Field(description="for whom tracks are prepared")
    series: Positive = Field(default=1, description="prepared for each of them")
    sensitivity: float | None = Field(
        default=None, description="of simulated observers, log odds per unit of score; default: as the paper's people"
    )

    @property
    def design(self) -> dict[str, Any]:
        """What a series is made of: the options of scripts/build_tracks.py."""
        return {name: getattr(self, name) for name in type(self).model_fields if name not in Experiment.model_fields}

    @property
    def seeds(self) -> dict[str, int]:
        """How many seeds of which image sets a participant meets, each once."""
        raise NotImplementedError


_GAME, _AFC = designs.MemoryGame(), designs.TwoAfc()  # as in the paper


class MemoryGame(Experiment):
    """A series of the visual memory game; the defaults are the paper's."""

    targets: Positive = Field(default=_GAME.targets, description="images of the test set, each shown twice")
    vigilance: Positive = Field(default=_GAME.vigilance, description="fillers shown twice, in quick succession")
    fillers: Count = Field(default=_GAME.fillers, description="fillers shown once")
    target_lags: Range = Field(default=_GAME.target_lags, description="least and most images between target and repeat")
    vigilance_lags: Range = Field(default=_GAME.vigilance_lags, description="the same of vigilance images")

    @property
    def seeds(self) -> dict[str, int]:
        return {"test": self.series * self.targets, "filler": self.series * (self.vigilance + self.fillers)}


class TwoAfc(Experiment):
    """A series of the 2AFC task; the defaults are the paper's."""

    targets: Positive = Field(default=_AFC.targets, description="pairs with an image of the test set")
    vigilance: Positive = Field(default=_AFC.vigilance, description="pairs with an easy fake")
    practice: Count = Field(default=_AFC.practice, description="pairs with feedback, before one's first series")

    @property
    def seeds(self) -> dict[str, int]:
        easy = self.practice // 2
        return {
            "test": self.series * self.targets + self.practice - easy,
            "vigilance": self.series * self.vigilance + easy,
        }


class Experiments(Section):
    """The experiments of a study."""

    memory_game: MemoryGame | None = None
    two_afc: TwoAfc | None = None

    @property
    def present(self) -> dict[str, Experiment]:
        """Those that there are, by name."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name))}


class Study(Section):
    """One assessor's chain from θ to figures."""

    name: Name
    assessor: str = Field(description="a name in the registry of assessors, name:head, or module:object")
    assessor_options: dict[str, Any] = Field(default={}, description="see the assessor's card")
    alphas: tuple[float, ...] = Field(description="the grid of the image sets, ascending, with 0 for the seed itself")
    training: Training
    transformer: Transformer = Transformer()
    image_sets: ImageSets
    experiments: Experiments = Experiments()

    @field_validator("alphas", mode="before")
    @classmethod
    def _as_floats(cls, value: Any) -> Any:
        # YAML writes whole numbers without a point, and strict mode takes no list for a tuple.
        if not isinstance(value, list | tuple):
            return value
        return tuple(float(x) if type(x) is int else x for x in value)

    @field_validator("alphas")
    @classmethod
    def _a_grid(cls, alphas: tuple[float, ...]) -> tuple[float, ...]:
        if 0 not in alphas:
            raise ValueError("must contain 0, the unmodified seed")
        if len(alphas) < 3 or min(alphas) >= 0 or max(alphas) <= 0:
            raise ValueError("must have a value below and one above 0")
        if any(b <= a for a, b in zip(alphas, alphas[1:], strict=False)):
            raise ValueError("must ascend")
        if max(map(abs, alphas)) > 100:
            raise ValueError("must lie within ±100")
        return alphas

    def alphas_of(self, set_name: str) -> tuple[float, ...]:
        """The grid of an image set: vigilance images are unmodified seeds."""
        return (0.0,) if set_name == "vigilance" else self.alphas


class Distillation(Section):
    """How the U-Net that finds the subject is trained on GrabCut masks of the generator's own images."""

    samples: Positive = Field(description="images that GrabCut segments for training")
    held_out_samples: Positive = Field(description="further images, to judge it by")
    epochs: Positive = Field(description="passes over the samples")


class Realness(Section):
    """How the realness of the test sets is measured (paper §3.3.1).

    What is real is either `reference_samples` or `reference_folder`.
    """

    extractor: str = Field(description="a name in the registry of feature extractors")
    reference_samples: Positive | None = Field(default=None, description="fresh unmodified images of the generator")
    reference_folder: str | None = Field(default=None, description="photographs, one subfolder a class, as ImageNet's")
    reference_per_class: Positive = Field(default=50, description="photographs a class of the test set")

    @model_validator(mode="after")
    def _one_reference(self) -> "Realness":
        if (self.reference_samples is None) == (self.reference_folder is None):
            raise ValueError("realness: give reference_samples or reference_folder, one of them")
        return self


class Run(Section):
    """One configuration of all studies; its results go to results/<run>/."""

    run: Name
    seed: int = Field(ge=0, description="of everything random")
    generator: str = Field(description="a name in the registry of generators, or module:object")
    generator_options: dict[str, Any] = Field(default={}, description="see the generator's card")
    weights_dir: str = Field(default="weights", min_length=1, description="where downloaded weights are kept")
    device: str = Field(default="cpu", pattern=r"^(cpu|cuda(:\d+)?|mps)$", description="cpu, cuda or cuda:N")
    precision: Literal["float32", "bf16", "fp16"] = Field(default="float32", description="of the networks' arithmetic")
    memory_format: Literal["contiguous", "channels_last"] = Field(default="contiguous", description="of convolutions")
    compile: bool = Field(default=False, description="the networks, by torch.compile, before they run")
    threads: Positive = Field(default=2, description="CPU threads of a job that runs networks")
    batch_size: Positive = Field(default=40, description="images the networks see at once in generation and scoring")
    segmenter: str | None = Field(
        default=None, description="a name in the registry of segmenters; without it, no factors that need subject masks"
    )
    distillation: Distillation | None = Field(default=None, description="needed where the U-Net serves")
    realness: Realness | None = Field(default=None, description="without it, realness is not measured")
    power_data_sets: Positive | None = Field(
        default=None, description="simulated memory games of each size to tell their power; without it, it is not told"
    )
    studies: tuple[Study, ...] = Field(min_length=1)

    @field_validator("studies", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

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
                in_batch = seeds_per_batch(self.batch_size, len(study.alphas_of(name)))
                batches = -(-images.classes * images.seeds_per_class // in_batch)
                if images.chunks > batches:
                    raise ValueError(
                        f"studies[{index}].image_sets.{name}.chunks: got {images.chunks}, but the set has {batches} "
                        "batch(es)"
                    )
        return self

    @model_validator(mode="after")
    def _images_for_experiments(self) -> "Run":
        for index, study in enumerate(self.studies):
            for name, experiment in study.experiments.present.items():
                for needed, seeds in experiment.seeds.items():
                    images = study.image_sets.present.get(needed)
                    if images is None:
                        raise ValueError(f"studies[{index}].image_sets.{needed}: missing, the {name} needs it")
                    if seeds > (there := images.classes * images.seeds_per_class):
                        raise ValueError(
                            f"studies[{index}].experiments.{name}.series: got {experiment.series}, for which the "
                            f"{needed} set needs {seeds} seeds, but it has {there}: no one may meet a seed twice"
                        )
        return self

    def study(self, name: str) -> Study:
        return next(study for study in self.studies if study.name == name)


def load_run(
    values: Mapping[str, Any],
    generators: Registry,
    assessors: Registry,
    segmenters: Registry,
    extractors: Registry,
) -> Run:
    """The run that `values` describe, checked against the registries.

    Raises GanalyzeError with, for each fault, the key's path, what was given and what is allowed.
    """
    try:
        run = Run.model_validate(dict(values))
    except ValidationError as error:
        raise GanalyzeError("configuration: " + "; ".join(map(_explain, error.errors()))) from None
    _check_model("generator", run.generator, run.generator_options, generators)
    for index, study in enumerate(run.studies):
        _check_model(f"studies[{index}].assessor", study.assessor, study.assessor_options, assessors)
    if run.segmenter:
        _check_known("segmenter", run.segmenter, segmenters)
    if run.realness:
        _check_known("realness.extractor", run.realness.extractor, extractors)
    cards = {study.assessor: assessors[study.assessor] for study in run.studies}
    if run.segmenter:
        cards[run.segmenter] = segmenters[run.segmenter]
    needing = [name for name, card in cards.items() if UNET_FILE in card.files]
    if needing and not run.distillation:
        raise GanalyzeError(f"configuration: distillation: missing, {' and '.join(needing)} need the U-Net it trains")
    return run


def _check_known(path: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise GanalyzeError(f"configuration: {path}: got {name!r}, known are {', '.join(known)}")


def _check_model(path: str, name: str, options: Mapping[str, Any], known: Registry) -> None:
    _check_known(path, name, known)
    try:
        known.check(name, options)
    except GanalyzeError as error:
        raise GanalyzeError(f"configuration: {path}: {error}") from None


def _explain(error: Any) -> str:
    """One pydantic error as: path: what was given, what is allowed."""
    path = ""
    for part in error["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    given = error["input"]
    if error["type"] == "extra_forbidden":
        allowed = _keys_at(error["loc"][:-1])
        guess = difflib.get_close_matches(str(error["loc"][-1]), allowed, n=1)
        hint = f"did you mean {guess[0]}?" if guess else f"allowed are {', '.join(allowed)}"
        return f"{path}: unknown key, {hint}"
    if error["type"] == "missing":
        return f"{path}: missing"
    message = error["msg"].removeprefix("Value error, ")
    if not path:
        return message  # our own check over several keys names its path itself
    short = repr(given) if len(repr(given)) < 60 else f"{repr(given)[:57]}..."
    return f"{path}: got {short}, {message[0].lower()}{message[1:]}"


def _keys_at(location: tuple) -> list[str]:
    """The keys allowed at a place in the configuration."""
    section: Any = Run
    for part in location:
        if isinstance(part, str):
            section = section.model_fields[part].annotation
            section = getattr(section, "__args__", [section])[0]  # tuple[Study, ...] → Study
    return list(section.model_fields)
