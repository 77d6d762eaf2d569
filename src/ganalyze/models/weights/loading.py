"""What is in a weight file, read as tensors and nothing else: a file that others can change is never trusted to run
code."""

import io
import pickle
import pickletools
import re
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ganalyze.support.errors import GanalyzeError

if TYPE_CHECKING:
    from torch import nn


def load_tensors(path: Path | str) -> dict[str, Any]:
    """Read a checkpoint of torch on the CPU: a dictionary of tensors, plain values and dictionaries of them.

    Nothing in the file is executed. Tensors are mapped from the file where its format allows it, so only what
    is used is read. Raises GanalyzeError where the file is missing, broken, or holds anything else.
    """
    import torch  # here, since it takes seconds

    try:
        # Files older than torch 1.6 are no zip archives and cannot be mapped.
        tensors = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # a broken file can fail in any way
        raise _unreadable(path, error) from None
    return _dictionary(path, tensors)


def load_tensor_pickle(path: Path | str) -> dict[str, Any]:
    """Read a dictionary of torch tensors that was pickled with plain `pickle`, by Python 2 or 3.

    Only what tensors are made of is admitted, and nothing is executed. Raises GanalyzeError where the file is
    missing, broken, or holds anything else.
    """
    import torch
    from torch._utils import _rebuild_parameter, _rebuild_tensor_v2

    def encode(text: str, _: str = "latin1") -> bytes:
        return text.encode("latin1")

    def storage(content: bytes | str) -> Any:
        content = encode(content) if isinstance(content, str) else content  # Python 2 has no bytes
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)

    admitted = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor_v2,
        ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
        ("torch.storage", "_load_from_bytes"): storage,  # torch's own would unpickle anything
        ("_codecs", "encode"): encode,  # how protocol 2 writes bytes
    }

    class Tensors(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) not in admitted:
                raise pickle.UnpicklingError(f"GLOBAL {module}.{name}")
            return admitted[module, name]

    try:
        with Path(path).open("rb") as file:
            _check_numbers(file, Path(path).stat().st_size)
            file.seek(0)
            tensors = Tensors(file, encoding="latin1").load()
    except Exception as error:
        raise _unreadable(path, error) from None
    return _dictionary(path, tensors)


def _check_numbers(file: BinaryIO, size: int) -> None:
    """Raise UnpicklingError where a pickle of `size` bytes gives an object a number too high for a file so short:
    Python would make room for as many, and a single broken byte can make that gigabytes."""
    for operation, number, _ in pickletools.genops(file):
        if operation.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(number or 0) >= size:
            raise pickle.UnpicklingError(f"object {number} of a file of {size} bytes")


def load_state(module: "nn.Module", state: Mapping[str, Any], name: str) -> None:
    """Load `state` (parameter name → tensor) into a torch module, exactly; `name` is what errors call it.

    Raises GanalyzeError naming some keys that are missing, unexpected or of another shape.
    """
    try:
        module.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        own = module.state_dict()
        shapes = {key: getattr(value, "shape", None) for key, value in state.items()}
        faults = {
            "missing": [key for key in own if key not in state],
            "unexpected": [str(key) for key in state if key not in own],
            "of another shape": [key for key in own if key in state and own[key].shape != shapes[key]],
        }
        reasons = "; ".join(f"{len(keys)} {kind}: {_few(keys)}" for kind, keys in faults.items() if keys)
        raise GanalyzeError(f"{name} does not fit the network: {reasons or error}") from None


def _few(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (", …" if len(keys) > 3 else "")


def _dictionary(path: Path | str, content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise GanalyzeError(f"{path} holds a {type(content).__name__} instead of a dictionary of tensors")
    return content


def _unreadable(path: Path | str, error: Exception) -> GanalyzeError:
    text = str(error).rpartition("WeightsUnpickler error: ")[2].strip()
    if wanted := re.search(r"GLOBAL (\S+)", text):  # torch's own text tells how to load the file unsafely
        cause = f"it asks for {wanted[1]}, which no tensor needs: do not trust it"
    else:
        cause = re.split(r"\.\s|\n", text)[0] or type(error).__name__
    return GanalyzeError(f"{path} is not a readable file of tensors ({cause})")
