"""Check a trial table, exclude the series that do not count, and write what is left to analyse.

Refuses a table with faults, naming row and column of each, and then writes nothing.
"""

from pathlib import Path

import pandas as pd
from pydantic import Field

from ganalyze.experiments.exclusions import Exclusions, by_alpha, data_points, judge_series
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.trials import read_trials, write_trials
from ganalyze.images.image_sets import read_manifest
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Settings
from ganalyze.support.tables import write_table


class Arguments(Settings):
    """The trials, and the images that they show."""

    trials: Path = Field(description="trial table, of people or simulated")
    experiment: str = Field(description=f"{', '.join(EXPERIMENTS)}, or module:object")
    manifests: tuple[Path, ...] = Field(description="of every image set shown in it")
    exclusions: Exclusions = Exclusions()
    output: Path = Field(
        description="the checked table, NAME.csv; beside it come NAME.series.csv (who was excluded and why), "
        "NAME.data_points.csv (what models are fitted to) and NAME.by_alpha.csv (rates and counts)"
    )


def main(arguments: Arguments) -> None:
    images = pd.concat(map(read_manifest, arguments.manifests), ignore_index=True)
    trials = read_trials(arguments.trials, arguments.experiment, images)
    experiment, exclusions = arguments.experiment, arguments.exclusions
    series = judge_series(trials, experiment, exclusions)
    points = data_points(trials, series, experiment, exclusions)
    with_unseen = data_points(trials, series, experiment, exclusions.model_copy(update={"unseen": "keep"}))
    rates = by_alpha(points, experiment)
    for name, table in (("series", series), ("data_points", points), ("by_alpha", rates)):
        write_table(table, arguments.output.with_suffix(f".{name}.csv"))
    write_trials(trials, arguments.output)

    source, excluded = trials.data_source.iloc[0], series[series.kept == 0]
    print(f"{arguments.output}: {source.upper()}, {series.participant.nunique()} participants, {len(series)} series")
    for reason, count in excluded.reason.value_counts().items():
        print(f"  excluded {count} series: {reason}")
    if count := int(series.unseen.sum()):
        left_out = len(with_unseen) - len(points)
        print(f"  {count} trial(s) not seen as intended: {left_out} data point(s) left out with them")
    if len(points):
        each = points.groupby("image_id").size()
        print(
            f"  {len(points)} data points, {each.mean():.2f} an image shown, {rates.data_points.min()} to "
            f"{rates.data_points.max()} an alpha"
        )


if __name__ == "__main__":
    run_command(main)
