"""Prepare the series of trials of an experiment for a number of participants: a track table (CSV)."""

import argparse
from pathlib import Path

import pandas as pd

from ganalyze.errors import run_command, written_whole
from ganalyze.experiments.tracks import MemoryGame, TwoAfc, memory_game_tracks, two_afc_tracks
from ganalyze.image_sets import read_manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="experiment", required=True)
    game = kinds.add_parser("memory_game", help="the visual memory game (paper §3.4)")
    game.add_argument("--manifests", type=Path, nargs=2, required=True, metavar=("TEST", "FILLER"))
    afc = kinds.add_parser("two_afc", help="which image is fake? (paper §3.3.2)")
    afc.add_argument("--manifests", type=Path, nargs=2, required=True, metavar=("TEST", "VIGILANCE"))
    afc.add_argument("--real", type=Path, required=True, help="manifest of the real images")
    for kind, options in ((game, MemoryGame), (afc, TwoAfc)):
        for name, field in options.__dataclass_fields__.items():
            several = {"nargs": 2, "metavar": ("LEAST", "MOST")} if isinstance(field.default, tuple) else {}
            kind.add_argument(f"--{name.replace('_', '-')}", type=int, default=field.default, **several,
                              help="default: %(default)s")  # fmt: skip
        kind.add_argument("--participants", type=int, required=True, help="for whom tracks are prepared")
        kind.add_argument("--series", type=int, required=True, help="prepared for each of them")
        kind.add_argument("--seed", type=int, required=True, help="of the run")
        kind.add_argument("--output", type=Path, required=True, help="table to write (CSV)")
    arguments = parser.parse_args()

    test, other = map(read_manifest, arguments.manifests)
    who = (arguments.participants, arguments.series)
    if arguments.experiment == "memory_game":
        tracks = memory_game_tracks(test, other, *who, _options(MemoryGame, arguments), arguments.seed)
    else:
        real = read_manifest(arguments.real)
        tracks = two_afc_tracks(test, other, real, *who, _options(TwoAfc, arguments), arguments.seed)
    with written_whole(arguments.output) as temporary:
        tracks.to_csv(temporary, index=False, lineterminator="\n")
    print(f"{arguments.output}: {tracks.track.nunique()} tracks; {_exposure(tracks)}")


def _options(kind: type, arguments: argparse.Namespace):
    values = {name: getattr(arguments, name) for name in kind.__dataclass_fields__}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def _exposure(tracks: pd.DataFrame) -> str:
    shown = tracks[
        (tracks.role == "target") & (tracks.phase == "main") & (tracks.is_repeat == 0)
    ].image_id.value_counts()
    return f"{len(shown)} test images, each shown to {shown.min()} to {shown.max()} participants"


if __name__ == "__main__":
    run_command(main)
