"""Which files of code a job runs. They are inputs of its rule: an edit of any of them reruns it, which Snakemake, that
looks at the command alone, would not see by itself."""

import ast
import os
from functools import cache
from pathlib import Path

from ganalyze.support.files import PACKAGE, own_file


def here(path: str) -> str:
    """A file of the project's own (`own_file`), named from the folder in which Snakemake runs: the same name wherever a
    clone lies."""
    return os.path.relpath(own_file(path))


def in_library(path: str) -> str:
    """The same for a file of the library itself."""
    return os.path.relpath(PACKAGE / path)


@cache  # asked by every rule and many jobs
def code_files(script: str, *modules: str) -> list[str]:
    """A script in scripts/, and then every file of the library that it or one of `modules` imports, sorted.

    Modules that are no part of the library are looked for in the folder where Snakemake runs: models of the user's own.
    """
    first = Path(here(f"scripts/{script}"))
    waiting, found = [first, *map(_file_of, modules)], set()
    while waiting:
        path = waiting.pop()
        if path is None or path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += map(_file_of, (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
            elif isinstance(node, ast.Import):
                waiting += (_file_of(alias.name) for alias in node.names)
    return [str(first), *sorted(map(str, found - {first}))]


def _file_of(module: str) -> Path | None:
    first, *rest = module.split(".")
    base = Path(in_library("/".join(rest)) if first == "ganalyze" else "/".join([first, *rest]))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)
