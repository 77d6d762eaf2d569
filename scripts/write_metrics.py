"""Write a run's numbers in brief, metrics.json, for comparing runs and versions (dvc metrics diff)."""

import argparse
import json
from pathlib import Path

from ganalyze.report.metrics import collect_metrics
from ganalyze.support.errors import run_command
from ganalyze.support.files import written_whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", nargs="+", required=True, help="their names")
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="mixed_models.csv of each study")
    parser.add_argument("--realness", type=Path, nargs="*", default=[], help="realness.csv of each study")
    parser.add_argument("--segmenter", type=Path, help="metrics.json of the run's own segmenter")
    parser.add_argument("--output", type=Path, required=True, help="metrics.json")
    arguments = parser.parse_args()

    models = dict(zip(arguments.studies, arguments.models, strict=True))
    realness = dict(zip(arguments.studies, arguments.realness, strict=False))
    metrics = collect_metrics(models, realness, arguments.segmenter)
    with written_whole(arguments.output) as temporary:
        temporary.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(main)
