"""Let simulated participants answer prepared tracks: a trial table that says of every row that it is simulated."""

import argparse
from dataclasses import fields
from pathlib import Path

from ganalyze.experiments.hosting.stimuli import read_tracks
from ganalyze.experiments.observers import Observers, simulate_trials
from ganalyze.experiments.trials import EXPERIMENTS, write_trials
from ganalyze.images.image_sets import read_manifest
from ganalyze.report.claims import paper_sensitivity, read_claims
from ganalyze.support.errors import GanalyzeError, run_command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=Path, required=True, help="from scripts/build_tracks.py")
    parser.add_argument("--manifest", type=Path, required=True, help="the targets, with scores")
    parser.add_argument("--experiment", required=True, choices=EXPERIMENTS)
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--seed", type=int, required=True, help="of the run")
    parser.add_argument(
        "--claims", type=Path, default=Path("config/claims.csv"), help="the paper's numbers: %(default)s"
    )
    for field in fields(Observers):
        default = "as the paper's people" if field.name == "sensitivity" else f"{field.default:g}"
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float, help=f"default: {default}")
    parser.add_argument("--output", type=Path, required=True, help="trial table to write (CSV)")
    arguments = parser.parse_args()

    given = {f.name: getattr(arguments, f.name) for f in fields(Observers) if getattr(arguments, f.name) is not None}
    if "sensitivity" not in given:
        given["sensitivity"] = paper_sensitivity(read_claims(arguments.claims), arguments.study, arguments.experiment)
        if given["sensitivity"] is None:
            raise GanalyzeError(
                f"the paper has no {arguments.experiment} of a study {arguments.study}: give --sensitivity, in log "
                "odds per unit of the score"
            )
    tracks, _ = read_tracks(arguments.tracks)
    manifest = read_manifest(arguments.manifest)
    trials = simulate_trials(
        tracks, manifest, arguments.experiment, Observers(**given), arguments.seed, arguments.study
    )
    write_trials(trials, arguments.output)
    print(f"{arguments.output}: {len(trials)} SIMULATED trials of {trials.participant.nunique()} observers")


if __name__ == "__main__":
    run_command(main)
