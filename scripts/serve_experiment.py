"""Serve one experiment to participants' browsers, and keep their answers (docs/experiments.md).

python scripts/serve_experiment.py --settings page/settings/memory_game.yaml --tracks tracks/memory_game.csv \\
    --manifests images/test.csv images/filler.csv --database data/pilot.sqlite
"""

from pathlib import Path

import uvicorn
from pydantic import Field

from ganalyze.experiments.hosting.hosted import open_experiment
from ganalyze.experiments.hosting.server import build_app
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Positive, Settings


class Arguments(Settings):
    """What is served, and where."""

    settings: Path = Field(description="words and durations (page/settings)")
    tracks: Path = Field(description="from scripts/build_tracks.py")
    manifests: tuple[Path, ...] = Field(description="of every image set shown")
    database: Path = Field(
        description="SQLite file, made on first use; the keys are kept beside it in NAME.secrets.json: back up both"
    )
    page: Path = Field(default=Path("page/dist"), description="built by npm")
    host: str = Field(default="127.0.0.1", description="this machine alone by default")
    port: Positive = 8000
    simulated: bool = Field(default=False, description="mark all answers as simulated: no people take part")


def main(arguments: Arguments) -> None:
    experiment = open_experiment(
        arguments.settings, arguments.tracks, list(arguments.manifests), arguments.database, arguments.simulated
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
