"""Rehearse a served experiment: simulated participants press keys in a real browser, without a window.

The server has to run with --simulated, on a database of its own, from the tracks that the trials were simulated for.

python scripts/rehearse_experiment.py --url http://127.0.0.1:8000 --experiment memory_game --participants 2 \\
    --trials results/demo/memorability/trials/memory_game.simulated.csv
"""

import shutil
from pathlib import Path

import requests
from playwright.sync_api import sync_playwright
from pydantic import Field

from ganalyze.experiments.hosting.rehearsal import Person
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.progress import progress
from ganalyze.support.settings import Positive, Settings
from ganalyze.support.tables import read_table


class Arguments(Settings):
    """Whom to rehearse, and where."""

    url: str = Field(description="of the server")
    experiment: str = Field(description=f"{', '.join(EXPERIMENTS)}, or module:object")
    trials: Path = Field(description="from scripts/simulate_trials.py")
    participants: Positive = Field(default=1, description="how many of them")
    pictures: Path | None = Field(default=None, description="folder for pictures of the pages")


def main(arguments: Arguments) -> None:
    experiment = EXPERIMENTS[arguments.experiment]
    trials = read_table(arguments.trials, text=["response"] if experiment.pairs else [])
    if set(trials.data_source) != {"simulated"}:
        raise GanalyzeError(f"{arguments.trials}: only simulated trials can be rehearsed")
    try:
        study = requests.get(f"{arguments.url}/api/study", timeout=10).json()
    except requests.RequestException:
        raise GanalyzeError(f"no server answers at {arguments.url}: start scripts/serve_experiment.py first") from None
    if (study["experiment"], study["data_source"]) != (experiment.name, "simulated"):
        raise GanalyzeError(f"{arguments.url} does not serve {experiment.name} with --simulated")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise GanalyzeError("Chromium is not installed (apt-get install chromium)")

    names = sorted(trials.participant.unique())[: arguments.participants]
    trials = trials[trials.participant.isin(names)]
    with sync_playwright() as playwright, progress(len(trials), "trial", experiment.title) as bar:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in names:
            context = browser.new_context(viewport={"width": 1280, "height": 720})
            person = Person(context.new_page(), arguments.pictures and arguments.pictures / name, bar.update)
            person.page.goto(f"{arguments.url}/?participant={name}")
            person.goes_through(trials[trials.participant == name], experiment.name, study["break_every"])
            context.close()
            print(f"{name}: done", flush=True)
        browser.close()


if __name__ == "__main__":
    run_command(main)
