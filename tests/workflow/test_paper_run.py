"""paper.yaml and modern.yaml: they plan at full size, and go through the whole DAG at toy size — the real networks with
random weights in the published formats, fetched from a real HTTP server."""

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from skimage import data
from timm.data import ImageNetInfo

from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.generators import GENERATORS
from tests import REPOSITORY, published

from .conftest import Checkout, jobs

TOY_DESIGNS = {
    "memory_game": {"targets": 4, "vigilance": 1, "fillers": 3, "target_lags": [2, 8]},
    "two_afc": {"targets": 4, "vigilance": 2, "practice": 2},
}
TEST_SEEDS = 7  # a class of the test set: realness asks for 20 images
CHUNKS = {"paper": 4 * 10, "modern": 3 * 10}


@pytest.mark.parametrize("name", ["paper", "modern"])
def test_at_full_size_it_plans_every_job(tmp_path, weights_dir, name):
    checkout = Checkout(tmp_path, Path(weights_dir).resolve())
    run = yaml.safe_load((REPOSITORY / f"config/{name}.yaml").read_text())
    checkout.configure(run)
    planned = jobs(checkout.snakemake("--cores", "1", "-n"))
    assert planned["train_direction"] == len(run["studies"])
    assert planned["generate_images"] == CHUNKS[name]
    assert planned["generate_seeds"] == 10  # once for all studies
    assert planned["score_images"] == len(run["studies"])
    assert planned["build_tracks"] == sum(len(study.get("experiments", ())) for study in run["studies"])


def test_the_run_that_holds_scores_plans_them_in_training_and_scores_them_along_both_studies(tmp_path, weights_dir):
    checkout = Checkout(tmp_path, Path(weights_dir).resolve())
    checkout.configure(yaml.safe_load((REPOSITORY / "config/trust.yaml").read_text()))
    dry_run = checkout.snakemake("--cores", "2", "-n", "-p", "--quiet", "host")
    planned = jobs(dry_run)
    assert planned["train_direction"] == planned["score_held"] == 2
    assert planned["write_report"] == 1
    plan = dry_run.stdout + dry_run.stderr
    commands = [line for line in plan.splitlines() if line.startswith("Shell command: python ")]
    trained = [line for line in commands if "train_direction.py" in line]
    plain, held = sorted((line for line in trained if "/replicates/" not in line), key=len)
    assert "--hold" not in plain
    assert """--hold '{"assessor":"brightness","weight":0.5}' '{"assessor":"object-size-u2netp",""" in held
    replicates = [line for line in trained if "--study memorability/replicates/" in line]
    assert len(replicates) == planned["generate_replicate"] == 4
    assert planned["measure_stability"] == planned["ask_judge"] == planned["compare_judges"] == 1
    scored = [line for line in commands if "score_others.py" in line]
    assert all("--studies memorability_held memorability --manifests" in line for line in scored)

    (job,) = (part for part in plan.split("\nrule ") if part.startswith("train_direction:") and "--hold" in part)
    for file in ("models/assessors/brightness.py", "models/segmenters/u2net.py", "u2netp.onnx.sha256"):
        assert file in job
    assert f"mem_mb={memory('mobilestylegan-ffhq', 'resmem', 'brightness', 'object-size-u2netp')}" in job


def memory(generator: str, *assessors: str) -> int:
    return GENERATORS[generator].memory_mb + sum(ASSESSORS[name].memory_mb for name in assessors)


def write_paper(folder: Path) -> None:
    published.write_biggan(folder, 256, 8)
    published.write_memnet(folder)
    published.write_aestheticsnet(folder)
    published.write_emonet(folder)
    published.write_mask_rcnn(folder)
    published.write_inception(folder)


def write_photographs(folder: Path) -> None:
    """A folder laid out as ImageNet's: a subfolder for each of the 1,000 synsets, with the same photographs in each."""
    photographs = folder / "photographs"
    photographs.mkdir(parents=True)
    for index, corner in enumerate(np.linspace(0, 212, TEST_SEEDS, dtype=int)):
        Image.fromarray(data.astronaut()[corner : corner + 300, corner : corner + 280]).save(
            photographs / f"{index}.JPEG"
        )
    for synset in ImageNetInfo("imagenet-1k").label_names():
        (folder / "train" / synset).mkdir(parents=True)
        for photograph in photographs.iterdir():
            (folder / "train" / synset / photograph.name).symlink_to(photograph)


def write_modern(folder: Path) -> None:
    widths = [
        (False, 16, 16),
        (True, 16, 16),
        (False, 16, 16),
        (True, 16, 8),
        (False, 8, 8),
        (True, 8, 8),
        (False, 8, 8),
        (True, 8, 4),
        (False, 4, 4),
        (True, 4, 2),
        (False, 2, 2),
        (True, 2, 1),
    ]
    published.write_biggan_deep(folder, 256, 16, layers=widths)
    published.write_vitmem(folder)
    published.write_mask_rcnn(folder)
    published.write_inception(folder)
    (folder / "model.pt").symlink_to((REPOSITORY / "weights/model.pt").resolve())


def toy(run: dict) -> dict:
    """The run with a handful of samples, seeds, α and photographs, on a CPU."""
    run["realness"]["reference_per_class"] = TEST_SEEDS
    run["null_directions"]["null_seeds"] = 2
    run |= {"power_data_sets": 1, "device": "cpu", "threads": 2, "batch_size": 10, "weights_dir": "fetched"}
    for study in run["studies"]:
        study["alphas"] = study["alphas"][::2]
        study["training"] |= {"samples": 2, "batch_size": 1}
        study["image_sets"] = {
            name: {"classes": 3, "seeds_per_class": TEST_SEEDS if name == "test" else 2, "chunks": 1}
            for name in study["image_sets"]
        }
        for name, experiment in study.get("experiments", {}).items():
            experiment |= {"participants": 6, "series": 1} | TOY_DESIGNS[name]
        if study["assessor"] == "object-size":
            study["assessor_options"] = {"min_size": 128}
    return json.loads(json.dumps(run))  # YAML's shared parts taken apart


@pytest.fixture
def served(tmp_path_factory):
    """A folder, and the address of a server of its files."""
    folder = tmp_path_factory.mktemp("served")
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("name", "write"), [("paper", write_paper), ("modern", write_modern)])
def test_at_toy_size_it_goes_from_the_download_to_the_report(tmp_path, weights_dir, served, name, write):
    folder, address = served
    write(folder)
    write_photographs(tmp_path / "imagenet")
    checkout = Checkout(tmp_path, Path(weights_dir).resolve())
    catalogue = yaml.safe_load((tmp_path / "config/weights.yaml").read_text())
    for file in folder.iterdir():
        entry = catalogue[file.name]
        entry |= {"size": None, "sha256": None, "sources": [{"url": f"{address}/{file.name}"}]}
        entry.pop("md5", None)
    (tmp_path / "config/weights.yaml").write_text(yaml.safe_dump(catalogue))
    run = toy(yaml.safe_load((REPOSITORY / f"config/{name}.yaml").read_text()))
    checkout.configure(run)
    done = checkout.snakemake("--cores", "2", timeout=3000)
    assert done.returncode == 0, done.stderr[-5000:]

    results = tmp_path / f"results/{name}"
    assert (results / "report.html").stat().st_size > 0
    for study in run["studies"]:
        for image_set in study["image_sets"]:
            scored = "" if image_set == "test" else ".unscored"
            manifest = pd.read_csv(results / study["name"] / f"images/{image_set}{scored}.csv")
            alphas = [0] if image_set == "vigilance" else study["alphas"]
            assert len(manifest) == 3 * (TEST_SEEDS if image_set == "test" else 2) * len(alphas)
            assert sorted(manifest.alpha.unique()) == alphas
            assert scored or manifest.score.notna().all()
            assert manifest.class_id.nunique() == 3
        realness = pd.read_csv(results / study["name"] / "realness.csv")
        assert realness.alpha.tolist() == study["alphas"]
        assert np.isfinite(realness[["fid", "is_mean", "kid_mean", "precision", "recall"]]).all(axis=None)
        loss = pd.read_csv(results / study["name"] / "direction/loss.csv")
        assert loss.samples.tolist() == [1, 2]
    provenance = json.loads((results / "provenance.json").read_text())
    assert set(provenance["weights"]) == {file.name for file in folder.iterdir()}
    assert jobs(checkout.snakemake("--cores", "1", "-n")) == {}
