"""Compare the directions of several studies: their cosines, and what each does to the other assessors' scores."""

from pathlib import Path

from pydantic import Field, model_validator

from ganalyze.direction.alignment import compare_directions
from ganalyze.direction.transformer import Transformer
from ganalyze.images.image_sets import read_manifest
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings, need_one_each
from ganalyze.support.tables import read_table, write_table


class Arguments(Settings):
    """The studies, and what each has made."""

    studies: tuple[str, ...] = Field(description="names, two or more")
    directions: tuple[Path, ...] = Field(description="theta.safetensors, one a study")
    manifests: tuple[Path, ...] = Field(description="scored test sets, one a study")
    others: tuple[Path, ...] = Field(
        default=(),
        description="what each study's assessor says of those with another (scripts/score_others.py), one a study",
    )
    output: Path = Field(description="table to write (CSV)")

    @model_validator(mode="after")
    def _one_each(self) -> "Arguments":
        others = {"tables of others": self.others} if self.others else {}
        need_one_each(studies=self.studies, directions=self.directions, manifests=self.manifests, **others)
        return self


def main(arguments: Arguments) -> None:
    studies = arguments.studies
    transformers = dict(zip(studies, map(Transformer.load, arguments.directions), strict=True))
    own = dict(zip(studies, map(read_manifest, arguments.manifests), strict=True))
    scores = {(direction, assessor): own[direction] for direction in studies for assessor in studies}
    for assessor, path in zip(studies, arguments.others, strict=False):
        for direction, rows in read_table(path).groupby("study"):
            scores[str(direction), assessor] = rows
    write_table(compare_directions(transformers, scores), arguments.output)


if __name__ == "__main__":
    run_command(main)
