"""The paper's Table 1, from the fitted models of the memory game."""

import pandas as pd

# In the paper's order, with the names of factors.csv: the paper calls squareness Shape here.
TABLE1 = {
    "brightness": "Brightness",
    "centeredness": "Centeredness",
    "colorfulness": "Colorfulness",
    "entropy": "Entropy",
    "redness": "Redness",
    "squareness": "Squareness",
    "object_size": "Object size",
    "alpha": "α",
}


def table1(models: pd.DataFrame) -> pd.DataFrame:
    """Each factor's and α's relation to being remembered: factor, log_odds (per standard deviation of the factor, or
    per unit of α), ci_low, ci_high, p, p_holm (corrected for the number of factors; α is a question of its own),
    tjur_d, n, converged, data_source.

    models: `memory_game.models.csv`. A model that could not be had leaves its row empty, with the reason in converged.
    """
    slopes = models[models.term == models.model.str.partition(" ~ ")[2]].set_index("term").reindex(list(TABLE1))
    slopes.insert(0, "factor", list(TABLE1.values()))
    columns = ["factor", "estimate", "ci_low", "ci_high", "p", "p_holm", "tjur_d", "n", "converged", "data_source"]
    return slopes[columns].rename(columns={"estimate": "log_odds"}).reset_index(drop=True)
