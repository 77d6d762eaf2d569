"""Pack an experiment for a host of your own: a JATOS study archive, or plain files (docs/experiments.md).

python scripts/bundle_experiment.py --settings page/settings/memory_game.yaml --tracks tracks/memory_game.csv \\
    --manifests images/test.csv images/filler.csv --for jatos --output memory_game.jzip
"""

import secrets
from pathlib import Path
from typing import Annotated, Literal

import tyro
from pydantic import Field

from ganalyze.experiments.hosting.bundle import files_of, write_zip
from ganalyze.experiments.hosting.settings import load_settings
from ganalyze.experiments.hosting.stimuli import Stimuli, read_tracks
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings


class Arguments(Settings):
    """What is packed, and for whom."""

    settings: Path = Field(description="words and durations (page/settings)")
    tracks: Path = Field(description="from scripts/build_tracks.py")
    manifests: tuple[Path, ...] = Field(description="of every image set shown")
    page: Path = Field(default=Path("page/dist"), description="built by npm")
    backend: Annotated[Literal["jatos", "files"], tyro.conf.arg(name="for")] = Field(description="which host")
    output: Path = Field(description="NAME.jzip for JATOS, NAME.zip for plain files")


def main(arguments: Arguments) -> None:
    settings = load_settings(arguments.settings)
    tracks, _ = read_tracks(arguments.tracks)
    # The images' names need to tell nothing, and to be used in this bundle alone.
    stimuli = Stimuli(arguments.manifests, secrets.token_bytes(32))
    stimuli.check_has(tracks)
    files = files_of(settings, tracks, stimuli, arguments.page, arguments.backend)
    count = write_zip(arguments.output, files, settings, arguments.backend)
    print(f"{arguments.output}: {count} files, {arguments.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    run_command(main)
