"""How the score changes within seeds: from one α to the next, with the image factors, and by several analyses."""

from pathlib import Path

from pydantic import Field

from ganalyze.images.image_sets import read_manifest
from ganalyze.measures.factors import IMAGE_FACTORS, MASK_FACTORS
from ganalyze.statistics.explained import explain_changes
from ganalyze.statistics.model_tables import join_by_image
from ganalyze.statistics.robustness import slopes_by_analysis
from ganalyze.statistics.steps import step_changes
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Seed, Settings
from ganalyze.support.tables import read_table, write_table


class Arguments(Settings):
    """Which images, and what is written."""

    study: str = Field(description="names the random streams")
    seed: Seed
    manifest: Path = Field(description="of the scored test set")
    factors: Path = Field(description="of its images (scripts/measure_factors.py)")
    model: Path = Field(description="mixed_models.csv of its scores")
    robust: Path = Field(description="robust_models.csv of them")
    steps: Path = Field(description="table to write (CSV): the score's change at each step of α")
    explained: Path = Field(description="table to write (CSV): what goes along with the score's changes")
    robustness: Path = Field(description="table to write (CSV): the slope of the score by several analyses")


def main(arguments: Arguments) -> None:
    images = join_by_image(read_manifest(arguments.manifest), read_table(arguments.factors))
    factors = [*IMAGE_FACTORS, *MASK_FACTORS]
    explained = explain_changes(images, factors, seed=arguments.seed, study=arguments.study)
    write_table(step_changes(images), arguments.steps)
    write_table(explained, arguments.explained)
    slopes = slopes_by_analysis(images, read_table(arguments.model), read_table(arguments.robust))
    write_table(slopes, arguments.robustness)


if __name__ == "__main__":
    run_command(main)
