"""Table 1 has the paper's rows in the paper's order, whatever could be fitted."""

import pandas as pd

from ganalyze.report.table1 import TABLE1, table1
from ganalyze.statistics.mixed_models import COLUMNS, no_model


def test_rows_are_the_slopes_in_the_papers_order_and_say_why_one_is_missing():
    names = list(TABLE1)[::-1]
    rows = []
    for place, name in enumerate(names):
        row = {
            "model": f"hit ~ {name}",
            "estimate": place / 10,
            "ci_low": 0,
            "ci_high": 1,
            "p": 0.01,
            "p_holm": 0.07,
            "tjur_d": 0.06,
            "n": 90,
            "converged": "yes",
        }
        rows += [row | {"term": "(Intercept)", "estimate": 9}, row | {"term": name}, row | {"term": "sd(1|seed_id)"}]
    models = pd.DataFrame(rows, columns=[*COLUMNS, "p_holm"])
    models = models[models.model != "hit ~ redness"]
    models = pd.concat([models, no_model("hit ~ redness", "hit ~ redness + (1|seed_id)", "redness is 0")])
    table = table1(models.assign(data_source="simulated"))
    assert list(table.factor) == [
        "Brightness",
        "Centeredness",
        "Colorfulness",
        "Entropy",
        "Redness",
        "Squareness",
        "Object size",
        "α",
    ]
    assert table.log_odds.drop(4).tolist() == [0.7, 0.6, 0.5, 0.4, 0.2, 0.1, 0.0]
    assert table.p_holm.drop(4).eq(0.07).all()
    assert table.converged[4] == "no: redness is 0"
    assert (table.data_source == "simulated").all()
