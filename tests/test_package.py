"""What is built and installed: the wheel and the sdist."""

import os
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests import REPOSITORY
from tests.pythons import newest_python

UV = Path(sys.executable).with_name("uv")
VERSION = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]


def run(*words, **options):
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel, built from the sdist, and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(UV, "build", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder, REPOSITORY)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def beneath(folder):
    return {
        str(path.relative_to(REPOSITORY / folder))
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_library_the_scripts_the_catalogue_the_claims_and_nothing_else(built):
    wanted = {f"ganalyze/{name}" for name in beneath("src/ganalyze")}
    wanted |= {f"ganalyze/scripts/{name}" for name in beneath("scripts")}
    wanted |= {"ganalyze/config/weights.yaml", "ganalyze/config/claims.csv"}
    assert {"ganalyze/report/templates/report.html.j2", "ganalyze/explore/page/index.html"} < wanted
    names = set(zipfile.ZipFile(built[0]).namelist())
    assert {name for name in names if not name.startswith(f"ganalyze-{VERSION}.dist-info/")} == wanted


def test_the_sdist_holds_what_the_wheel_is_built_from_and_no_tests_or_results(built):
    with tarfile.open(built[1]) as archive:
        names = [name.split("/")[1:] for name in archive.getnames()]
    folders = {name[0] for name in names if len(name) > 1}
    assert folders == {"src", "scripts", "config"}


def test_the_version_of_pyproject_heads_the_changelog():
    headings = [line for line in (REPOSITORY / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0] == f"## {VERSION}"


def test_the_lock_names_the_command_that_made_it_and_no_address():
    lock = (REPOSITORY / "envs/requirements.lock").read_text()
    assert "uv pip compile" in lock.splitlines()[1]
    assert "pyproject.toml --all-extras" in lock.splitlines()[1]
    assert "://" not in lock


@pytest.mark.slow
@pytest.mark.parametrize("age", ["this", "newest"])
def test_installed_in_an_empty_environment_it_works_outside_the_clone(built, weights_dir, tmp_path, age):
    interpreter = sys.executable if age == "this" else newest_python()[1]
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    python, elsewhere = tmp_path / "venv/bin/python", {"cwd": tmp_path, "env": environment}
    run(UV, "venv", "--quiet", "--python", interpreter, tmp_path / "venv", **elsewhere)
    install = ["pip", "install", "--quiet", "--python", python, "--constraints", REPOSITORY / "envs/requirements.lock"]
    run(UV, *install, built[0], **elsewhere)
    code = "import sys, time; t = time.time(); import ganalyze; "
    code += "print(time.time() - t < 0.5, 'torch' in sys.modules, ganalyze.__file__.startswith(sys.prefix))"
    run(python, "-c", "import ganalyze", **elsewhere)
    assert run(python, "-c", code, **elsewhere) == "True False True\n"

    ganalyze = python.with_name("ganalyze")
    run(ganalyze, "--help", **elsewhere)
    start = time.perf_counter()
    assert "train-direction" in run(ganalyze, "--help", **elsewhere)
    assert time.perf_counter() - start < 1
    words = ["--generator", "dcgan-digiface", "--set", "test", "--seeds-per-class", "3", "--seed", "7"]
    words += ["--weights-dir", weights_dir]
    words += ["--alphas", "-0.1", "0", "0.1", "--output"]
    run(ganalyze, "list-images", *words, "by_name.csv", **elsewhere)
    run(sys.executable, REPOSITORY / "scripts/list_images.py", *words, tmp_path / "by_hand.csv", cwd=REPOSITORY)
    assert (tmp_path / "by_name.csv").read_bytes() == (tmp_path / "by_hand.csv").read_bytes()

    places = "import ganalyze; from ganalyze.library import *; from ganalyze.report.claims import *; "
    places += "from ganalyze.report.template import template; template('style.css'); "
    places += "print([getattr(ganalyze, n).__name__ for n in ganalyze.__all__] == ganalyze.__all__, "
    places += "len(load_catalogue(CATALOGUE)) > 9, len(read_claims(CLAIMS)) > 9, WEIGHTS_DIR)"
    told = run(python, "-c", places, **elsewhere | {"env": environment | {"XDG_CACHE_HOME": str(tmp_path / "cache")}})
    assert told == f"True True True {tmp_path / 'cache/ganalyze/weights'}\n"
