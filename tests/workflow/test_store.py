"""The finished demo in a DVC remote: kept by `make refresh-store`, brought by `dvc pull`, judged by Snakemake."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from ganalyze.run import Run
from tests import REPOSITORY

from .conftest import Checkout, jobs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

STUDIES = ["aesthetics", "valence"]  # the quick ones


class Clone(Checkout):
    """A git clone, or what becomes the origin of some; `config/demo.yaml` is its configuration."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = os.environ | {
            "PYTHONPATH": str(folder / "src"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b",
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", *arguments]

    def run(self, *command: str, succeeds: bool = True) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=1500
        )
        said = done.stdout + done.stderr
        assert (done.returncode == 0) == succeeds, said[-3000:]
        return said

    def make(self, target: str, succeeds: bool = True) -> str:
        return self.run("make", "--old-file=.venv/made", target, succeeds=succeeds)  # the environment is there

    @property
    def config(self) -> dict:
        return yaml.safe_load((self.folder / "config/demo.yaml").read_text())

    def configure(self, run: dict) -> None:
        (self.folder / "config/demo.yaml").write_text(yaml.safe_dump(run, sort_keys=False))

    def add_weights(self, weights_dir: Path) -> None:
        """Real weight files, beside records that may be there already."""
        (self.folder / "weights").mkdir(exist_ok=True)
        for file in weights_dir.iterdir():
            if not (self.folder / "weights" / file.name).exists():
                os.link(file, self.folder / "weights" / file.name)

    def planned(self) -> dict[str, int]:
        return jobs(self.snakemake("--cores", "1", "-n"))


def tiny(run: dict) -> dict:
    """The demo with two of its studies, without people, as small as it goes."""
    run["realness"]["reference_samples"] = 20
    run["strip_seeds"] = 2
    run["studies"] = [study for study in run["studies"] if study["name"] in STUDIES]
    for study in run["studies"]:
        study["training"]["samples"] = 8
        study["image_sets"] = {"test": study["image_sets"]["test"] | {"seeds_per_class": 20}}
        study.pop("experiments", None)
    return run


def of_two_studies(pipeline: dict) -> dict:
    """dvc.yaml without what the tiny demo lacks."""
    absent = [name for name in pipeline["stages"]["study"]["foreach"] if name not in STUDIES]

    def present(items):
        return [x for x in items if not any(f"results/demo/{name}" in str(x) for name in absent)]

    stages = pipeline["stages"]
    stages["study"]["foreach"] = {name: index for index, name in enumerate(STUDIES)}
    params = stages["study"]["do"]["params"][0]
    params["config/demo.yaml"] = [key for key in params["config/demo.yaml"] if key not in ABSENT_PLACES]
    stages["report"]["deps"] = present(stages["report"]["deps"])
    stages["report"]["outs"] = [out for out in stages["report"]["outs"] if "results/demo/tables" not in out]
    for plot in pipeline["plots"]:
        for options in plot.values():
            options["y"] = {file: options["y"][file] for file in present(options["y"])}
    return pipeline


STALE = f"dvc-store/files/md5/00/{'1' * 30}"
ABSENT_PLACES = [
    f"studies.{index}.{key}" for index in range(len(STUDIES), 10) for key in ("assessor", "assessor_options")
]


@pytest.fixture(scope="module")
def origin(tmp_path_factory, weights_dir) -> Clone:
    """A repository whose store holds its finished tiny demo."""
    clone = Clone(tmp_path_factory.mktemp("origin"))
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for file in filter(None, files):
        if (REPOSITORY / file).exists() and not file.startswith("dvc-store/") and file != "dvc.lock":
            (clone.folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / file, clone.folder / file, follow_symlinks=False)
    clone.add_weights(weights_dir)
    clone.configure(tiny(clone.config))
    pipeline = of_two_studies(yaml.safe_load((clone.folder / "dvc.yaml").read_text()))
    (clone.folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline, sort_keys=False))
    clone.run("git", "init", "-q")
    (clone.folder / STALE).parent.mkdir(parents=True)
    (clone.folder / STALE).write_text("of an older demo")
    clone.make("refresh-store")
    clone.run("git", "add", ".")
    clone.run("git", "commit", "-qm", "stored")
    return clone


@pytest.fixture
def fresh(origin, tmp_path) -> Clone:
    """A fresh clone, without weights."""
    origin.run("git", "clone", "-q", str(origin.folder), str(tmp_path / "clone"))
    return Clone(tmp_path / "clone")


@pytest.fixture(scope="module")
def pulled(origin, tmp_path_factory) -> Clone:
    """A clone after `dvc pull`; whoever changes it puts it right again."""
    folder = tmp_path_factory.mktemp("pulled") / "clone"
    origin.run("git", "clone", "-q", str(origin.folder), str(folder))
    clone = Clone(folder)
    clone.run("dvc", "pull")
    return clone


def test_a_fresh_clone_pulls_the_finished_demo_and_has_nothing_to_do(fresh):
    start = time.monotonic()
    fresh.run("dvc", "pull")
    assert time.monotonic() - start < 60
    assert (fresh.folder / "results/demo/report.html").is_file()
    assert (fresh.folder / "results/demo/figures/fig9.png").is_file()
    assert "Nothing to be done" in fresh.run(*fresh.command("-n"))
    assert "up to date" in fresh.run("dvc", "status")
    assert all(path.suffix == ".sha256" for path in (fresh.folder / "weights").iterdir())
    assert "didn't change, skipping" in (said := fresh.run("dvc", "repro"))
    assert "Running stage" not in said
    assert fresh.run("git", "status", "--porcelain") == ""


AFTER_IMAGES = {
    "score_images": 1,
    "score_others": 1,
    "compare_directions": 1,
    "segment_images": 1,
    "measure_factors": 1,
    "measure_realness": 1,
    "fit_mixed_models": 1,
    "fit_factor_models": 1,
    "judge_claims": 1,
    "write_metrics": 1,
    "write_report": 1,
    "write_provenance": 1,
    "draw_catalogue": 1,
    "fit_robust_models": 1,
    "analyse_changes": 1,
    "measure_null_directions": 1,
    # scores, factors, realness, two of sequences, comparison, alignment, structure, explained, multiverse, random ones
    "draw_figure": 11,
    "measure_structure": 1,
}
IMAGES = {"generate_images": 1, "generate_strip": 1, "gather_images": 1, **AFTER_IMAGES}


def longer(run):
    run["studies"][1]["training"]["samples"] += 8


def another_grid(run):
    run["studies"][1]["alphas"] = [-0.3, 0, 0.3]


@pytest.mark.parametrize(
    ("change", "expected"),
    [(longer, {"train_direction": 1, **IMAGES}), (another_grid, IMAGES)],
)
def test_a_changed_setting_of_one_study_concerns_what_depends_on_it_and_nothing_else(pulled, change, expected):
    before = pulled.config
    run = pulled.config
    change(run)
    pulled.configure(run)
    try:
        assert pulled.planned() == expected
    finally:
        pulled.configure(before)
    assert pulled.planned() == {}


FIGURES = {
    # scores, factors, realness and sequences of two studies, comparison, alignment, structure; explained, multiverse,
    # null directions
    "draw_figure": 14,
    "draw_catalogue": 2,
    "write_report": 1,
}
FACTORS = {
    "measure_factors": 2,
    "analyse_changes": 2,
    "draw_figure": 4,  # factors of two studies, explained, multiverse
    "fit_factor_models": 2,
    "judge_claims": 1,
    "write_provenance": 1,
    "write_report": 1,
}
EDITS = [("README.md", {}), ("scripts/draw_figure.py", FIGURES), ("src/ganalyze/measures/factors.py", FACTORS)]


@pytest.mark.parametrize(("file", "expected"), EDITS)
def test_an_edit_after_the_pull_concerns_what_depends_on_it_and_nothing_else(pulled, file, expected):
    path = pulled.folder / file
    before = path.read_bytes()
    path.write_bytes(before + b"\n")
    try:
        assert pulled.planned() == expected
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize(("file", "expected"), EDITS)
def test_an_edit_before_the_pull_is_not_hidden_by_it(fresh, file, expected):
    path = fresh.folder / file
    path.write_bytes(path.read_bytes() + b"\n")
    fresh.run("dvc", "pull")
    assert fresh.planned() == expected


def test_one_study_alone_is_brought_and_known(fresh):
    fresh.run("dvc", "pull", "study@valence")
    assert (fresh.folder / "results/demo/valence/images/test.csv").is_file()
    assert not (fresh.folder / "results/demo/aesthetics").exists()
    fresh.run("dvc", "pull", "--with-deps", "study@valence")
    planned = fresh.run(*fresh.command("-n", "--quiet", "host"))
    assert "study=aesthetics" in planned
    made = [line for line in planned.splitlines() if line.startswith("    output: results/demo/valence/")]
    assert made == ["    output: results/demo/valence/scores_of_others.csv"]  # of the study that is not here


def test_make_pull_says_what_was_brought(fresh):
    assert f"Brought: {fresh.folder}/results/demo/report.html" in fresh.make("pull")


def test_a_copy_that_is_no_git_clone_is_told_so_in_one_line(fresh):
    shutil.rmtree(fresh.folder / ".git")
    said = fresh.make("pull", succeeds=False)
    assert "error: DVC needs the git repository: clone it (git clone ...) in place of a downloaded copy" in said
    assert "Traceback" not in said


def test_dvc_exp_run_tries_one_setting_and_shows_what_became_of_it(origin, fresh, weights_dir):
    fresh.run("dvc", "pull")
    fresh.add_weights(Path(weights_dir))
    fresh.run("dvc", "exp", "run", "--name", "longer", "-S", "config/demo.yaml:studies.1.training.samples=16")
    assert fresh.config["studies"][1]["training"]["samples"] == 16
    assert fresh.config["studies"][0]["training"]["samples"] == 8
    assert "longer" in fresh.run("dvc", "exp", "show", "--only-changed", "--no-pager")
    shown = fresh.run("dvc", "exp", "show", "--json")
    _, committed = json.JSONDecoder().raw_decode(shown[shown.index("[{") :])[0]
    (experiment,) = committed["experiments"]
    samples = [
        shown["data"]["params"]["config/demo.yaml"]["data"]["studies"][1]["training"]["samples"]
        for shown in (committed, experiment["revs"][0])
    ]
    assert samples == [8, 16]
    assert fresh.planned() == {}
    fresh.run("git", "checkout", "-q", ".")
    assert fresh.config["studies"][1]["training"]["samples"] == 8
    fresh.run("dvc", "exp", "apply", "longer")
    assert fresh.config["studies"][1]["training"]["samples"] == 16
    fresh.run("dvc", "exp", "remove", "longer")
    assert "longer" not in fresh.run("dvc", "exp", "list")


def test_another_published_hash_of_a_weight_file_concerns_all_that_was_made_with_it(pulled):
    path = pulled.folder / "config/weights.yaml"
    before = path.read_text()
    old = yaml.safe_load(before)["emotion_model.hdf5"]["sha256"]
    path.write_text(before.replace(old, "a" * 64))
    try:
        planned = pulled.planned()
    finally:
        path.write_text(before)
    assert planned["fetch_weights"] == 1
    assert planned["train_direction"] == 1  # of valence
    assert planned["score_others"] == 2  # what it says of the other images, and what is said of its own


def test_results_made_here_are_not_overwritten(pulled):
    table = pulled.folder / "results/demo/valence/factors.csv"
    before, times = table.read_bytes(), table.stat()
    table.write_bytes(b"mine")
    try:
        said = pulled.make("pull", succeeds=False)
        assert "error: dvc pull stopped" in said
        assert "results/demo/valence" in said
        assert table.read_bytes() == b"mine"
    finally:
        table.write_bytes(before)
        os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_damaged_object_in_the_store_is_noticed(origin, fresh):
    largest = max((fresh.folder / "dvc-store").rglob("*"), key=lambda path: path.is_file() and path.stat().st_size)
    damaged = bytearray(largest.read_bytes())
    damaged[1000] ^= 1
    largest.chmod(0o644)
    largest.write_bytes(damaged)
    fresh.make("pull", succeeds=False)
    assert not (fresh.folder / ".snakemake/metadata").exists()


def test_the_store_keeps_nothing_that_is_no_longer_referred_to(origin):
    assert sum(path.is_file() for path in (origin.folder / "dvc-store").rglob("*")) > 10
    assert not (origin.folder / STALE).exists()


def test_dvc_repro_runs_the_stages_concerned_and_makes_what_snakemake_makes(origin, fresh, tmp_path, weights_dir):
    origin.run("git", "clone", "-q", str(origin.folder), str(tmp_path / "other"))
    plain = Clone(tmp_path / "other")
    for clone in (fresh, plain):
        clone.make("pull")
        clone.add_weights(Path(weights_dir))
        run = clone.config
        longer(run)
        clone.configure(run)
    said = fresh.run("dvc", "repro")
    ran = [line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage")]
    assert ran == ["study@valence", "report", "records"]
    assert "8" in fresh.run("dvc", "params", "diff")
    assert "valence.estimate" in fresh.run("dvc", "metrics", "diff")
    fresh.run("dvc", "plots", "show")
    plain.run(*plain.command("--cores", "all"))
    plain.run(sys.executable, "scripts/keep_records.py", "results/demo")
    assert contents(fresh) == contents(plain)


def contents(clone: Clone) -> dict[str, bytes]:
    folder = clone.folder / "results/demo"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {"logs", "benchmarks", "checkpoints"} & set(path.parts)
    }


def test_the_stages_cover_every_setting_and_every_study_of_the_demo():
    run = yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text())
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    places = stages["study"]["foreach"]
    assert places == {study["name"]: index for index, study in enumerate(run["studies"])}
    declared = {
        key for stage in (stages["shared"], stages["study"]["do"]) for key in stage["params"][0]["config/demo.yaml"]
    }
    # The report's stage takes the whole file, and looks for faces itself; where weights lie changes no result; nor do
    # photographs in what is stored; the demo has none of the others.
    elsewhere = {"run", "studies", "weights_dir", "detector", "photographs"} | (
        {"power_data_sets", "equivalence", "exclusions", "generator_options", "distillation"} - set(run)
    )
    with_options = {
        f"studies.{i}.assessor_options" for i, one in enumerate(run["studies"]) if "assessor_options" in one
    }
    assert (set(Run.model_fields) - elsewhere) | with_options <= declared
    assert {key for key in declared if "." not in key} <= set(run)  # DVC sees no default
    assert {f"studies.{index}.assessor" for index in places.values()} <= declared
    assert {f"results/demo/{name}" for name in places} <= set(stages["report"]["deps"])


def test_every_result_of_the_demo_is_stored_and_made_by_the_target_of_its_stage(make_checkout):
    checkout = make_checkout()
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    names = list(stages["study"]["foreach"])
    report = [path for out in stages["report"]["outs"] for path in out]
    elsewhere = [f"results/demo/{name}" for name in names] + [path for out in stages["shared"]["outs"] for path in out]

    everything = made_by(checkout, "all")
    assert {path for path in everything if not within(path, report + elsewhere)} == set()
    before_the_report = made_by(checkout, "weights", "shared", *(f"study_{name}" for name in names))
    assert {path for path in everything - before_the_report if not within(path, report)} == set()


def made_by(checkout, *targets: str) -> set[str]:
    """The outputs under results/ of the jobs that the demo's targets need in an empty folder."""
    planned = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--", *targets],
        cwd=checkout.folder,
        env=checkout.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [
        line.removeprefix("    output: ")
        for line in (planned.stdout + planned.stderr).splitlines()
        if line.startswith("    output: ")
    ]
    return {path for line in lines for path in line.split(", ") if path.startswith("results/")}


def within(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


OF_PEOPLE = {
    "build_tracks": 2,
    "simulate_trials": 2,
    "prepare_trials": 2,
    "fit_trial_models": 2,
    "draw_figure": 3,  # rates, what explains hits
    "make_table1": 1,
    "judge_claims": 1,
    "write_provenance": 1,
    "write_report": 1,
}


@pytest.mark.skipif(not (REPOSITORY / "dvc-store").exists(), reason="the store has not been filled yet")
def test_the_committed_store_belongs_to_the_code(tmp_path):
    """If this fails: make refresh-store, and commit dvc.lock and dvc-store."""
    clone = Clone(tmp_path / "clone")
    subprocess.run(["git", "clone", "-q", str(REPOSITORY), str(clone.folder)], check=True)
    start = time.monotonic()
    clone.make("pull")
    assert time.monotonic() - start < 60
    assert (clone.folder / "results/demo/report.html").is_file()
    assert clone.planned() == {}
    assert "up to date" in clone.run("dvc", "status")
    assert all(path.suffix == ".sha256" for path in (clone.folder / "weights").iterdir())
    # The tracks and single answers of simulated observers, which the store leaves out, are made again where needed.
    code = clone.folder / "src/ganalyze/experiments/exclusions.py"
    code.write_text(code.read_text() + "\n")
    assert clone.planned() == OF_PEOPLE
    size = sum(path.stat().st_size for path in (clone.folder / "dvc-store").rglob("*") if path.is_file())
    assert size <= 60e6
    counted = dict(line.split(": ") for line in clone.run("git", "count-objects", "-v").splitlines())
    assert (int(counted["size"]) + int(counted["size-pack"])) * 1024 <= 250e6  # the history, which keeps old stores
