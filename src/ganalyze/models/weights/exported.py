"""What is in a file of torch.export.save, read as numbers and operations on them, and nothing else.

torch.export.load trusts its file: it unpickles, looks functions up by any name, and puts names and expressions into
Python code that it runs. Here it is given a copy instead, of which every word is known to be harmless, and whatever is
pickled or only for people to read is left out.
"""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganalyze.support.errors import GanalyzeError

if TYPE_CHECKING:
    from torch.export import ExportedProgram

_MEMBERS = re.compile(
    r"models/model\.json|data/weights/(model_weights_config\.json|weight_\d+)"
    r"|data/constants/(model_constants_config\.json|tensor_\d+)|archive_format|archive_version|byteorder|\.data/\w+"
)
_INPUTS = "data/sample_inputs/model.pt"  # pickled; what the program was tried on, which no one needs
_UNREAD = {"metadata": {}, "torch_version": "", "treespec_namedtuple_fields": {}}
_WORD = re.compile(r"[\w.]*", re.ASCII)
_ALLOWED = {
    # Operations on tensors and on sizes. aten's from_file, save and load touch files.
    "target": re.compile(
        r"torch\.ops\.aten\.(?!(from_file|save|load)\.)\w+\.\w+"
        r"|_operator\.(add|sub|mul|floordiv|mod|neg|getitem|eq|ne|le|lt|ge|gt)|torch\.sym_(int|float|max|min|not)",
        re.ASCII,
    ),
    # Sizes, as sympy writes them: Add(Symbol('s77', positive=True, integer=True), Integer(-1)).
    "expr_str": re.compile(
        r"(\b(Symbol|Integer|Rational|Add|Mul|Max|Min|FloorDiv|CeilDiv|CleanDiv|Mod|PythonMod|CeilToInt|FloorToInt"
        r"|IntTrueDiv|ToFloat|(positive|nonnegative|integer)=True|\d+)\b|'[a-z]+\d+'|[-+*(), ])*",
        re.ASCII,
    ),
    "as_float": re.compile("-?Infinity|NaN"),
    "as_string": re.compile(r"[\w.,> -]*", re.ASCII),  # such as einsum's, of which none is a path
    "path_name": re.compile(r"(weight|tensor)_\d+", re.ASCII),
}


def load_exported(path: Path | str) -> "ExportedProgram":
    """The program in a .pt2 file, without what it was tried on and where its lines came from.

    Nothing in the file is executed but operations of torch on tensors, when the program runs. Raises GanalyzeError
    where the file is missing, broken, or asks for anything else.
    """
    import torch  # here, since it takes seconds

    try:
        copy = _harmless_copy(Path(path))
        return torch.export.load(copy)
    except GanalyzeError:
        raise
    except Exception as error:  # a broken file can fail in any way
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise GanalyzeError(f"{path} is not a readable file of torch.export.save: {reason}") from None


def _harmless_copy(path: Path) -> io.BytesIO:
    copy = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as harmless:
        for name in archive.namelist():
            member = name.partition("/")[2]
            content = b"" if member == _INPUTS else archive.read(name)
            if member != _INPUTS and not _MEMBERS.fullmatch(member):
                raise GanalyzeError(
                    f"{path} holds {name}, which no program of torch.export.save needs: export it again with the torch "
                    "that is installed here, and do not trust it if it came so"
                )
            if member.endswith(".json"):
                try:
                    content = json.dumps(_read(json.loads(content))).encode()
                except _Refused as refused:
                    raise GanalyzeError(
                        f"{path} asks for {refused}, and only operations on tensors are let through, since a file may "
                        "not run code: export the network alone"
                    ) from None
            harmless.writestr(f"program/{member}", content)
    copy.seek(0)
    return copy


class _Refused(Exception):
    """What a file asks for that is not harmless."""


def _read(value: Any, key: str = "") -> Any:
    """A value of the program's JSON, if all words in it are harmless. `key`: what it is the value of."""
    if isinstance(value, dict):
        return {_read(name): _UNREAD[name] if name in _UNREAD else _read(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_read(item, key) for item in value]
    if isinstance(value, str) and key in ("in_spec", "out_spec"):
        return json.dumps(_read_spec(json.loads(value)))
    if key == "use_pickle" and value:
        raise _Refused("unpickling")
    if isinstance(value, str) and not _ALLOWED.get(key, _WORD).fullmatch(value):
        raise _Refused(repr(value[:80]))
    return value


def _read_spec(spec: Any) -> Any:
    """How arguments are nested, [version, tree]: in tuples, lists and dictionaries."""
    if isinstance(spec, list):
        return [_read_spec(inner) for inner in spec]
    if not isinstance(spec, dict):
        return spec
    if spec.get("type") not in (None, "builtins.tuple", "builtins.list", "builtins.dict"):
        raise _Refused(repr(spec["type"]))
    if spec.get("context") is not None and "__enum__" in spec["context"]:
        raise _Refused("an enumeration")
    return spec | {"children_spec": _read_spec(spec["children_spec"])}
