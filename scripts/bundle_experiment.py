"""Pack an experiment for a host of your own: a JATOS study archive, or plain files (docs/experiments.md).

python scripts/bundle_experiment.py --settings page/settings/memory_game.yaml --tracks tracks/memory_game.csv \\
    --manifests images/test.csv images/filler.csv --for jatos --output memory_game.jzip
"""

import argparse
import secrets
from pathlib import Path

from ganalyze.experiments.hosting.bundle import files_of, write_zip
from ganalyze.experiments.hosting.settings import load_settings
from ganalyze.experiments.hosting.stimuli import Stimuli, read_tracks
from ganalyze.support.errors import run_command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", type=Path, required=True, help="words and durations (page/settings)")
    parser.add_argument("--tracks", type=Path, required=True, help="from scripts/build_tracks.py")
    parser.add_argument("--manifests", type=Path, nargs="+", required=True, help="of every image set shown")
    parser.add_argument("--page", type=Path, default=Path("page/dist"), help="built by npm; %(default)s")
    parser.add_argument("--for", dest="backend", choices=("jatos", "files"), required=True)
    parser.add_argument("--output", type=Path, required=True, help="NAME.jzip for JATOS, NAME.zip for plain files")
    arguments = parser.parse_args()

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
