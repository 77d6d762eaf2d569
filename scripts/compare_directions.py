"""Compare the directions of several studies: their cosines, and what each does to the other assessors' scores."""

from itertools import product
from pathlib import Path

from pydantic import Field, model_validator

from ganalyze.direction.alignment import compare_directions
from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import ImageSet
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """The studies, and what each has made."""

    studies: tuple[str, ...] = Field(description="names, two or more")
    directions: tuple[Path, ...] = Field(description="theta.safetensors, one a study")
    manifests: tuple[Path, ...] = Field(
        description="scored test sets: of the first study by the assessor of each study in turn, then of the second, …"
    )
    output: Path = Field(description="table to write (CSV)")

    @model_validator(mode="after")
    def _one_each(self) -> "Arguments":
        count = len(self.studies)
        if len(self.directions) != count or len(self.manifests) != count**2:
            raise ValueError(f"{count} studies need {count} directions and {count**2} manifests")
        return self


def main(arguments: Arguments) -> None:
    transformers = dict(zip(arguments.studies, map(Transformer.load, arguments.directions), strict=True))
    pairs = product(arguments.studies, arguments.studies)
    image_sets = dict(zip(pairs, map(ImageSet.open, arguments.manifests), strict=True))
    write_table(compare_directions(transformers, image_sets), arguments.output)


if __name__ == "__main__":
    run_command(main)
