"""Which files of code a job runs: its script, and all that it imports, of the library or of the user's own."""

import pytest

from ganalyze.support import sources
from ganalyze.support.sources import code_files


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to run in, with a script and a library of its own."""
    files = {
        "scripts/run.py": "import json\nfrom ganalyze.room import helper\nfrom ganalyze.room.deep import thing\n",
        "src/ganalyze/__init__.py": "",
        "src/ganalyze/room/__init__.py": "def helper(): ...\n",
        "src/ganalyze/room/deep.py": "import numpy\ndef late():\n    import ganalyze.later\n",
        "src/ganalyze/later.py": "from ganalyze.room import deep\n",
        "src/ganalyze/unused.py": "",
        "mine.py": "from mine_too import x\n",
        "mine_too.py": "",
        "numpy.txt": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "PACKAGE", tmp_path / "src/ganalyze")
    monkeypatch.setattr(sources, "own_file", tmp_path.joinpath)
    code_files.cache_clear()
    yield tmp_path
    code_files.cache_clear()


ALL_OF_RUN = [
    "scripts/run.py",
    "src/ganalyze/later.py",
    "src/ganalyze/room/__init__.py",
    "src/ganalyze/room/deep.py",
]


def test_a_scripts_code_is_all_that_it_imports_at_whatever_place(here):
    assert code_files("run.py") == ALL_OF_RUN


def test_a_model_of_the_users_own_brings_what_it_imports(here):
    assert code_files("run.py", "mine") == ["scripts/run.py", "mine.py", "mine_too.py", *ALL_OF_RUN[1:]]


def test_modules_of_installed_packages_are_no_code_of_ours(here):
    assert code_files("run.py", "numpy") == ALL_OF_RUN


def test_the_same_files_whatever_the_order_of_imports(here):
    script = here / "scripts/run.py"
    script.write_text("".join(reversed(script.read_text().splitlines(keepends=True))))
    assert code_files("run.py") == ALL_OF_RUN
