"""Compare further assessors' scores of a study's images with those of the assessor it was trained on."""

from pathlib import Path

from pydantic import Field, model_validator

from ganalyze.images.image_sets import read_manifest
from ganalyze.statistics.judges import compare_judges
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Seed, Settings, need_one_each
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """The judges, and what each has scored."""

    study: str = Field(description="with the seed, names the random streams")
    seed: Seed
    manifest: Path = Field(description="the scored test set")
    judges: tuple[str, ...] = Field(description="names of further assessors")
    scores: tuple[Path, ...] = Field(description="the same test set as each has scored it")
    output: Path = Field(description="table to write (CSV)")

    @model_validator(mode="after")
    def _one_each(self) -> "Arguments":
        need_one_each(judges=self.judges, scores=self.scores)
        return self


def main(arguments: Arguments) -> None:
    judges = dict(zip(arguments.judges, map(read_manifest, arguments.scores), strict=True))
    trained = read_manifest(arguments.manifest)
    write_table(compare_judges(trained, judges, seed=arguments.seed, study=arguments.study), arguments.output)


if __name__ == "__main__":
    run_command(main)
