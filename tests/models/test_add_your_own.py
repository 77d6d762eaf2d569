"""docs/add-your-own.md works as it is written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from ganalyze.models.assessors import ASSESSORS
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY
from tests.networks import load_assessor, load_generator
from tests.workflow.conftest import Checkout, jobs


def files() -> dict[str, str]:
    """The documented files by name, which each names in its first line."""
    text = (REPOSITORY / "docs/add-your-own.md").read_text()
    blocks = re.findall(r"^```\w+\n(# (\S+\.\w+)\n.*?)^```", text, re.MULTILINE | re.DOTALL)
    return {name: content for content, name in blocks}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A folder with the documented files, as the current one."""
    for name, content in files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for module in ("warmth", "stripes", "wrong"):
        sys.modules.pop(module, None)


def test_models_are_found_by_module_and_object(written):
    warmth = load_assessor("warmth:CARD", "weights", {"gain": 2.0})
    red = torch.tensor([1.0, -1, -1])[None, :, None, None].expand(1, 3, 8, 8)
    assert warmth(red).item() == 2
    stripes = load_generator("stripes:CARD", "weights")
    images = stripes(torch.randn(3, stripes.z_dim), torch.tensor([0, 1, 1]))
    assert images.shape == (3, 3, 64, 64)
    assert images.abs().max() <= 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wramth:CARD", "'wramth:CARD' cannot be imported: ModuleNotFoundError: No module named 'wramth'"),
        ("warmth:CRAD", "'warmth:CRAD' cannot be imported: AttributeError"),
        ("warmth:Warmth", "'warmth:Warmth' is a type, not a ganalyze.models.registry.Card"),
        ("wrong:CARD", "'wrong:CARD' cannot be imported: ZeroDivisionError"),
    ],
)
def test_what_is_no_model_is_told_in_one_line(written, name, words):
    (written / "wrong.py").write_text("1 / 0\n")
    with pytest.raises(GanalyzeError, match=re.escape(words)) as refused:
        ASSESSORS[name]
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"gian": 1.0}, "has no option 'gian': its options are gain"), ({"gain": "high"}, "option gain.*got 'high'")],
)
def test_options_that_the_card_does_not_have_are_refused(written, options, words):
    with pytest.raises(GanalyzeError, match=words):
        load_assessor("warmth:CARD", "weights", options)


def test_an_installed_package_offers_its_models_by_name(written, tmp_path):
    installed = tmp_path / "installed"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "--target",
            installed,
            ".",
        ],
        cwd=written,
        check=True,
        capture_output=True,
    )
    code = "from ganalyze.models.assessors import ASSESSORS; from ganalyze.models.generators import GENERATORS; "
    code += "print(ASSESSORS['warmth'].title, 'warmth' in list(ASSESSORS), GENERATORS['stripes'].title)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[0] == "warmth of the colours (−1 to 1) True Stripes"


@pytest.mark.slow
def test_the_documented_run_makes_a_report(tmp_path, weights_dir):
    checkout = Checkout(tmp_path, Path(weights_dir).resolve())
    for name, content in files().items():
        (tmp_path / name).write_text(content)
    environment = checkout.environment
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "config/warmth.yaml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "results/warmth/report.html").stat().st_size > 0

    (tmp_path / "warmth.py").write_text((tmp_path / "warmth.py").read_text() + "\n")
    again = subprocess.run([*command, "-n"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "train_direction" in again.stdout + again.stderr


@pytest.mark.slow
def test_the_documented_networks_of_files_are_raised_held_and_asked_and_a_newer_file_reruns_what_it_made(
    tmp_path, weights_dir
):
    checkout = Checkout(tmp_path, Path(weights_dir).resolve())
    for name, content in files().items():
        (tmp_path / name).write_text(content)
    # As documented, but for the length of the trainings.
    run = yaml.safe_load((tmp_path / "config/from_files.yaml").read_text())
    for study in run["studies"]:
        study["training"] |= {"samples": 4, "batch_size": 2}
        study["image_sets"]["test"]["seeds_per_class"] = 2
    checkout.configure(run)
    subprocess.run([sys.executable, "make_networks.py"], cwd=tmp_path, env=checkout.environment, check=True)

    made = ["object_size/scores.by_alpha.csv", "rating/judges.csv", "rating/held/0.csv"]
    targets = ["--", *(f"results/from_files/{file}" for file in made)]
    done = checkout.snakemake("--cores", "2", *targets)
    assert done.returncode == 0, done.stderr[-3000:]
    assert not jobs(checkout.snakemake("-n", *targets))

    (tmp_path / "rating.pt2").write_bytes((tmp_path / "rating.pt2").read_bytes() + b" ")
    assert set(jobs(checkout.snakemake("-n", *targets))) == {"ask_judge", "compare_judges"}
    (tmp_path / "rating.pt2").unlink()
    refused = checkout.snakemake("-n", *targets)
    assert refused.returncode != 0
    assert "error: configuration: studies[1].judges[1].assessor: assessor 'export:rating.pt2'" in refused.stderr
