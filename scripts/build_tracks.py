"""Prepare the tracks of an experiment: who will see which images in which order (paper §3.3.2, §3.4).

python scripts/build_tracks.py memory_game --manifests images/test.csv images/filler.csv --participants 40 \\
    --series 2 --seed 2019 --output tracks/memory_game.csv
"""

import argparse
from dataclasses import fields
from pathlib import Path

from ganalyze.experiments.designs import DESIGNS
from ganalyze.experiments.tracks import build_tracks
from ganalyze.images.image_sets import read_manifest
from ganalyze.support.errors import run_command
from ganalyze.support.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    experiments = parser.add_subparsers(dest="experiment", required=True)
    for name, design in DESIGNS.items():
        command = experiments.add_parser(name, help=design.__doc__.splitlines()[0])
        other = "fillers and vigilance images" if name == "memory_game" else "vigilance images"
        command.add_argument(
            "--manifests",
            type=Path,
            nargs=2,
            required=True,
            metavar=("TEST", "OTHER"),
            help=f"the test set, and the set of {other}",
        )
        command.add_argument("--participants", type=int, required=True, help="slots to prepare")
        command.add_argument("--series", type=int, required=True, help="for each of them")
        command.add_argument("--seed", type=int, required=True, help="of the run")
        command.add_argument("--output", type=Path, required=True, help="track table to write (CSV)")
        if name == "two_afc":
            command.add_argument(
                "--foils",
                type=Path,
                help="manifest of real images (image_id, class_id, file); "
                "without, they are named real_<class>_<0…9>, to be supplied",
            )
        for field in fields(design):
            number = {"nargs": 2, "metavar": ("LEAST", "MOST")} if isinstance(field.default, tuple) else {}
            told = " to ".join(map(str, field.default)) if isinstance(field.default, tuple) else field.default
            command.add_argument(
                f"--{field.name.replace('_', '-')}",
                type=int,
                default=field.default,
                help=f"a series; default: {told}",
                **number,
            )
    arguments = parser.parse_args()

    settings = {field.name: getattr(arguments, field.name) for field in fields(DESIGNS[arguments.experiment])}
    design = DESIGNS[arguments.experiment](**{k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()})
    targets, others = map(read_manifest, arguments.manifests)
    foils = read_manifest(arguments.foils) if getattr(arguments, "foils", None) else None
    tracks = build_tracks(design, targets, others, arguments.participants, arguments.series, arguments.seed, foils)
    write_table(tracks, arguments.output)

    shown = tracks[
        (tracks.phase == "main") & (tracks.role == "target") & (tracks.is_repeat == 0)
    ].image_id.value_counts()
    least = 0 if len(shown) < len(targets) else shown.min()
    print(
        f"{arguments.output}: {tracks.track.nunique()} tracks for {arguments.participants} participants; "
        f"each of {len(targets)} target images is shown {least} to {shown.max()} times"
    )


if __name__ == "__main__":
    run_command(main)
