"""Serve one experiment to participants' browsers, and keep their answers (docs/experiments.md).

python scripts/serve_experiment.py --settings experiments/settings/memory_game.yaml --tracks tracks/memory_game.csv \\
    --manifests images/test.csv images/filler.csv --database data/pilot.sqlite
"""

import argparse
from pathlib import Path

import uvicorn

from ganalyze.errors import GanalyzeError, run_command
from ganalyze.experiments.server import Experiment, build_app
from ganalyze.experiments.settings import load_settings
from ganalyze.experiments.stimuli import Stimuli, read_tracks
from ganalyze.experiments.store import Secrets, Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", type=Path, required=True, help="words and durations (experiments/settings)")
    parser.add_argument("--tracks", type=Path, required=True, help="from scripts/build_tracks.py")
    parser.add_argument("--manifests", type=Path, nargs="+", required=True, help="of every image set shown")
    parser.add_argument("--database", type=Path, required=True, help="SQLite file, made on first use; the keys are "
                        "kept beside it in NAME.secrets.json: back up both")  # fmt: skip
    parser.add_argument("--page", type=Path, default=Path("experiments/dist"), help="built by npm; %(default)s")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s, this machine alone")
    parser.add_argument("--port", type=int, default=8000, help="default: %(default)s")
    parser.add_argument("--simulated", action="store_true", help="mark all answers as simulated: no people take part")
    arguments = parser.parse_args()

    if not (arguments.page / "index.html").is_file():
        raise GanalyzeError(f"{arguments.page} has no built page: run make experiments")
    settings = load_settings(arguments.settings)
    tracks, tracks_hash = read_tracks(arguments.tracks)
    if tracks.fake_side.notna().all() != (settings.experiment == "two_afc"):
        raise GanalyzeError(f"{arguments.tracks} does not hold tracks of the experiment {settings.experiment}")
    secrets = Secrets.load(arguments.database.with_suffix(".secrets.json"))
    stimuli = Stimuli(arguments.manifests, secrets.identifiers)
    stimuli.check_has(tracks)
    data_source = "simulated" if arguments.simulated else "human"
    store = Store(arguments.database, settings.experiment, tracks_hash, data_source)
    experiment = Experiment(settings, tracks, stimuli, store, secrets, data_source)

    address = f"http://{arguments.host}:{arguments.port}"
    print(f"{settings.title}: {address}\n  to look without storing anything: {address}/?preview\n  to export: "
          f"curl -H 'Authorization: Bearer {secrets.exports}' {address}/export/trials.csv", flush=True)  # fmt: skip
    # Requests are not logged: their lines would hold addresses of people.
    uvicorn.run(build_app(experiment, arguments.page), host=arguments.host, port=arguments.port,
                access_log=False, log_level="warning", server_header=False)  # fmt: skip
    store.close()


if __name__ == "__main__":
    run_command(main)
