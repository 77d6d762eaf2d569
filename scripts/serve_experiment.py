"""Serve one experiment to participants' browsers, and keep their answers (docs/experiments.md).

python scripts/serve_experiment.py --settings page/settings/memory_game.yaml --tracks tracks/memory_game.csv \\
    --manifests images/test.csv images/filler.csv --database data/pilot.sqlite
"""

import argparse
from pathlib import Path

import uvicorn

from ganalyze.experiments.hosting.hosted import open_experiment
from ganalyze.experiments.hosting.server import build_app
from ganalyze.support.errors import run_command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", type=Path, required=True, help="words and durations (page/settings)")
    parser.add_argument("--tracks", type=Path, required=True, help="from scripts/build_tracks.py")
    parser.add_argument("--manifests", type=Path, nargs="+", required=True, help="of every image set shown")
    parser.add_argument(
        "--database",
        type=Path,
        required=True,
        help="SQLite file, made on first use; the keys are kept beside it in NAME.secrets.json: back up both",
    )
    parser.add_argument("--page", type=Path, default=Path("page/dist"), help="built by npm; %(default)s")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s, this machine alone")
    parser.add_argument("--port", type=int, default=8000, help="default: %(default)s")
    parser.add_argument("--simulated", action="store_true", help="mark all answers as simulated: no people take part")
    arguments = parser.parse_args()

    experiment = open_experiment(
        arguments.settings, arguments.tracks, arguments.manifests, arguments.database, arguments.simulated
    )
    app = build_app(experiment, arguments.page)

    address = f"http://{arguments.host}:{arguments.port}"
    token = arguments.database.with_suffix(".secrets.json")
    print(
        f"{experiment.settings.title}: {address}",
        f"to look without storing anything: {address}/?preview",
        f"to export: {address}/export/trials.csv, with the token in {token}",
        sep="\n  ",
        flush=True,
    )
    # Requests are not logged: their lines would hold addresses of people.
    uvicorn.run(
        app, host=arguments.host, port=arguments.port, access_log=False, log_level="warning", server_header=False
    )
    experiment.store.close()


if __name__ == "__main__":
    run_command(main)
