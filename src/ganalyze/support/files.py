"""Files: written in whole or not at all, YAML read with its faults named, and the project's own."""

import glob
import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from ganalyze.support.errors import GanalyzeError

PACKAGE = Path(__file__).resolve().parents[1]
# The clone whose src/ the library is used from; None where it is installed.
CLONE = PACKAGE.parents[1] if (PACKAGE.parents[1] / "Snakefile").is_file() else None


def own_file(path: str) -> Path:
    """A file or folder of the project's own that is no part of the library's code: in a clone where it lies, else where
    the wheel puts it (pyproject.toml)."""
    return (CLONE or PACKAGE) / path


def hash_of(path: Path | str, algorithm: str = "sha256") -> str:
    """The hash of a file's content, in hex digits. algorithm: of `hashlib`."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@contextmanager
def written_whole(path: Path | str) -> Iterator[Path]:
    """Yield a temporary name beside `path`; rename it into place on success, remove it on failure.

    So no reader ever meets a half-written file, whatever kills the writer. The folder is made where it
    is missing, and what a writer on this machine left that was killed is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Machine and process keep jobs that write the same file apart; the suffix stays, since writers read it.
    before, after = f".{path.stem}.{platform.node()}.", f".part{path.suffix}"
    for left in path.parent.glob(f"{glob.escape(before)}*{glob.escape(after)}"):
        writer = left.name.removeprefix(before).removesuffix(after)
        if writer.isdigit() and not _is_alive(int(writer)):
            left.unlink(missing_ok=True)
    temporary = path.with_name(f"{before}{os.getpid()}{after}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class _OneValueAKey(yaml.SafeLoader):
    """YAML in which a key that is given twice is a fault: elsewhere the last one wins without a word."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        for name in names:
            if names.count(name) > 1:
                raise yaml.composer.ComposerError(None, None, f"the key {name!r} is given twice", node.start_mark)
        return node


def read_yaml(path: Path | str) -> dict[str, Any]:
    """The mapping in a YAML file. Raises GanalyzeError where it is missing, no mapping, or a key is there twice."""
    try:
        # A SafeLoader, which makes plain values and nothing else.
        values = yaml.load(Path(path).read_text(encoding="utf-8"), _OneValueAKey)
    except FileNotFoundError:
        raise GanalyzeError(f"{path} not found") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise GanalyzeError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(values, dict):
        raise GanalyzeError(f"{path} must hold a mapping of keys to values")
    return values
