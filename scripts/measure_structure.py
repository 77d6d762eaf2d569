"""Measure how much of the subject's outline stays when seeds are moved, for several studies."""

from pathlib import Path

from pydantic import Field, model_validator

from ganalyze.images.image_sets import ImageSet
from ganalyze.measures.structure import compare_structure
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """The studies, their images and masks."""

    studies: tuple[str, ...] = Field(min_length=1, description="names")
    manifests: tuple[Path, ...] = Field(description="test sets, one a study")
    masks: tuple[Path, ...] = Field(description="masks of their images (manifests), one a study")
    output: Path = Field(description="table to write (CSV)")

    @model_validator(mode="after")
    def _one_each(self) -> "Arguments":
        count = len(self.studies)
        if not count == len(self.manifests) == len(self.masks):
            raise ValueError(f"{count} studies need {count} manifests and {count} masks")
        return self


def main(arguments: Arguments) -> None:
    images = map(ImageSet.open, arguments.manifests)
    masks = map(ImageSet.open, arguments.masks)
    sets = dict(zip(arguments.studies, zip(images, masks, strict=True), strict=True))
    write_table(compare_structure(sets), arguments.output)


if __name__ == "__main__":
    run_command(main)
