"""Make the trial table of the answers that JATOS or plain files brought, where the workflow looks for it.

python scripts/gather_answers.py jatos_results.txt --tracks tracks/memory_game.csv \\
    --output data/demo/memorability/trials/memory_game.csv
"""

import argparse
from pathlib import Path

from ganalyze.experiments.hosting.answers import timing_table, trial_table
from ganalyze.experiments.hosting.bundle import read_answers
from ganalyze.experiments.hosting.stimuli import read_tracks
from ganalyze.experiments.trials import write_trials
from ganalyze.support.errors import run_command
from ganalyze.support.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", type=Path, nargs="+", help="results files, one answer a line (JSON)")
    parser.add_argument("--tracks", type=Path, required=True, help="the track table of the bundle")
    parser.add_argument("--simulated", action="store_true", help="mark all answers as simulated: no people took part")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help="the trial table, NAME.csv; beside it comes NAME.timing.csv (how long everything was on the screen)",
    )
    arguments = parser.parse_args()

    answers = read_answers(arguments.answers)
    tracks, _ = read_tracks(arguments.tracks)
    trials = trial_table(answers, tracks, "simulated" if arguments.simulated else "human")
    write_table(timing_table(answers, tracks), arguments.output.with_suffix(".timing.csv"))
    write_trials(trials, arguments.output)
    print(f"{arguments.output}: {len(trials)} trials of {trials.participant.nunique()} participants")


if __name__ == "__main__":
    run_command(main)
