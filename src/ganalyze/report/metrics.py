"""A run's numbers in brief, for comparing runs and versions (`dvc metrics diff`)."""

import json
from pathlib import Path
from typing import Any

from ganalyze.support.tables import read_table


def collect_metrics(models: dict[str, Path], realness: dict[str, Path], segmenter: Path | None) -> dict[str, Any]:
    """The slope of each study's score on α with its interval; where it is measured, FID at the ends of the α grid; and
    how well the run's own segmenter agrees with GrabCut.

    models, realness: study → its mixed_models.csv, realness.csv. segmenter: what train_segmenter.py says of it.
    """
    metrics: dict[str, Any] = {}
    for study, path in models.items():
        slope = read_table(path).set_index("term").loc["alpha"]
        metrics[study] = {key: float(slope[key]) for key in ("estimate", "ci_low", "ci_high")}
    for study, path in realness.items():
        table = read_table(path).sort_values("alpha")
        metrics[study] |= {"fid_lowest_alpha": float(table.fid.iloc[0]), "fid_highest_alpha": float(table.fid.iloc[-1])}
    if segmenter:
        metrics["segmenter"] = {"iou_mean": json.loads(segmenter.read_text(encoding="utf-8"))["iou_mean"]}
    return metrics
