"""How long planning takes, and the report: of the finished demo, and of a run with as many seeds as the paper's, whose
tables are the demo's many times over, with noise: FAKE values, to see how large the page gets and how soon it opens."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import tyro
from apart import run_apart, tell
from pydantic import Field

from ganalyze.images.image_sets import image_id
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Positive, Settings

REPOSITORY = Path(__file__).parents[1]
OF_EVERY_SEED = ("scores", "sequences", "comparison")  # kinds of figures that are drawn from what each seed has


class Arguments(Settings):
    """Which run."""

    results: tyro.conf.Positional[Path] = Field(default=Path("results/demo"), description="results/<run>, finished")
    seeds: Positive = Field(default=1500, description="a study, in the fake run")


def main(arguments: Arguments) -> None:
    need_report(arguments.results)
    for name in ("demo", "paper"):
        planned = run_apart(plan, f"config/{name}.yaml")
        tell(f"planning config/{name}.yaml: {planned.result} jobs", planned.seconds)
    with tempfile.TemporaryDirectory() as folder:
        for label, seeds in (("the demo", None), (f"a run with {arguments.seeds:,} seeds a study", arguments.seeds)):
            copied = Path(folder, str(seeds))
            run_apart(multiply, arguments.results, copied, seeds)
            written = run_apart(write, copied)
            opened = run_apart(seconds_to_open, copied / "report.html").result
            size = (copied / "report.html").stat().st_size / 1e6
            tell(f"writing the report of {label}: {size:.1f} MB", written.seconds, target="≤ 25 MB")
            tell("opening it in Chromium, all its pictures decoded", opened, target="≤ 2 s")


def need_report(results: Path) -> None:
    """Raise GanalyzeError where a run has no report."""
    if not (results / "report.html").is_file():
        raise GanalyzeError(f"{results} has no report: make pull brings the finished demo")


def plan(config: str) -> int:
    """Plan a whole run; how many jobs it takes."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--forceall", "--quiet", "rules"]
    done = subprocess.run([*command, "--configfile", config], cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode:
        raise GanalyzeError(f"snakemake: {done.stderr.strip().splitlines()[-1]}")
    return int((done.stdout + done.stderr).rpartition("\ntotal")[2].split()[0])


def multiply(results: Path, folder: Path, seeds: int | None) -> None:
    """Copy a finished run, as links, and give each study `seeds` seeds in place of its own, with the same images and
    FAKE scores and factors; the figures that show every seed are drawn anew."""
    shutil.copytree(results.resolve(), folder, copy_function=os.symlink)
    (folder / "report.html").unlink()
    if seeds is None:
        return
    config = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["config"]
    for study in config["studies"]:
        manifest = pd.read_csv(folder / study["name"] / "images/test.csv")
        factors = pd.read_csv(folder / study["name"] / "factors.csv")
        own = manifest.seed_id.nunique()
        times = -(-seeds // own)
        many = pd.concat([manifest.assign(seed_id=manifest.seed_id + time * own) for time in range(times)])
        names = [image_id("test", row.seed_id, row.alpha) for row in many.itertuples()]
        noise = np.random.default_rng(0).normal(0, manifest.score.std() / 10, len(many))
        _replace(folder / study["name"] / "images/test.csv", many.assign(image_id=names, score=many.score + noise))
        measured = pd.concat([manifest[["image_id"]].merge(factors, on="image_id")] * times)
        _replace(folder / study["name"] / "factors.csv", measured.assign(image_id=names))
    draw(folder)


def _replace(path: Path, table: pd.DataFrame) -> None:
    path.unlink()
    table.to_csv(path, index=False)


def draw(folder: Path) -> None:
    """Draw the figures that show every seed, in place of the links to them."""
    from ganalyze.figures.style import save
    from ganalyze.report.captions import plans_of

    for name, plan in plans_of(json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["config"]).items():
        if plan.kind in OF_EVERY_SEED:
            for suffix in (".png", ".svg"):
                (folder / f"figures/{name}{suffix}").unlink()
            drawn = import_module(plan.module).draw(plan, folder, dict(zip(plan.studies, plan.studies, strict=True)))
            save(drawn, folder / "figures" / name)


def write(folder: Path) -> None:
    """As the workflow does."""
    command = [sys.executable, REPOSITORY / "scripts/write_report.py"]
    subprocess.run([*command, "--results", folder, "--output", folder / "report.html"], check=True)


def seconds_to_open(page: Path) -> float:
    """Until every picture is decoded, from when a browser that runs is told to open the page."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise GanalyzeError("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        start = time.perf_counter()
        tab.goto(page.resolve().as_uri())
        tab.evaluate('Promise.all([...document.querySelectorAll("header img, main img")].map(image => image.decode()))')
        seconds = time.perf_counter() - start
        browser.close()
    return seconds


if __name__ == "__main__":
    run_command(main)
