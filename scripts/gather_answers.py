"""Make the trial table of the answers that JATOS or plain files brought, where the workflow looks for it.

python scripts/gather_answers.py jatos_results.txt --tracks tracks/memory_game.csv \\
    --output data/demo/memorability/trials/memory_game.csv
"""

from pathlib import Path

import tyro
from pydantic import Field

from ganalyze.experiments.hosting.answers import timing_table, trial_table
from ganalyze.experiments.hosting.bundle import read_answers
from ganalyze.experiments.hosting.stimuli import read_tracks
from ganalyze.experiments.trials import write_trials
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """What came back, and of which tracks."""

    answers: tyro.conf.Positional[tuple[Path, ...]] = Field(
        min_length=1, description="results, one answer a line (JSON): files, folders, or JATOS' results archive"
    )
    tracks: Path = Field(description="the track table of the bundle")
    simulated: bool = Field(default=False, description="mark all answers as simulated: no people took part")
    output: Path = Field(
        description="the trial table, NAME.csv; beside it comes NAME.timing.csv (how long everything was on the screen)"
    )


def main(arguments: Arguments) -> None:
    answers = read_answers(list(arguments.answers))
    tracks, _ = read_tracks(arguments.tracks)
    trials = trial_table(answers, tracks, "simulated" if arguments.simulated else "human")
    write_table(timing_table(answers, tracks), arguments.output.with_suffix(".timing.csv"))
    write_trials(trials, arguments.output)
    print(f"{arguments.output}: {len(trials)} trials of {trials.participant.nunique()} participants")


if __name__ == "__main__":
    run_command(main)
