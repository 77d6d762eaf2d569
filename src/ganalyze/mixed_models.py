"""Linear and logistic mixed-effects regressions with crossed and nested random effects (paper §3.1, §3.3.2, §3.4).

One function, `fit_mixed_model`, takes a table and a formula in lme4's notation:

    score ~ alpha + (1|seed_id) + (1|class_id)          images: a seed and its class shift the score
    hit ~ alpha + (1|participant) + (1|seed_id)         trials: people crossed with seeds
    score ~ alpha + (1 + alpha|seed_id)                 each seed with its own, correlated, slope; `||` uncorrelated
    score ~ alpha + (1|class_id/seed_id)                seeds numbered anew within each class

It means what lme4 means by it: `gaussian` is lmer's restricted maximum likelihood (REML), `binomial` is glmer's
Laplace approximation of the maximum likelihood with the logit link. tests/fixtures/lme4 holds lme4's own answers.
"""

import warnings
from collections.abc import Callable, Iterable
from importlib.metadata import version

import mixedlm
import numpy as np
import pandas as pd
from mixedlm.formula.terms import Formula
from mixedlm.models import GlmerMod
from scipy.optimize import linprog
from scipy.stats import norm

from ganalyze.errors import GanalyzeError

FAMILIES = ("gaussian", "binomial")
COLUMNS = [
    "model", "formula", "term", "estimate", "std_error", "ci_low", "ci_high", "p",
    "n", "groups", "log_likelihood", "tjur_d", "engine", "converged",
]  # fmt: skip

# lme4's limit for the gradient in units of the curvature (checkConv): beyond it the optimum was not reached.
_GRADIENT_LIMIT = 2e-3
# The inner iterations stop at a relative change of this size. lme4's 1e-7 leaves noise that second differences
# of the deviance would magnify.
_INNER_TOLERANCE = 1e-10


def fit_mixed_model(data: pd.DataFrame, formula: str, family: str, name: str) -> pd.DataFrame:
    """Fit one regression and return it as rows of `mixed_models.csv` (`COLUMNS`).

    One row a fixed term: `estimate` in units of the response (gaussian) or in log odds (binomial) per unit of the
    predictor, its standard error, 95 % Wald interval and two-sided Wald p, both from the normal distribution.
    Then one row a variance component, with an estimate only: `sd(1|seed_id)`, `sd(alpha|seed_id)`,
    `cor(1,alpha|seed_id)` and, gaussian, `sd(residual)`.

    Every row repeats what belongs to the whole model: `n` rows used (rows with a missing value in a column of the
    formula are left out, as R does), `groups` as "seed_id:160;class_id:8", `log_likelihood` (restricted when
    gaussian), `tjur_d` (binomial: mean fitted probability, random effects included, among ones minus among
    zeros) and `converged`: "yes", "singular" (reached, with a variance of zero or a correlation of one) or "no".

    Raises GanalyzeError where the formula or the data cannot give such a model, or give an infinite estimate.
    """
    if family not in FAMILIES:
        raise GanalyzeError(f"family {family!r} is unknown: choose {' or '.join(FAMILIES)}")
    parsed = _parse(formula)
    data = _usable_rows(data, parsed, family)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say of convergence is measured below
        try:
            if family == "gaussian":
                fit = mixedlm.lmer(parsed, data)
            else:
                _refuse_separation(data, parsed)
                control = mixedlm.glmerControl(tolPwrss=_INNER_TOLERANCE, nAGQ0initStep=False)
                fit = mixedlm.glmer(parsed, data, control=control)
        except (ValueError, RuntimeError, np.linalg.LinAlgError) as error:
            raise GanalyzeError(f"model {name}: {formula} could not be fitted: {error}") from None
    return _table(fit, family).assign(model=name, formula=formula)[COLUMNS]


def _parse(formula: str) -> Formula:
    try:
        parsed = mixedlm.parse_formula(formula)
    except (ValueError, TypeError, SyntaxError) as error:
        raise GanalyzeError(f"cannot read the formula {formula!r}: {error}") from None
    if not parsed.random:
        raise GanalyzeError(f"the formula {formula!r} names no random effect, such as (1|seed_id)")
    return parsed


def _usable_rows(data: pd.DataFrame, parsed: Formula, family: str) -> pd.DataFrame:
    """The complete rows of the formula's columns, refused where no model can come of them."""
    missing = sorted(parsed.all_variables - set(data.columns))
    if missing:
        raise GanalyzeError(f"the data lack the column(s) {', '.join(missing)} of the formula {parsed}")
    data = data[sorted(parsed.all_variables)].dropna()
    if data.empty:
        raise GanalyzeError(f"no row has a value in every column of the formula {parsed}")
    response, groups = parsed.response, parsed.grouping_factors
    for column in sorted(parsed.all_variables - groups):
        values = data[column]
        if not pd.api.types.is_numeric_dtype(values):
            raise GanalyzeError(f"column {column} must hold numbers, but holds {values.iloc[0]!r}")
        if not np.isfinite(values.astype(float)).all():
            raise GanalyzeError(f"column {column} holds an infinite value")
        if values.nunique() < 2:
            raise GanalyzeError(
                f"column {column} has the same value {values.iloc[0]} in all {len(data)} rows"
            )
    if family == "binomial" and not data[response].isin((0, 1)).all():
        odd = data[response][~data[response].isin((0, 1))].iloc[0]
        raise GanalyzeError(f"column {response} must hold 0 and 1 for a logistic model, but holds {odd}")
    for term in parsed.random:
        factors = list(term.grouping_factors)
        levels = data.groupby(factors, observed=True)[response].nunique()
        label = ":".join(factors)
        if len(levels) < 2:
            raise GanalyzeError(f"{label} has one level only: leave its random effect out of {parsed}")
        if family == "gaussian" and len(levels) == len(data):
            raise GanalyzeError(
                f"every row has a {label} of its own: its effect cannot be told from the residual"
            )
        if family == "binomial" and levels.max() == 1:
            raise GanalyzeError(f"{response} never varies within a {label}: its variance would be infinite")
    # A copy with plain columns: floats for numbers and text for group names, whatever they were.
    return data.astype({c: (str if c in groups else float) for c in data.columns}).reset_index(drop=True)


def _refuse_separation(data: pd.DataFrame, parsed: Formula) -> None:
    """Refuse responses that a combination of fixed terms predicts without error: their estimates are infinite.

    Exact, by linear programming: is there a β with x·β ≥ 0 for all ones and ≤ 0 for all zeros, and not all 0?
    (Albert & Anderson 1984, complete and quasi-complete separation; random effects do not cure it.)
    """
    matrices = GlmerMod(parsed, data).matrices
    signed = np.unique(np.where(matrices.y == 1, 1.0, -1.0)[:, None] * matrices.X, axis=0)
    signed /= np.abs(signed).max(axis=0)
    best = linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1), method="highs"
    )
    if best.status == 0 and -best.fun > 1e-6:
        guilty = [term for term, beta in zip(matrices.fixed_names, best.x, strict=True) if abs(beta) > 1e-6]
        terms = " and ".join(term for term in guilty if term != "(Intercept)") or "the intercept"
        raise GanalyzeError(
            f"{parsed.response} is completely separated by {terms}: the estimate would be infinite; "
            "leave the term out or gather more trials"
        )


def _table(fit, family: str) -> pd.DataFrame:
    """The rows of one fitted model, without its name and formula."""
    covariance = fit.vcov()
    if family == "gaussian":
        gradient, hessian = _derivatives(
            fit.as_function("deviance"), fit.theta, np.full(len(fit.theta), 1e-3)
        )
    else:
        at = np.r_[fit.theta, fit.beta]
        # Steps of a fiftieth of a standard error: small against the curvature, large against rounding.
        steps = np.r_[np.full(len(fit.theta), 1e-3), np.sqrt(np.diag(covariance)) / 50]
        gradient, hessian = _derivatives(fit.as_function("deviance"), at, steps)
        covariance = _fixed_covariance(hessian, len(fit.theta), otherwise=covariance)
    estimate, error = fit.beta, np.sqrt(np.diag(covariance))
    half = norm.ppf(0.975) * error
    fixed = pd.DataFrame(
        {
            "term": fit.matrices.fixed_names,
            "estimate": estimate,
            "std_error": error,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "p": 2 * norm.sf(np.abs(estimate / error)),
        }
    )
    components = pd.DataFrame(_variance_components(fit, family), columns=["term", "estimate"])
    return pd.concat([fixed, components], ignore_index=True).assign(
        n=fit.nobs(),
        groups=";".join(f"{factor}:{levels}" for factor, levels in fit.ngrps().items()),
        log_likelihood=fit.logLik().value,
        tjur_d=_tjur_d(fit) if family == "binomial" else np.nan,
        engine=f"mixedlm {version('mixedlm')} {'lmer' if family == 'gaussian' else 'glmer'}",
        converged=_convergence(fit, gradient, hessian),
    )


def _derivatives(function: Callable, at: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian of `function` at a point, by central differences of the given steps.

    A variance parameter at its bound of zero needs no care: the deviance is the same for -θ as for θ.
    """
    shifts = np.diag(steps)
    middle = function(at)
    ahead = np.array([function(at + shift) for shift in shifts])
    behind = np.array([function(at - shift) for shift in shifts])
    hessian = np.diag(ahead + behind - 2 * middle)
    for i in range(len(at)):
        for j in range(i):
            corners = function(at + shifts[i] + shifts[j]) + function(at - shifts[i] - shifts[j])
            sides = ahead[i] + behind[i] + ahead[j] + behind[j]
            hessian[i, j] = hessian[j, i] = (corners - sides + 2 * middle) / 2
    return (ahead - behind) / (2 * steps), hessian / np.outer(steps, steps)


def _fixed_covariance(hessian: np.ndarray, n_theta: int, otherwise: np.ndarray) -> np.ndarray:
    """Covariance of β from the Hessian of the deviance over (θ, β), as lme4's glmer takes it.

    mixedlm's own holds θ fixed and is some 2 % too small. `otherwise` where the Hessian is not that of a minimum.
    """
    theta, beta = slice(None, n_theta), slice(n_theta, None)
    # The pseudo-inverse passes over directions of θ that a singular fit leaves flat.
    schur = (
        hessian[beta, beta]
        - hessian[beta, theta] @ np.linalg.pinv(hessian[theta, theta]) @ hessian[theta, beta]
    )
    try:
        np.linalg.cholesky(schur)
    except np.linalg.LinAlgError:
        return otherwise
    return 2 * np.linalg.inv(schur)


def _convergence(fit, gradient: np.ndarray, hessian: np.ndarray) -> str:
    """ "yes", "singular" or "no", judged by the derivatives at the estimate rather than by the optimiser's word."""
    scale = np.sqrt(np.abs(np.diag(hessian)) + 1e-12)
    curvature, directions = np.linalg.eigh(hessian / np.outer(scale, scale))
    slope = directions.T @ (gradient / scale)
    bent = curvature > 1e-6
    newton = np.abs(slope[bent]) / np.sqrt(curvature[bent])
    if curvature.min() < -1e-3 or np.minimum(newton, np.abs(slope[bent])).max(initial=0) > _GRADIENT_LIMIT:
        return "no"
    return "singular" if fit.isSingular() else "yes"


def _variance_components(fit, family: str) -> Iterable[tuple[str, float]]:
    for group in fit.VarCorr().groups.values():
        factor = group.grouping_factor
        names = ["1" if term == "(Intercept)" else term for term in group.term_names]
        for i, sd in enumerate(group.stddev.values()):
            yield f"sd({names[i]}|{factor})", sd
            for j in range(i if group.corr is not None else 0):
                yield f"cor({names[j]},{names[i]}|{factor})", group.corr[i, j]
    if family == "gaussian":
        yield "sd(residual)", fit.sigma


def _tjur_d(fit) -> float:
    """Tjur's coefficient of discrimination (2009): how far apart ones and zeros are in fitted probability."""
    probability, response = fit.fitted(), fit.matrices.y
    return probability[response == 1].mean() - probability[response == 0].mean()
