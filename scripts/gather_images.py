"""Join the chunks of an image set into its shards and one manifest."""

from pathlib import Path

import tyro
from pydantic import Field

from ganalyze.images.shards import gather
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings


class Arguments(Settings):
    """The chunks, and where the set goes."""

    parts: tyro.conf.Positional[tuple[Path, ...]] = Field(min_length=1, description="the chunks' manifests")
    folder: Path = Field(description="where the shards go; replaced as a whole")
    manifest: Path = Field(description="the manifest of the set, beside the folder")


def main(arguments: Arguments) -> None:
    gather(arguments.parts, arguments.folder, arguments.manifest)


if __name__ == "__main__":
    run_command(main)
