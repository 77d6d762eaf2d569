"""Let simulated participants answer prepared tracks: a trial table that says of every row that it is simulated."""

from pathlib import Path

from pydantic import Field

from ganalyze.experiments.hosting.stimuli import read_tracks
from ganalyze.experiments.observers import Observers, Traits, simulate_trials
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.trials import write_trials
from ganalyze.images.image_sets import read_manifest
from ganalyze.report.claims import CLAIMS, paper_sensitivity, read_claims
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Seed, Settings


class Arguments(Settings):
    """What is answered, and by whom."""

    tracks: Path = Field(description="from scripts/build_tracks.py")
    manifest: Path = Field(description="the targets, with scores")
    experiment: str = Field(description=f"{', '.join(EXPERIMENTS)}, or module:object")
    study: str = Field(description="name of the study")
    seed: Seed
    claims: Path = Field(default=CLAIMS, description="the paper's numbers")
    sensitivity: float | None = Field(
        default=None, description="of the observers, log odds per unit of score; default: as the paper's people"
    )
    traits: Traits = Traits()
    output: Path = Field(description="trial table to write (CSV)")


def main(arguments: Arguments) -> None:
    experiment, sensitivity = EXPERIMENTS[arguments.experiment], arguments.sensitivity
    if sensitivity is None:
        sensitivity = paper_sensitivity(read_claims(arguments.claims), arguments.study, experiment.name)
    if sensitivity is None:
        raise GanalyzeError(
            f"the paper has no {experiment.name} of a study {arguments.study}: give --sensitivity, in log odds per "
            "unit of the score"
        )
    tracks, _ = read_tracks(arguments.tracks)
    observers = Observers(sensitivity=sensitivity, **arguments.traits.model_dump())
    trials = simulate_trials(
        tracks, read_manifest(arguments.manifest), experiment.name, observers, arguments.seed, arguments.study
    )
    write_trials(trials, arguments.output)
    print(f"{arguments.output}: {len(trials)} SIMULATED trials of {trials.participant.nunique()} observers")


if __name__ == "__main__":
    run_command(main)
