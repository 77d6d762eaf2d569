"""Write the report of an inverted and moved photograph: a page, and a strip and a film for each direction."""

from pathlib import Path

from pydantic import Field, model_validator

from ganalyze.report.photograph import report_photograph
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings, need_one_each


class Arguments(Settings):
    """Which photograph."""

    folder: Path = Field(description="of scripts/invert_image.py, with STUDY.csv of scripts/move_photograph.py")
    studies: tuple[str, ...] = Field(min_length=1, description="names")
    assessors: tuple[str, ...] = Field(description="names, one a study")
    generator: str = Field(description="its name")

    @model_validator(mode="after")
    def _one_each(self) -> "Arguments":
        need_one_each(studies=self.studies, assessors=self.assessors)
        return self


def main(arguments: Arguments) -> None:
    assessors = dict(zip(arguments.studies, arguments.assessors, strict=True))
    report_photograph(arguments.folder, assessors, arguments.generator)


if __name__ == "__main__":
    run_command(main)
