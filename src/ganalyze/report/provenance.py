"""Where results come from: commit, configuration, packages, weights, machine."""

import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ganalyze.models.weights.records import recorded_sha256
from ganalyze.support.files import CLONE

PACKAGES = (
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "mixedlm",
    "matplotlib",
    "pillow",
    "snakemake",
)


def collect_provenance(config: dict[str, Any], weights: Sequence[Path | str]) -> dict[str, Any]:
    """What a reader needs to repeat a run. Outside a git checkout the commit is None."""
    paths = sorted({str(path) for path in weights})
    names = [Path(path).name for path in paths]
    return {
        "git_commit": git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(git("status", "--porcelain", "--untracked-files=no")),
        "config": config,
        "device": config["device"],
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        # Of two files with one name (models of the user's own may be called alike) each is told by its path.
        "weights": {
            path if names.count(Path(path).name) > 1 else Path(path).name: recorded_sha256(path) for path in paths
        },
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def git(*arguments: str) -> str | None:
    """What git says in the clone that the library is used from; None outside one."""
    if CLONE is None:
        return None  # where the library is installed, any repository around it is another's
    try:
        command = ["git", "-C", str(CLONE), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
