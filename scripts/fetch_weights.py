"""Download pretrained weights by their names in config/weights.yaml, verify them, print where they are."""

from pathlib import Path
from typing import Annotated

import tyro
from pydantic import Field

from ganalyze.models.weights.catalogue import CATALOGUE, load_catalogue
from ganalyze.models.weights.files import WEIGHTS_DIR, fetch
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings


class Arguments(Settings):
    """Which files, and where they go."""

    names: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="NAME …")] = Field(
        min_length=1, description="published file name, e.g. model.pt"
    )
    weights_dir: Path = Field(default=WEIGHTS_DIR, description="the folder for them")
    catalogue: Path = Field(default=CATALOGUE, description="what is known of each file")


def main(arguments: Arguments) -> None:
    catalogue = load_catalogue(arguments.catalogue)
    for name in arguments.names:
        print(fetch(name, catalogue, arguments.weights_dir), flush=True)


if __name__ == "__main__":
    run_command(main)
