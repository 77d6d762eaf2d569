"""The numbers in brief are those of the tables."""

import json

import pandas as pd

from ganalyze.report.metrics import collect_metrics


def test_each_study_has_its_slope_and_its_realness_at_the_ends(tmp_path):
    terms = {"term": ["(Intercept)", "alpha"], "estimate": [0.8, 0.13], "ci_low": [0.7, 0.12], "ci_high": [0.9, 0.14]}
    pd.DataFrame(terms).to_csv(tmp_path / "models.csv", index=False)
    pd.DataFrame({"alpha": [0.4, 0, -0.4], "fid": [30.0, 5.0, 20.0]}).to_csv(tmp_path / "realness.csv", index=False)
    (tmp_path / "metrics.json").write_text(json.dumps({"iou_mean": 0.86}))
    models = {"valence": tmp_path / "models.csv"}
    slope = {"estimate": 0.13, "ci_low": 0.12, "ci_high": 0.14}
    assert collect_metrics(models, {}, None) == {"valence": slope}
    assert collect_metrics(models, {"valence": tmp_path / "realness.csv"}, tmp_path / "metrics.json") == {
        "valence": slope | {"fid_lowest_alpha": 20.0, "fid_highest_alpha": 30.0},
        "segmenter": {"iou_mean": 0.86},
    }
