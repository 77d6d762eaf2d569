"""Make the paper's Table 1 (seven factors, and α, as predictors of hits) from the fitted models of the memory game, and
beside it how much of the hits the factors explain."""

from pathlib import Path

from pydantic import Field

from ganalyze.measures.factors import IMAGE_FACTORS, MASK_FACTORS
from ganalyze.report.table1 import table1
from ganalyze.statistics.explained import explain_hits
from ganalyze.statistics.model_tables import join_by_image
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Seed, Settings
from ganalyze.support.tables import read_table, write_table


class Arguments(Settings):
    """The models and the answers, and where the tables go."""

    models: Path = Field(description="memory_game.models.csv")
    data_points: Path = Field(description="memory_game.data_points.csv")
    factors: Path = Field(description="of the images (scripts/measure_factors.py)")
    seed: Seed
    output: Path = Field(description="table to write (CSV)")
    explained: Path = Field(description="table to write (CSV): what goes along with hits")


def main(arguments: Arguments) -> None:
    points = join_by_image(read_table(arguments.data_points), read_table(arguments.factors))
    explained = explain_hits(points, [*IMAGE_FACTORS, *MASK_FACTORS], seed=arguments.seed)
    write_table(table1(read_table(arguments.models)), arguments.output)
    write_table(explained, arguments.explained)


if __name__ == "__main__":
    run_command(main)
