"""Linear and logistic mixed-effects regressions, with crossed and nested random effects (paper §3.1, 3.3.2, 3.4).

`fit_mixed_model` takes a table and a formula in lme4's notation:

    score ~ alpha + (1|seed_id) + (1|class_id)      images: a seed and its class shift the score
    hit ~ alpha + (1|participant) + (1|seed_id)     trials: people crossed with seeds
    score ~ alpha + (1 + alpha|seed_id)             each seed has a slope of its own; `||` makes it independent
    score ~ alpha + (1|class_id/z_index)            seeds numbered anew within each class
    score ~ alpha * scene + I(alpha^2) + (1|seed_id)  text is a factor; scale(alpha), log(alpha): calls are computed

It means what lme4 means by it: `gaussian` is lmer's restricted maximum likelihood (REML), `binomial` is glmer's
Laplace approximation of the maximum likelihood, with the logit link. tests/fixtures/lme4 holds lme4's answers.

`mixedlm` makes the matrices of them all and fits the linear ones, beside which stands statsmodels' MixedLM where it can
(`witness`). Its optimiser also fits the logistic ones, but by the deviance of `laplace`, which takes a fifth of the
time of its own.
"""

import warnings
from collections.abc import Iterable
from importlib.metadata import version
from typing import Literal, get_args

import numpy as np
import pandas as pd
from mixedlm.models.glmer import GlmerResult
from mixedlm.models.lmer import LmerResult
from scipy.stats import norm

from ganalyze.statistics.checks import usable_rows
from ganalyze.statistics.convergence import examine
from ganalyze.statistics.coordinates import Coordinates
from ganalyze.statistics.design import in_numbers, parse_formula
from ganalyze.statistics.fitting import FIT_ERRORS, fits_of
from ganalyze.statistics.remedies import what_would_help
from ganalyze.statistics.witness import WITNESS_COLUMNS, fit_witness
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.intervals import normal_interval

Family = Literal["gaussian", "binomial"]
Intervals = Literal["wald", "profile"]
COLUMNS = [
    "model",
    "formula",
    "term",
    "estimate",
    "std_error",
    "ci_low",
    "ci_high",
    "p",
    "n",
    "groups",
    "log_likelihood",
    "tjur_d",
    "engine",
    "converged",
    *WITNESS_COLUMNS,
]
_ONLY_AT_THE_OPTIMUM = ["estimate", "std_error", "ci_low", "ci_high", "p", "tjur_d", *WITNESS_COLUMNS]


def fit_mixed_model(
    data: pd.DataFrame, formula: str, family: Family, name: str, intervals: Intervals = "wald"
) -> pd.DataFrame:
    """Fit one regression and return it as rows of `mixed_models.csv` (`COLUMNS`).

    `data` has a column for every name in `formula`: numbers (0 and 1 for a binomial response), text for a factor, and
    anything for the grouping factors. Rows lacking one of the values are left out, as R does.

    One row a fixed term (a factor's are named `scene[out]`): `estimate` in units of the response (gaussian) or in log
    odds (binomial) per unit of the predictor, its standard error, 95 % interval and two-sided Wald p by the normal
    distribution. The interval is Wald's too, or that of the profile likelihood, which need not be symmetric, takes
    seconds to minutes longer, and is named beside the engine (gaussian: of the unrestricted likelihood, as in lme4).
    Then one row a variance component, with an estimate only: `sd(1|seed_id)`, `sd(alpha|seed_id)`,
    `cor(1,alpha|seed_id)` and, gaussian, `sd(residual)`.

    Every row repeats what belongs to the whole model: `n` rows used, `groups` as "seed_id:160;class_id:8",
    `log_likelihood` (restricted when gaussian), `tjur_d` (binomial: how far apart ones and zeros are in mean
    fitted probability, random effects included; Tjur 2009) and `converged`: "yes", "singular" (reached, with a
    variance of zero or a correlation of one) or "no: " and why, and what would help; then there are no numbers. Fixed
    terms of gaussian models also have what statsmodels finds, where it can fit them: `statsmodels_estimate`,
    `statsmodels_std_error`. Neither verdict nor numbers depend on the units and origins of predictors.

    Raises GanalyzeError where formula or data can give no such model, or one with an infinite estimate.
    """
    if family not in get_args(Family):
        raise GanalyzeError(f"family {family!r} is unknown: choose {' or '.join(get_args(Family))}")
    if intervals not in get_args(Intervals):
        raise GanalyzeError(f"intervals {intervals!r} is unknown: choose {' or '.join(get_args(Intervals))}")
    parsed = parse_formula(formula)
    coded, data = in_numbers(parsed, usable_rows(data, parsed, family))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say of convergence is measured by `examine`
        try:
            coordinates, attempts = fits_of(coded, data, family)
            fit = next(attempts)
            reached, covariance = examine(fit)
            while not reached and (attempt := next(attempts, None)):
                if attempt.deviance < fit.deviance + 1e-3:  # else it has found another valley, or nothing
                    fit, (reached, covariance) = attempt, examine(attempt)
            table = _table(fit, coordinates, covariance)
            if not reached:
                table["converged"] = f"no: it did not converge{what_would_help(fit)}"
                table[_ONLY_AT_THE_OPTIMUM] = np.nan
            elif intervals == "profile":
                profiles = coordinates.restore(fit).confint(method="profile")
                for row, term in enumerate(fit.matrices.fixed_names):
                    table.loc[row, ["ci_low", "ci_high"]] = profiles[term]
                table["engine"] += ", profile intervals"
        except FIT_ERRORS as error:
            raise GanalyzeError(f"model {name}, {formula}, could not be fitted: {error}") from None
    return table.assign(model=name, formula=formula)[COLUMNS]


def no_model(name: str, formula: str, reason: str) -> pd.DataFrame:
    """A row without numbers, in place of a model that could not be had; `converged` is "no: " and the reason."""
    term = name.partition(" ~ ")[2]
    row = {"model": name, "formula": formula, "term": term, "n": 0, "converged": f"no: {reason}"}
    return pd.DataFrame([row], columns=COLUMNS)


def _table(orthogonal: LmerResult | GlmerResult, coordinates: Coordinates, covariance: np.ndarray) -> pd.DataFrame:
    """The rows of one fitted model, without its name and formula."""
    fit = coordinates.restore(orthogonal)
    error = np.sqrt(np.diag(coordinates.restore_covariance(covariance)))
    low, high = normal_interval(fit.beta, error)
    fixed = pd.DataFrame(
        {
            "term": fit.matrices.fixed_names,
            "estimate": fit.beta,
            "std_error": error,
            "ci_low": low,
            "ci_high": high,
            "p": 2 * norm.sf(np.abs(fit.beta / error)),
        }
    )
    fixed[WITNESS_COLUMNS] = fit_witness(fit) if isinstance(fit, LmerResult) else np.nan
    components = pd.DataFrame(_variance_components(fit), columns=["term", "estimate"])
    return pd.concat([fixed, components], ignore_index=True).assign(
        n=fit.nobs(),
        groups=";".join(f"{factor}:{levels}" for factor, levels in fit.ngrps().items()),
        log_likelihood=fit.logLik().value,
        tjur_d=_tjur_d(fit) if isinstance(fit, GlmerResult) else np.nan,
        engine=f"mixedlm {version('mixedlm')} lmer"
        if isinstance(fit, LmerResult)
        else f"scipy {version('scipy')} Laplace",
        converged="singular" if orthogonal.isSingular() else "yes",
    )


def _variance_components(fit: LmerResult | GlmerResult) -> Iterable[tuple[str, float]]:
    for group in fit.VarCorr().groups.values():
        factor = group.grouping_factor
        names = ["1" if term == "(Intercept)" else term for term in group.term_names]
        for i, sd in enumerate(group.stddev.values()):
            yield f"sd({names[i]}|{factor})", sd
            if group.corr is not None:
                for j in range(i):
                    yield f"cor({names[j]},{names[i]}|{factor})", group.corr[i, j]
    if isinstance(fit, LmerResult):
        yield "sd(residual)", fit.sigma


def _tjur_d(fit: GlmerResult) -> float:
    """Tjur's coefficient of discrimination: mean fitted probability among ones minus among zeros."""
    probability, response = fit.fitted(), fit.matrices.y
    return probability[response == 1].mean() - probability[response == 0].mean()
