"""Pythons that are installed here."""

import json
import subprocess

import pytest


def newest_python() -> tuple[str, str]:
    """The newest release of CPython that is installed, and where it is."""
    listed = subprocess.run(
        ["uv", "python", "list", "--only-installed", "--output-format", "json"], capture_output=True, text=True
    )
    found = [one for one in json.loads(listed.stdout or "[]") if one["implementation"] == "cpython"]
    released = [one for one in found if one["version"].replace(".", "").isdigit()]
    newest = max(released, key=lambda one: tuple(map(int, one["version"].split("."))), default=None)
    if newest is None or tuple(map(int, newest["version"].split(".")[:2])) < (3, 12):
        pytest.skip("no Python newer than 3.11 is installed")
    return newest["version"], newest["path"]
