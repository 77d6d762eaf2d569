"""From a script's command line to its settings. A script is a settings class and a function:

class Arguments(Settings):
    training: Training          # its fields become options: --learning-rate, …
    output: Path = Field(description="the direction, theta.safetensors")

def main(arguments: Arguments) -> None: ...

if __name__ == "__main__":
    run_command(main)
"""

import logging
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_type_hints

import tyro
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from tyro.constructors import ConstructorRegistry, StructConstructorSpec, StructFieldSpec, StructTypeInfo

from ganalyze.support.errors import in_one_line
from ganalyze.support.settings import Settings, one_error

S = TypeVar("S", bound=Settings)

_REGISTRY = ConstructorRegistry()


@_REGISTRY.struct_rule
def _unchecked(type_info: StructTypeInfo) -> StructConstructorSpec | None:
    """Settings as they are written; they are checked afterwards, all together, and told of in our own words."""
    cls = type_info.type
    if not (isinstance(cls, type) and issubclass(cls, Settings)):
        return None
    types = get_type_hints(cls, include_extras=True)
    fields = [
        StructFieldSpec(name=name, type=types[name], default=_default(field), helptext=field.description)
        for name, field in cls.model_fields.items()
    ]

    def instantiate(**values: Any) -> Settings:
        return cls.model_construct(**values)

    instantiate.__doc__ = cls.__doc__  # the heading of the group in the usage
    return StructConstructorSpec(instantiate=instantiate, fields=tuple(fields))


def _default(field: FieldInfo) -> Any:
    return tyro.MISSING_NONPROP if field.is_required() else field.get_default(call_default_factory=True)


def parse(cls: type[S], description: str, words: Sequence[str] | None = None) -> S:
    """The settings that a command line (`words`; default: this program's) gives.

    Raises GanalyzeError for values that are not allowed. Words that are no options of `cls` end the program with its
    usage and status 2.
    """
    config = (tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff)
    unchecked = tyro.cli(cls, args=words, description=description, config=config, registry=_REGISTRY)
    try:
        return cls.model_validate(_values(unchecked))
    except ValidationError as error:
        raise one_error(error, cls, "arguments") from None


def _values(settings: Any) -> Any:
    """Settings that nobody has checked yet, as plain values."""
    if isinstance(settings, Settings):
        return {name: _values(value) for name, value in settings.__dict__.items()}
    return settings


def run_command(main: Callable[[S], None]) -> None:
    """Run a script's `main` with the settings that its command line gives.

    What the library logs goes to standard error. What goes wrong in a way that the user can put right is told in one
    line, with exit status 1.
    """
    description = sys.modules[main.__module__].__doc__ or ""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("ganalyze").setLevel(logging.INFO)
    warnings.filterwarnings("ignore", module=r"PIL\.")  # an image that is broken is told by its error
    with in_one_line():
        main(parse(get_type_hints(main)["arguments"], description))
