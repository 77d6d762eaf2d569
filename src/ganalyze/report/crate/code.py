"""The code that an archive holds: what git tracks of it, and the commit that it is."""

import os
from dataclasses import dataclass
from pathlib import Path

from ganalyze.report.provenance import git
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import CLONE

# What a run is made with and described by.
_OURS = (
    *("Snakefile", "workflow", "scripts", "src", "config", "envs", "Makefile", "pyproject.toml"),
    *("README.md", "docs", "data/README.md", "results/README.md", "LICENSE", "CITATION.cff"),
)

WORKFLOW = "workflow/Snakefile"  # its first file


@dataclass(frozen=True)
class Code:
    """The clone, the tracked files as paths in it, the last commit that touched them and its day."""

    clone: Path
    files: tuple[str, ...]
    commit: str
    day: str

    def place(self, path: str | Path) -> str:
        """Where a file lies in the archive: as in the clone, or in the folder where Snakemake ran."""
        absolute = Path(os.path.normpath(Path.cwd() / path))  # links stay what they are called
        folder = next((one for one in (self.clone, Path.cwd()) if absolute.is_relative_to(one)), absolute.parent)
        return absolute.relative_to(folder).as_posix()

    def portable(self, text: str) -> str:
        """A command without the folders of this machine."""
        for folder, name in ((self.clone, "."), (Path.cwd(), "."), (Path.home(), "~")):
            text = text.replace(str(folder), name)
        return text


def read_code() -> Code:
    """The code of the clone that the library is used from.

    Raises:
        GanalyzeError: there is none, or a file of it is not as it was committed, so that no commit names it.
    """
    commit = git("log", "-1", "--format=%H %cs", "--", *_OURS)
    if CLONE is None or not commit:
        raise GanalyzeError("an archive names the commit of its code: make it in a git clone of the workflow")
    if changed := git("status", "--porcelain", "--untracked-files=no", "--", *_OURS):
        names = ", ".join(line.split(maxsplit=1)[1] for line in changed.splitlines())
        raise GanalyzeError(f"not as committed: {names}: commit it, so that the archive can name its code by a commit")
    files = tuple(filter(None, (git("ls-files", "-z", "--", *_OURS) or "").split("\0")))
    return Code(CLONE, files, *commit.split())
