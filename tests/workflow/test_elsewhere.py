"""The workflow is run from a folder of the user's own, with weights and configurations wherever they are."""

import os
import subprocess
import sys

import pytest
import yaml

from tests import REPOSITORY

from .conftest import run_of, study

AWKWARD = 'my weights (2026), it\'s "ä" $HOME;&*'


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory, weights_dir):
    """A folder with a configuration, whose weights lie at a place that a shell would stumble over."""
    folder = tmp_path_factory.mktemp("a folder of one's own")
    (folder / AWKWARD).symlink_to(weights_dir.resolve())
    run = run_of(study("valence", "fer-valence", samples=12, batch_size=4, seeds=12), weights_dir=AWKWARD)
    (folder / "config.yaml").write_text(yaml.safe_dump(run))
    return folder


def snakemake(folder, *arguments, **environment):
    command = [sys.executable, "-m", "snakemake", "-s", REPOSITORY / "workflow/Snakefile", *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, text=True)


def test_it_runs_there_by_its_name_alone_and_says_where_the_report_is(elsewhere, tmp_path):
    read_only = tmp_path / "home"
    read_only.mkdir(mode=0o500)
    done = snakemake(elsewhere, "--configfile", "config.yaml", HOME=str(read_only))
    assert done.returncode == 0, done.stderr[-3000:]
    report = elsewhere / "results/tiny/report.html"
    assert report.stat().st_size > 0
    assert f"The report:  {report.resolve()}" in done.stdout + done.stderr
    assert not (REPOSITORY / "results/tiny").exists()


def test_a_run_again_does_nothing(elsewhere):
    again = snakemake(elsewhere, "--configfile", "config.yaml", "-n")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_nor_does_one_that_is_sent_there(elsewhere, tmp_path):
    again = snakemake(
        tmp_path, "--directory", elsewhere, "--configfile", elsewhere / "config.yaml", "-n", "--cores", "2"
    )
    assert "Nothing to be done" in again.stdout + again.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed: 1\nseed: 2\n", "the key 'seed' is given twice"),
        ("studies: [{name: a, name: b}]\n", "the key 'name' is given twice"),
        ("weights_dir: 'a{b}'\n", "weights_dir: got 'a{b}', a path may not hold { or }"),
        ("training.samples: 5\n", "what lies deeper is set in a file"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused_in_one_line(elsewhere, text, words):
    (elsewhere / "more.yaml").write_text(text)
    refused = snakemake(elsewhere, "-n", "--configfile", "config.yaml", "more.yaml")
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr
    said = refused.stderr.splitlines()[-1]
    assert said.startswith("error: ")
    assert words in said


def test_one_configuration_lies_over_another(elsewhere):
    (elsewhere / "longer.yaml").write_text("run: longer\nseed: 8\n")
    planned = snakemake(elsewhere, "-n", "-p", "--quiet", "host", "--configfile", "config.yaml", "longer.yaml")
    assert "results/longer/valence/direction/theta.safetensors" in planned.stdout
    assert "--seed 8" in planned.stdout
