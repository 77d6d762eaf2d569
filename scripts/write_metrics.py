"""Write a run's numbers in brief, metrics.json, for comparing runs and versions (dvc metrics diff)."""

import json
from pathlib import Path

from pydantic import Field

from ganalyze.report.metrics import collect_metrics
from ganalyze.support.arguments import run_command
from ganalyze.support.files import written_whole
from ganalyze.support.settings import Settings


class Arguments(Settings):
    """The run's tables."""

    studies: tuple[str, ...] = Field(description="their names")
    models: tuple[Path, ...] = Field(description="mixed_models.csv of each study")
    realness: tuple[Path, ...] = Field(default=(), description="realness.csv of each study")
    segmenter: Path | None = Field(default=None, description="metrics.json of the run's own segmenter")
    output: Path = Field(description="metrics.json")


def main(arguments: Arguments) -> None:
    models = dict(zip(arguments.studies, arguments.models, strict=True))
    realness = dict(zip(arguments.studies, arguments.realness, strict=False))
    metrics = collect_metrics(models, realness, arguments.segmenter)
    with written_whole(arguments.output) as temporary:
        temporary.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(main)
