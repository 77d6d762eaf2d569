"""What settings are made of. A setting is said once, in a settings class beside the stage that uses it: from the class
come the keys of the configuration (`ganalyze.run`) and the options of the script (`ganalyze.support.arguments`)."""

import difflib
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import tyro
import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic_core import core_schema

from ganalyze.support.errors import GanalyzeError

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """A group of settings. Unknown keys and values of another type are refused, nothing is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_that_yaml_takes_for_words(cls, value: Any, info: ValidationInfo) -> Any:
        kinds = _kinds(cls.model_fields[info.field_name or ""].annotation)
        return value if str in kinds or not kinds & {int, float} else _as_number(value, float in kinds)

    def only(self, cls: type[S]) -> S:
        """The settings of a class that this one inherits from, alone."""
        return cls(**{name: getattr(self, name) for name in cls.model_fields})


def as_tuple(value: Any) -> Any:
    """YAML knows lists only, and strict settings take no list for a tuple."""
    return tuple(value) if isinstance(value, list) else value


def _as_floats(value: Any) -> Any:
    """YAML writes whole numbers without a point."""
    return tuple(float(x) if type(x) is int else x for x in value) if isinstance(value, list | tuple) else value


def _kinds(annotation: Any) -> set[Any]:
    """The types in an annotation, however deep."""
    inner = get_args(annotation)
    return {annotation} if not inner else set().union(*map(_kinds, inner))


# YAML 1.1, as PyYAML and Snakemake read it, takes these for text: 3e-2, 4E5, -.4, +.5e-3.
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def _as_number(value: Any, real: bool) -> Any:
    """Text that YAML 1.2 takes for a number, and 1.1 not, as this number, alone or in a list; all else as it is."""
    if isinstance(value, list | tuple):
        return type(value)(_as_number(item, real) for item in value)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value) or not isinstance(yaml.safe_load(value), str):
        return value  # what was written in quotation marks is meant as text
    number = float(value)
    return int(number) if not real and number.is_integer() else number


def _as_path(value: str) -> str:
    """A path as every program takes it: ~ is one's home, and a name that begins with - is no option."""
    if re.search(r"[\x00-\x1f{}]", value):
        raise ValueError("a path may not hold { or }, which Snakemake takes for wildcards, nor a line break or tab")
    path = Path(value).expanduser()
    return str(path.absolute() if value.startswith("-") else path)


def _options_of_words(words: Sequence[str]) -> dict[str, Any]:
    """Options as a command line gives them, `truncation=0.5`: values are JSON or YAML."""
    options = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"{word!r}: write it as OPTION=VALUE")
        options[key] = _written(word, value)
    return options


def _written(word: str, value: str) -> Any:
    """What a value in a word of the command line stands for, in JSON or YAML."""
    with suppress(json.JSONDecodeError):
        return json.loads(value)
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        raise ValueError(f"{word!r}: its value is not valid YAML") from None


def _words_of_options(options: dict[str, Any]) -> list[str]:
    return [f"{key}={json.dumps(value)}" for key, value in options.items()]


def _as_word(value: Any) -> str:
    return value.model_dump_json(exclude_defaults=True) if isinstance(value, Settings) else str(value)


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", description="lower-case letters, digits and _")]
Positive = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Seed = Annotated[
    Count, Field(description="of the run: everything random comes from it; the same seed, the same results")
]
Range = Annotated[tuple[Count, Count], BeforeValidator(as_tuple)]
Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
FilePath = Annotated[str, Field(min_length=1), AfterValidator(_as_path)]
FilePaths = Annotated[tuple[FilePath, ...], BeforeValidator(as_tuple)]
Floats = Annotated[tuple[float, ...], BeforeValidator(_as_floats)]
# What a model of any maker may be told; each checks its own (`ganalyze.models.registry`).
Options = Annotated[
    dict[str, Any],
    tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="OPTION=VALUE",
        instance_from_str=_options_of_words,
        is_instance=lambda value: isinstance(value, dict),
        str_from_instance=_words_of_options,
    ),
]

# Marks a tuple of settings: on a command line each of them is a word, '{key: value, key: value}'.
WORD_EACH = tyro.constructors.PrimitiveConstructorSpec(
    nargs="*",
    metavar="{KEY: VALUE, ...}",
    instance_from_str=lambda words: tuple(_written(word, word) for word in words),
    is_instance=lambda value: isinstance(value, tuple),
    str_from_instance=lambda values: [_as_word(value) for value in values],
)


def need_one_each(**lists: Sequence[Any]) -> None:
    """Raise ValueError unless there is one of each of the others for every one of the first."""
    (name, first), *others = lists.items()
    for other, values in others:
        if len(values) != len(first):
            raise ValueError(f"{len(first)} {name} need {len(first)} {other}, there are {len(values)}")


class ByName:
    """Marks a mapping from names to settings, each of the class that its name stands for."""

    def __init__(self, classes: Mapping[str, type[Settings]]):
        self.classes = classes

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self._validate, core_schema.dict_schema())

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        named = {name: handler(self.classes[name].__pydantic_core_schema__) for name in self.classes}
        return {"type": "object", "properties": named}

    def _validate(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        kinds: dict[str, Any] = {name: (self.classes[name], ...) for name in value if name in self.classes}
        section = create_model("Section", __base__=Settings, **kinds).model_validate(value)
        return {name: getattr(section, name) for name in value}


def command_line(*groups: Settings) -> str:
    """The settings as options of a script that takes them, quoted for a shell; those at their default are left out."""
    return shlex.join(word for settings in groups for word in _words(settings))


def _words(settings: Settings) -> Iterator[str]:
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, Settings):
            yield from _words(value)
        elif value is None or value == field.get_default(call_default_factory=True):
            continue
        elif isinstance(value, bool):
            yield f"--{'' if value else 'no-'}{name.replace('_', '-')}"
        else:
            yield f"--{name.replace('_', '-')}"
            if isinstance(value, dict):
                yield from _words_of_options(value)
            else:
                yield from map(_as_word, value) if isinstance(value, tuple) else [str(value)]


def explain(error: ValidationError, cls: type[BaseModel]) -> str:
    """Every fault of values that are no `cls`, as: path: what was given, what is allowed."""
    faults = error.errors()
    # A list with a faulty item counts as too short as well.
    within = {fault["loc"][:end] for fault in faults for end in range(len(fault["loc"]))}
    told = (fault for fault in faults if fault["type"] != "too_short" or fault["loc"] not in within)
    return "; ".join(_explain(fault, cls) for fault in told)


def one_error(error: ValidationError, cls: type[BaseModel], what: str) -> GanalyzeError:
    """The error that tells a user what of `what` cannot be used."""
    return GanalyzeError(f"{what}: {explain(error, cls)}")


def _explain(fault: Any, cls: type[BaseModel]) -> str:
    path = ""
    for part in fault["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    given = fault["input"]
    if fault["type"] == "extra_forbidden":
        allowed = _keys_at(fault["loc"][:-1], cls)
        guess = difflib.get_close_matches(str(fault["loc"][-1]), allowed, n=1)
        hint = f"did you mean {guess[0]}?" if guess else f"allowed are {', '.join(allowed)}"
        if "." in str(fault["loc"][-1]):
            hint = "what lies deeper is set in a file: --configfile config/demo.yaml mine.yaml lays mine over the demo"
        return f"{path}: unknown key, {hint}"
    if fault["type"] == "missing":
        return f"{path}: missing"
    message = fault["msg"].removeprefix("Value error, ")
    if not path:
        return message  # a check over several keys names its path itself
    short = repr(given) if len(repr(given)) < 60 else f"{repr(given)[:57]}..."
    return f"{path}: got {short}, {message[0].lower()}{message[1:]}"


def _keys_at(location: tuple[str | int, ...], cls: type[BaseModel]) -> list[str]:
    """The keys allowed at a place in nested settings."""
    section: Any = cls
    for part in location:
        if isinstance(part, int):
            continue  # a place in a list, of whose items we are in already
        if isinstance(section, ByName):
            section = section.classes[part]
            continue
        field = section.model_fields[part]
        named = next((mark for mark in field.metadata if isinstance(mark, ByName)), None)
        kinds = (kind for kind in (field.annotation, *get_args(field.annotation)) if hasattr(kind, "model_fields"))
        section = named or next(kinds)
    return list(section.classes) if isinstance(section, ByName) else list(section.model_fields)
