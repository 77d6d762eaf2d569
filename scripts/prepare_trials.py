"""Check a trial table, exclude the series that do not count, and write what is left to analyse.

Refuses a table with faults, naming row and column of each, and then writes nothing.
"""

import argparse
from pathlib import Path

import pandas as pd

from ganalyze.experiments.exclusions import by_alpha, data_points, judge_series
from ganalyze.experiments.trials import EXPERIMENTS, read_trials, write_trials
from ganalyze.images.image_sets import read_manifest
from ganalyze.support.errors import run_command
from ganalyze.support.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=Path, required=True, help="trial table, of people or simulated")
    parser.add_argument("--experiment", required=True, choices=EXPERIMENTS)
    parser.add_argument("--manifests", type=Path, nargs="+", required=True, help="of every image set shown in it")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help="the checked table, NAME.csv; beside it come "
        "NAME.series.csv (who was excluded and why), NAME.data_points.csv (what models are fitted to) "
        "and NAME.by_alpha.csv (rates and counts)",
    )
    arguments = parser.parse_args()

    images = pd.concat(map(read_manifest, arguments.manifests), ignore_index=True)
    trials = read_trials(arguments.trials, arguments.experiment, images)
    series = judge_series(trials, arguments.experiment)
    points = data_points(trials, series, arguments.experiment)
    rates = by_alpha(points, arguments.experiment)
    for name, table in (("series", series), ("data_points", points), ("by_alpha", rates)):
        write_table(table, arguments.output.with_suffix(f".{name}.csv"))
    write_trials(trials, arguments.output)

    source, excluded = trials.data_source.iloc[0], series[series.kept == 0]
    print(f"{arguments.output}: {source.upper()}, {series.participant.nunique()} participants, {len(series)} series")
    for reason, count in excluded.reason.value_counts().items():
        print(f"  excluded {count} series: {reason}")
    if len(points):
        each = points.groupby("image_id").size()
        print(
            f"  {len(points)} data points, {each.mean():.2f} an image shown, {rates.data_points.min()} to "
            f"{rates.data_points.max()} an alpha"
        )


if __name__ == "__main__":
    run_command(main)
