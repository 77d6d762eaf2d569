"""The rooms of the library: which there are, and that imports run one way, from a room to those above it."""

import ast

import pytest

from tests import REPOSITORY

LIBRARY = REPOSITORY / "src/ganalyze"
# In the order of the paper.
ABOVE = ["support", "images", "models", "direction", "measures", "statistics", "experiments"]
ROOMS = [*ABOVE, "figures", "report", "explore", "study", "run", "library", "command"]
LONGEST = 250  # lines: what can be read at one sitting


def files():
    return sorted(path for path in LIBRARY.rglob("*.py") if path.name != "__init__.py" or path.parent != LIBRARY)


def room_of(module: str) -> str:
    return module.split(".")[1]


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ganalyze."):
            yield room_of(node.module)
        elif isinstance(node, ast.Import):
            yield from (room_of(alias.name) for alias in node.names if alias.name.startswith("ganalyze."))


def test_the_library_has_its_rooms_and_nothing_else():
    present = {path.name for path in LIBRARY.iterdir() if path.name != "__pycache__"}
    rooms = {room if (LIBRARY / room).is_dir() else f"{room}.py" for room in ROOMS}
    assert present == {"__init__.py", "py.typed"} | rooms


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_room_imports_from_rooms_above_it_alone(path):
    own = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
    below = ROOMS[ROOMS.index(own) + 1 :]
    assert not set(imported_rooms(path)) & set(below)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_file_can_be_read_at_one_sitting(path):
    assert len(path.read_text().splitlines()) <= LONGEST


def test_the_library_knows_no_snakemake_but_for_its_records():
    for path in files():
        if path == LIBRARY / "support/records.py":
            continue
        assert "snakemake" not in {
            name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        }, path
