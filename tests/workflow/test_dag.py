"""The DAG itself, run by Snakemake at tiny size on the real networks."""

import json
import os
import re
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from ganalyze.images.image_sets import MANIFEST_COLUMNS, read_manifest
from ganalyze.images.reading import ImageReader
from tests import REPOSITORY

from .conftest import ALPHAS, jobs, run_of, study

MEMORABILITY = study("memorability", "resmem", samples=6, batch_size=2, seeds=20)
OBJECT_SIZE = study("object_size", "object-size-unet", samples=32, batch_size=4, seeds=20)
VALENCE = study("valence", "fer-valence", samples=64, batch_size=4, seeds=20)
EVERYTHING = run_of(
    MEMORABILITY,
    OBJECT_SIZE,
    VALENCE,
    segmenter="unet",
    distillation={"samples": 48, "held_out_samples": 16, "epochs": 1},
    realness={"extractor": "efficientnet-lite0", "reference_samples": 30},
)
NUMBERS = [
    "results/tiny/valence/direction/theta.safetensors",
    "results/tiny/valence/direction/loss.csv",
    "results/tiny/valence/images/test.csv",
    "results/tiny/valence/images/test/shard-0000.zip",
    "results/tiny/valence/mixed_models.csv",
]
IMAGE_FACTORS = ["brightness", "colorfulness", "redness", "entropy"]
MASK_FACTORS = ["object_size", "centeredness", "squareness"]


@pytest.fixture(scope="module")
def finished(make_checkout):
    """A finished run with everything in it, on two cores."""
    checkout = make_checkout()
    checkout.configure(EVERYTHING)
    checkout.finish()
    return checkout


@pytest.fixture(scope="module")
def valence_alone(make_checkout):
    """A finished, undisturbed run of the quick study alone: what others must equal."""
    checkout = make_checkout()
    checkout.configure(run_of(VALENCE))
    checkout.finish()
    return checkout


@pytest.mark.parametrize("name", ["memorability", "object_size", "valence"])
def test_a_run_leaves_every_file_of_the_contract_with_its_columns(finished, name):
    folder = finished.folder / "results/tiny" / name
    assert (folder / "direction/theta.safetensors").stat().st_size > 0
    assert list(pd.read_csv(folder / "direction/loss.csv")) == ["step", "samples", "loss"]
    manifest = read_manifest(folder / "images/test.csv")
    assert list(manifest) == MANIFEST_COLUMNS
    assert sorted(manifest.alpha.unique()) == ALPHAS
    assert manifest.groupby("seed_id").alpha.nunique().eq(len(ALPHAS)).all()
    assert manifest.score.notna().all()
    models = pd.read_csv(folder / "mixed_models.csv")
    assert set(models) == {
        "model",
        "formula",
        "term",
        "estimate",
        "std_error",
        "ci_low",
        "ci_high",
        "p",
        "n",
        "groups",
        "log_likelihood",
        "tjur_d",
        "engine",
        "converged",
        "statsmodels_estimate",
        "statsmodels_std_error",
    }
    assert "alpha" in set(models.term)
    factors = pd.read_csv(folder / "factors.csv")
    assert list(factors) == ["image_id", *IMAGE_FACTORS, *MASK_FACTORS]
    assert list(factors.image_id) == list(manifest.image_id)
    assert factors[IMAGE_FACTORS].notna().all(axis=None)
    scores = pd.read_csv(folder / "scores.by_alpha.csv")
    assert list(scores) == ["alpha", "n", "mean", "ci_low", "ci_high"]
    np.testing.assert_allclose(scores["mean"], manifest.groupby("alpha").score.mean())
    by_alpha = pd.read_csv(folder / "factors.by_alpha.csv")
    assert list(by_alpha) == ["alpha", "factor", "n", "mean", "ci_low", "ci_high", "mean_z"]
    assert len(by_alpha) == len(ALPHAS) * len([*IMAGE_FACTORS, *MASK_FACTORS])
    realness = pd.read_csv(folder / "realness.csv")
    assert {"alpha", "fid", "is_mean", "is_std", "extractor", "reference"} <= set(realness)
    assert list(realness.alpha) == ALPHAS
    with ImageReader(folder / "images") as reader:
        assert reader.read(manifest.file[0]).shape == (64, 64, 3)


def test_a_run_leaves_its_figures_its_report_and_its_provenance(finished):
    results = finished.folder / "results/tiny"
    names = ("fig1", "fig3a", "fig3b", "fig4", "fig5a", "fig8a", "fig8c", "fig9", "fig10", "alignment", "masks")
    for name in names:
        assert b"<svg" in (results / f"figures/{name}.svg").read_bytes()
        with Image.open(results / f"figures/{name}.png") as image:
            assert image.width > 600  # a column of the paper at 200 dpi
    for name in ("memorability", "object_size", "valence"):
        assert (results / f"figures/catalogue_{name}.pdf").read_bytes().startswith(b"%PDF")
    assert "Memorability" in (results / "report.html").read_text()
    provenance = json.loads((results / "provenance.json").read_text())
    downloads = {"model.pt", "weights.tar", "emotion_model.hdf5", "efficientnet-lite0-57934424.pth"}
    assert set(provenance["weights"]) == {*downloads, "segmenter.safetensors"}
    assert provenance["config"]["seed"] == 7


def test_a_second_run_has_nothing_to_do_and_says_so_quickly(finished):
    start = time.monotonic()
    again = finished.snakemake("--cores", "2")
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr
    assert time.monotonic() - start < 20


def test_one_core_and_other_chunks_give_the_same_bytes(make_checkout, valence_alone):
    other = make_checkout()
    chunked = study("valence", "fer-valence", samples=64, batch_size=4, seeds=20, chunks=3)
    other.configure(run_of(chunked))
    other.finish(cores=1)
    assert other.bytes_of(*NUMBERS) == valence_alone.bytes_of(*NUMBERS)


def test_another_study_beside_it_changes_nothing_in_a_study(finished, valence_alone):
    assert finished.bytes_of(*NUMBERS) == valence_alone.bytes_of(*NUMBERS)


@pytest.mark.slow
def test_a_run_killed_in_training_and_in_generation_ends_with_the_same_bytes(make_checkout, valence_alone):
    checkout = make_checkout()
    checkout.configure(run_of(VALENCE))
    results = checkout.folder / "results/tiny/valence"
    checkout.kill_when((results / "direction/checkpoints/last.pt").exists, "--cores", "2")
    assert not (results / "direction/theta.safetensors").exists()
    assert checkout.snakemake("--unlock").returncode == 0
    checkout.kill_when((results / "images/test.chunks").exists, "--cores", "2")
    assert checkout.snakemake("--unlock").returncode == 0
    checkout.finish()
    assert checkout.bytes_of(*NUMBERS) == valence_alone.bytes_of(*NUMBERS)


FIGURES = {"draw_figure": 6, "draw_catalogue": 1}  # scores, multiverse, two of sequences, two of factors; the catalogue
MODELS = {"fit_mixed_models": 1, "write_metrics": 1}
CLAIMS = {"fit_factor_models": 1, "judge_claims": 1, "write_provenance": 1, "write_report": 1}
ALL_MODELS = {**MODELS, "fit_robust_models": 1, "analyse_changes": 1}
AFTER_FACTORS = {"measure_factors": 1, "analyse_changes": 1, **CLAIMS}
AFTER_IMAGES = {"score_images": 1, "fit_robust_models": 1, **AFTER_FACTORS, **MODELS, **FIGURES}
AFTER_TRAINING = {"generate_images": 1, "gather_images": 1, **AFTER_IMAGES}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("README.md", {}),
        ("src/ganalyze/direction/training.py", {"train_direction": 1, **AFTER_TRAINING}),
        ("src/ganalyze/figures/scores.py", {"draw_figure": 1, "write_report": 1}),
        ("src/ganalyze/figures/sequences.py", {"draw_figure": 2, "draw_catalogue": 1, "write_report": 1}),
        ("src/ganalyze/figures/plan.py", {**FIGURES, "write_report": 1}),
        ("src/ganalyze/measures/factors.py", {**AFTER_FACTORS, "draw_figure": 3}),
        ("src/ganalyze/statistics/mixed_models.py", {**ALL_MODELS, "draw_figure": 3, **CLAIMS}),
        ("src/ganalyze/report/templates/captions.yaml", {"write_report": 1}),
        ("src/ganalyze/models/assessors/resmem.py", {}),
    ],
)
def test_an_edited_file_reruns_what_depends_on_it_and_nothing_else(valence_alone, file, expected):
    path = valence_alone.folder / file
    before, times = path.read_bytes(), path.stat()
    try:
        path.write_bytes(before + b"\n")
        assert jobs(valence_alone.snakemake("--cores", "1", "-n")) == expected
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_changed_setting_reruns_the_study_it_belongs_to(finished):
    longer = study("valence", "fer-valence", samples=68, batch_size=4, seeds=20)
    finished.configure(EVERYTHING | {"studies": [MEMORABILITY, OBJECT_SIZE, longer]})
    try:
        planned = jobs(finished.snakemake("--cores", "1", "-n"))
    finally:
        finished.configure(EVERYTHING)
    for rule in ("train_direction", "generate_images", "segment_images", "measure_factors", "measure_realness"):
        assert planned[rule] == 1
    assert "train_segmenter" not in planned


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sed": 7}, ["sed", "did you mean seed"]),
        ({"seed": "seven"}, ["seed", "'seven'"]),
        ({"generator": "stylegan"}, ["generator", "'stylegan'", "dcgan-digiface"]),
        ({"studies": []}, ["studies"]),
        ({"studies": [VALENCE, VALENCE]}, ["valence", "twice"]),
        ({"studies": [VALENCE | {"assessor": "memorynet"}]}, ["studies[0].assessor", "'memorynet'", "resmem"]),
        ({"studies": [VALENCE | {"alphas": [-0.2, 0.1, 0.2]}]}, ["studies[0].alphas", "contain 0"]),
    ],
)
def test_a_bad_configuration_is_refused_in_one_line_before_any_job(make_checkout, change, words):
    checkout = make_checkout()
    checkout.configure(run_of(VALENCE) | change)
    refused = checkout.snakemake("--cores", "1")
    assert refused.returncode != 0
    said = [line for line in refused.stderr.splitlines() if line.strip() and "Using workflow" not in line]
    assert len(said) == 1
    assert said[0].startswith("error: configuration: ")
    assert all(word in said[0] for word in words)
    assert "Traceback" not in refused.stdout + refused.stderr
    assert not (checkout.folder / "results").exists()


def test_without_a_network_a_missing_weight_is_named_and_nothing_is_left(make_checkout):
    checkout = make_checkout()
    checkout.configure(run_of(VALENCE, weights_dir="elsewhere"))
    done = checkout.snakemake("--cores", "1", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "error: cannot fetch" in said
    assert "Traceback" not in said
    assert not list((checkout.folder / "elsewhere").glob("[!.]*"))


def test_every_rule_states_its_memory_and_time_and_networks_take_a_gpu_on_cuda(make_checkout):
    checkout = make_checkout()
    checkout.configure(EVERYTHING | {"device": "cuda"})
    planned = checkout.snakemake("--cores", "1", "-n", "-p", "--quiet", "host")
    assert planned.returncode == 0, planned.stderr[-3000:]
    on_gpu = set()
    for block in re.split(r"\n(?=(?:local)?rule )", planned.stdout + planned.stderr)[1:]:
        rule = re.match(r"(?:local)?rule (\w+):", block)[1]
        if rule not in ("all", "default"):
            assert "mem_mb=" in block, rule
            assert "runtime=" in block, rule
            assert ("gpu=1" in block) == ("--device cuda" in block), rule
            on_gpu |= {rule} if "gpu=1" in block else set()
    assert {"train_direction", "generate_images", "measure_realness"} <= on_gpu
    assert not {"gather_images", "fit_mixed_models", "write_report"} & on_gpu


def test_every_figure_travels_with_others_on_a_cluster():
    text = (REPOSITORY / "workflow/rules/figures.smk").read_text()
    rules = re.findall(r"^(?:rule|use rule draw_figure as) (\w+)", text, re.MULTILINE)
    profile = yaml.safe_load((REPOSITORY / "workflow/profiles/slurm/config.yaml").read_text())
    assert profile["groups"] == [f"{rule}=figures" for rule in rules]


SETTINGS = "src/ganalyze/direction/settings.py"
NEW_SETTING = """    learning_rate: float = Field(gt=0, le=10, description="of Adam (2e-4 in the authors' code)")
"""


def test_a_setting_is_said_once(make_checkout):
    """A field of a settings class is a key of the configuration, an option of the script, words of the rule, and what a
    rerun depends on, without another edit."""
    checkout = make_checkout()
    path = checkout.folder / SETTINGS
    field = '    warm_up: Positive = Field(default=10, description="steps of a lower rate")\n'
    assert NEW_SETTING in path.read_text()
    path.write_text(path.read_text().replace(NEW_SETTING, NEW_SETTING + field))

    checkout.configure(run_of(VALENCE | {"training": VALENCE["training"] | {"warm_up": "ten"}}))
    refused = checkout.snakemake("--cores", "1", "-n")
    assert "studies[0].training.warm_up: got 'ten', input should be a valid integer" in refused.stderr
    usage = subprocess.run(
        [sys.executable, "scripts/train_direction.py", "--help"],
        cwd=checkout.folder,
        env=checkout.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "--warm-up INT" in usage
    assert "steps of a lower rate (default: 10)" in " ".join(usage.replace("│", "").split())

    target = "results/tiny/valence/direction/theta.safetensors"
    checkout.configure(run_of(VALENCE))
    assert checkout.snakemake("--cores", "2", "--", target).returncode == 0
    assert jobs(checkout.snakemake("--cores", "1", "-n", "--", target)) == {}
    checkout.configure(run_of(VALENCE | {"training": VALENCE["training"] | {"warm_up": 5}}))
    again = checkout.snakemake("--cores", "1", "-n", "-p", "--quiet", "host", "--", target)
    assert jobs(again) == {"train_direction": 1}
    assert "--warm-up 5" in again.stdout + again.stderr
