"""Linear and logistic mixed-effects regressions, with crossed and nested random effects (paper §3.1, 3.3.2, 3.4).

`fit_mixed_model` takes a table and a formula in lme4's notation:

    score ~ alpha + (1|seed_id) + (1|class_id)      images: a seed and its class shift the score
    hit ~ alpha + (1|participant) + (1|seed_id)     trials: people crossed with seeds
    score ~ alpha + (1 + alpha|seed_id)             each seed has a slope of its own; `||` makes it independent
    score ~ alpha + (1|class_id/z_index)            seeds numbered anew within each class

It means what lme4 means by it: `gaussian` is lmer's restricted maximum likelihood (REML), `binomial` is glmer's
Laplace approximation of the maximum likelihood, with the logit link. tests/fixtures/lme4 holds lme4's answers.

`mixedlm` fits them all. statsmodels' MixedLM is right for one grouping factor, but cannot cross two at the
paper's size, takes 40 times as long, and its standard errors are of another kind, 3e-4 from lme4's when the data
are unbalanced: it is the second witness in the tests. It has no counterpart of glmer.
"""

import warnings
from collections.abc import Callable, Iterable
from importlib.metadata import version

import mixedlm
import numpy as np
import pandas as pd
from mixedlm.formula.terms import Formula
from mixedlm.matrices.design import ModelMatrices
from mixedlm.models import GlmerMod
from mixedlm.models.checks import ModelCheckError
from mixedlm.models.glmer import GlmerResult
from mixedlm.models.lmer import LmerResult
from scipy.linalg import block_diag
from scipy.optimize import linprog
from scipy.stats import norm

from ganalyze.support.errors import GanalyzeError

FAMILIES = ("gaussian", "binomial")
INTERVALS = ("wald", "profile")
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
]

# The inner iterations of glmer stop at updates of this size. They converge quadratically, so that this leaves no
# noise for second differences of the deviance to magnify.
_INNER_TOLERANCE = 1e-8
# The optimum counts as reached when a Newton step would lower the deviance by less than this, so that every
# estimate is within 0.3 % of a standard error of the best one. lme4's own limit amounts to 2e-6 to 1e-5.
_GAIN_LIMIT = 1e-5


def fit_mixed_model(data: pd.DataFrame, formula: str, family: str, name: str, intervals: str = "wald") -> pd.DataFrame:
    """Fit one regression and return it as rows of `mixed_models.csv` (`COLUMNS`).

    `data` has a column for every name in `formula`: numbers (0 and 1 for a binomial response), and anything for
    the grouping factors. Rows lacking one of the values are left out, as R does.

    One row a fixed term: `estimate` in units of the response (gaussian) or in log odds (binomial) per unit of
    the predictor, its standard error, 95 % interval and two-sided Wald p by the normal distribution. The interval is
    Wald's too, or that of the profile likelihood, which need not be symmetric, takes seconds to minutes longer, and is
    named beside the engine (gaussian: of the unrestricted likelihood, as in lme4).
    Then one row a variance component, with an estimate only: `sd(1|seed_id)`, `sd(alpha|seed_id)`,
    `cor(1,alpha|seed_id)` and, gaussian, `sd(residual)`.

    Every row repeats what belongs to the whole model: `n` rows used, `groups` as "seed_id:160;class_id:8",
    `log_likelihood` (restricted when gaussian), `tjur_d` (binomial: how far apart ones and zeros are in mean
    fitted probability, random effects included; Tjur 2009) and `converged`: "yes", "singular" (reached, with a
    variance of zero or a correlation of one) or "no: " and why; then there are no numbers.

    Raises GanalyzeError where formula or data can give no such model, or one with an infinite estimate.
    """
    for what, given, known in (("family", family, FAMILIES), ("intervals", intervals, INTERVALS)):
        if given not in known:
            raise GanalyzeError(f"{what} {given!r} is unknown: choose {' or '.join(known)}")
    parsed = _parse(formula)
    data = _usable_rows(data, parsed, family)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say of convergence is measured in _table
        try:
            # A preliminary fit costs a third of the time and is needed by one small model in a hundred.
            for preliminary in (False, True):
                fit = _fit(data, parsed, family, preliminary)
                table = _table(fit, family)
                if reached := not table.converged[0].startswith("no"):
                    break
            if not reached:
                table[["estimate", "std_error", "ci_low", "ci_high", "p", "tjur_d"]] = np.nan
            elif intervals == "profile":
                profiles = fit.confint(method="profile")
                for row, term in enumerate(fit.matrices.fixed_names):
                    table.loc[row, ["ci_low", "ci_high"]] = profiles[term]
                table["engine"] += ", profile intervals"
        except (ModelCheckError, ValueError, RuntimeError, np.linalg.LinAlgError) as error:
            raise GanalyzeError(f"model {name}, {parsed}, could not be fitted: {error}") from None
    return table.assign(model=name, formula=formula)[COLUMNS]


def no_model(name: str, formula: str, reason: str) -> pd.DataFrame:
    """A row without numbers, in place of a model that could not be had; `converged` is "no: " and the reason."""
    term = name.partition(" ~ ")[2]
    row = {"model": name, "formula": formula, "term": term, "n": 0, "converged": f"no: {reason}"}
    return pd.DataFrame([row], columns=COLUMNS)


def _parse(formula: str) -> Formula:
    try:
        parsed = mixedlm.parse_formula(formula)
    except (ValueError, TypeError, SyntaxError) as error:
        raise GanalyzeError(f"cannot read the formula {formula!r}: {error}") from None
    if parsed.response_denominator is not None:
        raise GanalyzeError(f"the formula {formula!r} must have a single column before the ~")
    if not parsed.random:
        raise GanalyzeError(f"the formula {formula!r} names no random effect, such as (1|seed_id)")
    return parsed


def _usable_rows(data: pd.DataFrame, parsed: Formula, family: str) -> pd.DataFrame:
    """The complete rows of the formula's columns, refused where no model can come of them."""
    missing = sorted(parsed.all_variables - set(data.columns))
    if missing:
        raise GanalyzeError(f"the data lack the column(s) {', '.join(missing)} of the formula {parsed}")
    data = data[sorted(parsed.all_variables)].dropna().infer_objects()
    if data.empty:
        raise GanalyzeError(f"no row has a value in every column of the formula {parsed}")
    response = parsed.response
    numbers = {response} | parsed.fixed_variables | parsed.random_variables
    for column in sorted(numbers):
        values = data[column]
        if not pd.api.types.is_numeric_dtype(values):
            raise GanalyzeError(f"column {column} must hold numbers, but holds {values.iloc[0]!r}")
        if not np.isfinite(values.astype(float)).all():
            raise GanalyzeError(f"column {column} holds an infinite value")
        if values.nunique() < 2:
            raise GanalyzeError(f"column {column} has the same value {values.iloc[0]} in all {len(data)} rows")
        if column in parsed.random_variables and not 0.01 < values.std() < 20:
            raise GanalyzeError(f"column {column} needs other units for a random slope: bring its spread near 1")
    if family == "binomial" and not data[response].isin((0, 1)).all():
        odd = data[response][~data[response].isin((0, 1))].iloc[0]
        raise GanalyzeError(f"column {response} must hold 0 and 1 for a logistic model, but holds {odd}")
    alike: dict[bytes, str] = {}
    for term in parsed.random:
        factors = list(term.grouping_factors)
        label = ":".join(factors)
        group = data.groupby(factors, observed=True, sort=False)  # numbered as they appear, whatever their names
        if group.ngroups < 2:
            raise GanalyzeError(f"{label} has one level only: leave its random effect out of {parsed}")
        if family == "gaussian" and group.ngroups == len(data):
            raise GanalyzeError(f"every row has a {label} of its own: its effect cannot be told from the residual")
        if family == "binomial" and group[response].nunique().max() == 1:
            raise GanalyzeError(f"{response} never varies within a {label}: its variance would be infinite")
        if term.has_intercept:
            rows = group.ngroup().to_numpy().tobytes()
            if rows in alike:
                raise GanalyzeError(f"{alike[rows]} and {label} group the rows alike: leave one of them out")
            alike[rows] = label
    return data.astype(dict.fromkeys(numbers, float)).reset_index(drop=True)


def _fit(data: pd.DataFrame, parsed: Formula, family: str, preliminary: bool) -> LmerResult | GlmerResult:
    if family == "gaussian":
        fit = mixedlm.lmer(parsed, data, control=mixedlm.lmerControl(check_rankX="stop"))
        if fit.sigma < 1e-6 * fit.matrices.y.std():
            raise GanalyzeError(f"{parsed.response} is an exact function of {parsed}: no residual is left to model")
        return fit
    control = mixedlm.glmerControl(check_rankX="stop", tolPwrss=_INNER_TOLERANCE, nAGQ0initStep=preliminary)
    model = GlmerMod(parsed, data, control=control)
    _refuse_separation(model.matrices, parsed.response)
    fit = model.fit()
    if not fit.joint_fit:
        raise GanalyzeError(
            f"the fit of {parsed} broke off: bring the mean of its predictors near 0, their spread near 1"
        )
    return fit


def _refuse_separation(matrices: ModelMatrices, response: str) -> None:
    """Refuse responses that some combination of the fixed terms predicts without error.

    The estimates would be infinite, random effects or not (Albert & Anderson 1984; complete and quasi-complete
    separation). Exact, by linear programming: is there a β with x·β ≥ 0 for all ones and ≤ 0 for all zeros, and
    not 0 for all?
    """
    signed = np.unique(np.where(matrices.y == 1, 1.0, -1.0)[:, None] * matrices.X, axis=0)
    signed /= np.abs(signed).max(axis=0)
    n, p = signed.shape
    # Stiemke's lemma: either there is such a β or weights, all positive, under which the rows cancel out. The
    # weights are found 30 times as fast.
    if linprog(np.zeros(n), A_eq=signed.T, b_eq=np.zeros(p), bounds=(1, None), method="highs").success:
        return
    best = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(n), bounds=(-1, 1), method="highs")
    pairs = zip(matrices.fixed_names, best.x, strict=True)
    if guilty := [term for term, beta in pairs if abs(beta) > 1e-6 and term != "(Intercept)"]:
        raise GanalyzeError(
            f"{response} is completely separated by {' and '.join(guilty)}: the estimate would be infinite; "
            "leave the term out or gather more trials"
        )


def _table(fit: LmerResult | GlmerResult, family: str) -> pd.DataFrame:
    """The rows of one fitted model, without its name and formula."""
    covariance, n_theta = fit.vcov(), len(fit.theta)
    if family == "gaussian":
        reached, _ = _examine(*_derivatives(fit.as_function("deviance"), fit.theta, np.full(n_theta, 1e-3)), n_theta)
    else:
        # β in units of its standard error and freed of its correlations, lest intercept and slope hide each other.
        # A fiftieth of that is a step small against the curvature and large against rounding.
        units = block_diag(np.eye(n_theta), np.linalg.cholesky(covariance))
        steps = np.r_[np.full(n_theta, 1e-3), np.full(len(fit.beta), 1 / 50)]
        deviance, estimate = fit.as_function("deviance"), np.r_[fit.theta, fit.beta]
        reached, free = _examine(*_derivatives(lambda x: deviance(estimate + units @ x), 0 * estimate, steps), n_theta)
        if free is not None:
            covariance = units[n_theta:, n_theta:] @ free @ units[n_theta:, n_theta:].T
    error = np.sqrt(np.diag(covariance))
    half = norm.ppf(0.975) * error
    fixed = pd.DataFrame(
        {
            "term": fit.matrices.fixed_names,
            "estimate": fit.beta,
            "std_error": error,
            "ci_low": fit.beta - half,
            "ci_high": fit.beta + half,
            "p": 2 * norm.sf(np.abs(fit.beta / error)),
        }
    )
    components = pd.DataFrame(_variance_components(fit, family), columns=["term", "estimate"])
    return pd.concat([fixed, components], ignore_index=True).assign(
        n=fit.nobs(),
        groups=";".join(f"{factor}:{levels}" for factor, levels in fit.ngrps().items()),
        log_likelihood=fit.logLik().value,
        tjur_d=_tjur_d(fit) if family == "binomial" else np.nan,
        engine=f"mixedlm {version('mixedlm')} {'lmer' if family == 'gaussian' else 'glmer'}",
        converged=("singular" if fit.isSingular() else "yes") if reached else "no: it did not converge",
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


def _examine(gradient: np.ndarray, hessian: np.ndarray, n_theta: int) -> tuple[bool, np.ndarray | None]:
    """Whether the deviance has a minimum here, judged by its derivatives over (θ, β), and the covariance of β.

    That covariance lets θ be uncertain too, as lme4's glmer does; mixedlm's own holds θ fixed, and its standard
    errors are some 2 % too small. None where there is no minimum.
    """
    if not np.isfinite(hessian).all():
        return False, None
    theta, beta = slice(None, n_theta), slice(n_theta, None)
    # The pseudo-inverse passes over directions of θ that a singular fit leaves flat.
    inverse = np.linalg.pinv(hessian[theta, theta], rcond=1e-6, hermitian=True)
    curvature = hessian[beta, beta] - hessian[beta, theta] @ inverse @ hessian[theta, beta]
    # A flat direction may come out slightly negative; a variance wrongly stuck at zero gives far less than -0.1.
    if np.linalg.eigvalsh(hessian[theta, theta]).min() < -0.1 or (np.linalg.eigvalsh(curvature) <= 0).any():
        return False, None
    slope = gradient[beta] - hessian[beta, theta] @ inverse @ gradient[theta]
    gain = (gradient[theta] @ inverse @ gradient[theta] + slope @ np.linalg.solve(curvature, slope)) / 2
    return bool(gain < _GAIN_LIMIT), 2 * np.linalg.inv(curvature)


def _variance_components(fit: LmerResult | GlmerResult, family: str) -> Iterable[tuple[str, float]]:
    for group in fit.VarCorr().groups.values():
        factor = group.grouping_factor
        names = ["1" if term == "(Intercept)" else term for term in group.term_names]
        for i, sd in enumerate(group.stddev.values()):
            yield f"sd({names[i]}|{factor})", sd
            for j in range(i if group.corr is not None else 0):
                yield f"cor({names[j]},{names[i]}|{factor})", group.corr[i, j]
    if family == "gaussian":
        yield "sd(residual)", fit.sigma


def _tjur_d(fit: GlmerResult) -> float:
    """Tjur's coefficient of discrimination: mean fitted probability among ones minus among zeros."""
    probability, response = fit.fitted(), fit.matrices.y
    return probability[response == 1].mean() - probability[response == 0].mean()
