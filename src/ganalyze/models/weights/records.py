"""What a weight file was when it came: its size and its hash, in a record beside it that sha256sum reads."""

import re
from pathlib import Path

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import hash_of, written_whole


def recorded_sha256(path: Path | str) -> str:
    """The SHA-256 of a weight file; of one that is not here (any more), what its record says.

    Raises GanalyzeError where there is neither.
    """
    path = Path(path)
    if path.is_file():
        return hash_of(path)
    _, hashes = read_record(path)
    if not hashes:
        raise GanalyzeError(f"weights {path} not found, and no record of them")
    return hashes["sha256"]


def find_fault(path: Path, size: int | None, hashes: dict[str, str]) -> str | None:
    """What is wrong with a file, None where nothing is. The size is looked at first: it costs nothing."""
    actual_size = path.stat().st_size
    if size is not None and actual_size != size:
        return f"{actual_size} bytes instead of {size}"
    for algorithm, expected in hashes.items():
        if (actual := hash_of(path, algorithm)) != expected:
            return f"{algorithm} {actual} instead of {expected}"
    return None


def record_of(path: Path) -> Path:
    """Where the record of a weight file lies."""
    return path.with_name(f"{path.name}.sha256")


def write_record(path: Path) -> str:
    """Record a file as it is now. Returns its SHA-256."""
    digest = hash_of(path)
    with written_whole(record_of(path)) as temporary:
        # sha256sum passes over comments, so the size can stand in one.
        temporary.write_text(f"# {path.stat().st_size} bytes\n{digest}  {path.name}\n", encoding="utf-8")
    return digest


def read_record(path: Path) -> tuple[int | None, dict[str, str]]:
    """Size and hashes a file had when it came; (None, {}) where nothing was recorded.

    Raises GanalyzeError where the record is not one.
    """
    try:
        text = record_of(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None, {}
    digest = re.search(r"^([0-9a-f]{64}) [ *]", text, re.MULTILINE)
    if not digest:
        raise GanalyzeError(f"{record_of(path)} is no record of a SHA-256: remove it")
    size = re.search(r"^# (\d+) bytes$", text, re.MULTILINE)
    return int(size[1]) if size else None, {"sha256": digest[1]}
