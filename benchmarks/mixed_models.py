"""Logistic mixed models at the paper's scale: seconds to fit with standard errors, ours and R's lme4 as it comes."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from apart import run_apart, tell

from ganalyze.statistics.formulas import trial_formula
from ganalyze.statistics.mixed_models import fit_mixed_model
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Settings

LOGISTIC_MODELS = [
    trial_formula("hit", "alpha", classes=1),
    trial_formula("hit", "alpha", classes=750),
    trial_formula("hit", "brightness", classes=750),
]
GLMER = """
library(lme4)
data <- read.csv(commandArgs(trailingOnly = TRUE)[1])
for (formula in commandArgs(trailingOnly = TRUE)[-1]) {
  seconds <- system.time(model <- glmer(as.formula(formula), data, family = binomial))["elapsed"]
  slope <- summary(model)$coefficients[2, 1:2]
  cat(sprintf("%.3f,%.15g,%.15g,%.15g\\n", seconds, as.numeric(logLik(model)), slope[1], slope[2]))
}
"""


class Arguments(Settings):
    """There is nothing to choose."""


def main(arguments: Arguments) -> None:
    if not shutil.which("Rscript"):
        raise GanalyzeError("Rscript not found: install R with lme4 (Debian: apt-get install r-base-core r-cran-lme4)")
    data = memory_game_at_paper_scale()
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "trials.csv")
        data.to_csv(table, index=False)
        # lme4 is timed before and after, since other work on the machine may come and go.
        before = run_apart(run_lme4, table).result
        ours = [run_apart(fit_mixed_model, data, formula, "binomial", "hit") for formula in LOGISTIC_MODELS]
        after = run_apart(run_lme4, table).result

    print(
        f"{len(data)} trials\n{'model':64} {'ours, s':>8} {'lme4, s':>8} {'ratio':>6} {'Δ logLik':>10} {'Δβ / SE':>10}"
    )
    for formula, timed, first, second in zip(LOGISTIC_MODELS, ours, before, after, strict=True):
        seconds, slope = (first[0] + second[0]) / 2, timed.result.iloc[1]
        print(
            f"{formula:64} {timed.seconds:8.1f} {seconds:8.1f} {seconds / timed.seconds:6.1f} "
            f"{slope.log_likelihood - first[1]:10.2g} {(slope.estimate - first[2]) / first[3]:10.2g}"
        )
        formula_in_a_cell = formula.replace("|", r"\|")
        tell(f"`{formula_in_a_cell}`, {len(data):,} trials", timed.seconds, "lme4", seconds, "≥ 4")


def memory_game_at_paper_scale(n: int = 23_700, people: int = 500, seeds: int = 1500) -> pd.DataFrame:
    """n trials of people with seeds, two a class, by default as many as in the paper (§3.4), and a factor that rises
    with α."""
    random = np.random.default_rng(0)
    person, seed = random.integers(people, size=n), random.integers(seeds, size=n)
    data = pd.DataFrame({"participant": person, "seed_id": seed, "class_id": seed // 2})
    data["alpha"] = random.choice([-0.2, -0.1, 0.0, 0.1, 0.2], size=n)
    data["brightness"] = 2 * data.alpha + random.normal(size=n)
    log_odds = 0.5 + 1.92 * data.alpha + 0.8 * random.normal(size=people)[person]
    log_odds += 0.6 * random.normal(size=seeds)[seed] + 0.4 * random.normal(size=seeds)[seed // 2]
    data["hit"] = (random.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int)
    return data


def run_lme4(table: Path) -> list[list[float]]:
    """For each model: seconds, log likelihood, slope, its standard error."""
    done = subprocess.run(["Rscript", "-e", GLMER, table, *LOGISTIC_MODELS], capture_output=True, text=True)
    if done.returncode:
        raise GanalyzeError(f"lme4 failed: {done.stderr.strip().splitlines()[-1]}")
    return [[float(value) for value in line.split(",")] for line in done.stdout.split()]


if __name__ == "__main__":
    run_command(main)
