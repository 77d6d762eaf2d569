"""Prepare the tracks of an experiment: who will see which images in which order (paper §3.3.2, §3.4).

python scripts/build_tracks.py memory_game --manifests images/test.csv images/filler.csv --participants 40 \\
    --series 2 --seed 2019 --output tracks/memory_game.csv

The first word names the experiment, whose further options --help then tells.
"""

import sys
from pathlib import Path
from typing import Any

from pydantic import Field, create_model

from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.tracks import build_tracks
from ganalyze.images.image_sets import read_manifest
from ganalyze.support.arguments import parse
from ganalyze.support.errors import GanalyzeError, in_one_line
from ganalyze.support.settings import Seed, Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """What tracks are made of."""

    manifests: tuple[Path, ...] = Field(description="the test set, and the other set that the experiment shows")
    seed: Seed
    output: Path = Field(description="track table to write (CSV)")


def main() -> None:
    name, words = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if name in ("", "-h", "--help"):
        print(f"usage: build_tracks.py {{{','.join(EXPERIMENTS)}}} [OPTIONS]\n\n{__doc__}")
        raise SystemExit(0 if name else 2)
    if name not in EXPERIMENTS:
        raise GanalyzeError(f"unknown experiment {name!r}: known are {', '.join(EXPERIMENTS)}")
    experiment = EXPERIMENTS[name]
    command = create_model("Command", __base__=Arguments, settings=(experiment.Settings, ...))
    arguments: Any = parse(command, __doc__ or "", words)

    manifests = [read_manifest(path) for path in arguments.manifests]
    tracks = build_tracks(experiment, arguments.settings, manifests, arguments.seed)
    write_table(tracks, arguments.output)

    shown = tracks[
        (tracks.phase == "main") & (tracks.role == "target") & (tracks.is_repeat == 0)
    ].image_id.value_counts()
    least = 0 if len(shown) < len(manifests[0]) else shown.min()
    print(
        f"{arguments.output}: {tracks.track.nunique()} tracks for {arguments.settings.participants} participants; "
        f"each of {len(manifests[0])} target images is shown {least} to {shown.max()} times"
    )


if __name__ == "__main__":
    with in_one_line():
        main()
