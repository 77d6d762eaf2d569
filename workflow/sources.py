"""Which files of code a job runs. They are inputs of its rule: an edit of any of them reruns it, which Snakemake, that
looks at the command alone, would not see by itself."""

import ast
import os
from functools import cache
from pathlib import Path

HOME = Path(os.path.relpath(Path(__file__).resolve().parents[1]))  # from where Snakemake runs; there mostly "."


def here(path: str) -> str:
    """A file of the workflow's own, whichever folder Snakemake runs in."""
    return str(HOME / path)


@cache  # asked by every rule and many jobs
def code(script: str, *modules: str) -> list[str]:
    """A script in scripts/, and then every file of the library that it or one of `modules` imports, sorted.

    Modules that are no part of the library are looked for in the folder where Snakemake runs: models of the user's own.
    """
    first = Path(here("scripts"), script)
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
    base = Path(here("src") if module.startswith("ganalyze") else "", *module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)
