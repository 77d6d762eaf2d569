"""A second witness of the linear models: statsmodels' MixedLM, another program by other hands, beside mixedlm.

It is valid where there is one random term, and so one grouping factor: a level of each group, slopes of its own,
correlated or not. It cannot cross two factors at the paper's size and has no counterpart of glmer. Its estimates agree
with lme4's to 1e-6; its standard errors are of another kind, 3e-4 from lme4's when the data are unbalanced.
"""

import warnings

import numpy as np
import pandas as pd
from mixedlm.models.lmer import LmerResult
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams

from ganalyze.statistics.coordinates import random_columns

WITNESS_COLUMNS = ["statsmodels_estimate", "statsmodels_std_error"]


def fit_witness(fit: LmerResult) -> pd.DataFrame:
    """statsmodels' estimates of the fixed effects of a fitted model, and their standard errors.

    A row a fixed effect, in the order of the fit, with `WITNESS_COLUMNS`: restricted maximum likelihood, as the fit
    itself. NaN where the model has several random terms, or statsmodels finds no estimate.
    """
    matrices = fit.matrices
    unknown = pd.DataFrame(np.nan, index=range(len(fit.beta)), columns=WITNESS_COLUMNS)
    if len(matrices.random_structures) > 1:
        return unknown
    term = matrices.random_structures[0]
    random = random_columns(matrices)[0]
    independent = MixedLMParams.from_components(fe_params=np.ones(len(fit.beta)), cov_re=np.eye(term.n_terms))
    with warnings.catch_warnings():
        # It warns of gradients and boundaries where its estimates equal lme4's to six digits.
        warnings.simplefilter("ignore")
        try:
            model = MixedLM(matrices.y, matrices.X, groups=term.level_indices, exog_re=random)
            other = model.fit(reml=fit.isREML(), free=None if term.correlated else independent)
            table = pd.DataFrame(np.column_stack([other.fe_params, other.bse_fe]), columns=WITNESS_COLUMNS)
        except (ValueError, np.linalg.LinAlgError):
            return unknown
    return table if np.isfinite(table).all(axis=None) else unknown


def witness_difference(models: pd.DataFrame) -> float | None:
    """How far the witness's estimates are from ours at most, in our standard errors.

    models: rows of `mixed_models.csv`. None where no model has a witness.
    """
    difference = (models.estimate - models.statsmodels_estimate).abs() / models.std_error
    return float(difference.max()) if difference.notna().any() else None
