"""Whether a mixed-effects fit reached its optimum, and how uncertain its fixed effects are.

The deviance is a function of (θ, β): θ the random effects' relative covariance factor (lme4's theta), β the fixed
effects; of θ alone where the model is linear. Its gradient and Hessian at the estimates answer both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
from mixedlm.matrices.design import RandomEffectStructure
from mixedlm.models.glmer import GlmerResult
from mixedlm.models.lmer import LmerResult
from scipy.linalg import block_diag

from ganalyze.statistics.coordinates import random_columns

# The optimum counts as reached when a Newton step would lower the deviance by less than this, so that every
# estimate is within 0.3 % of a standard error of the best one. lme4's own limit amounts to 2e-6 to 1e-5.
_GAIN_LIMIT = 1e-5


# Finite differences go so far that a parabola of the deviance's curvature rises by this much: as far as a fiftieth of a
# standard error, which is small against the curvature and large against rounding.
_RISE = (1 / 50) ** 2

_ENDLESS = 10.0  # log odds: a standard deviation at which nothing is left to chance
_AT_BOUND = 1e-3
_FEW_LEVELS = 5


def examine(fit: LmerResult | GlmerResult) -> tuple[bool, np.ndarray]:
    """Whether the deviance has its minimum at the estimates, and the covariance of β (p, p).

    The covariance of a logistic model lets θ be uncertain too, as lme4's glmer does; mixedlm's own holds θ fixed, and
    its standard errors are some 2 % too small (it stands in where there is no minimum).
    """
    deviance = cast(Callable[[np.ndarray], float], fit.as_function("deviance"))
    covariance, n_theta = fit.vcov(), len(fit.theta)
    if not np.isfinite(covariance).all():
        return False, covariance
    if isinstance(fit, LmerResult):
        steps = _steps(deviance, fit.theta)
        reached, _ = _judge_minimum(*_derivatives(deviance, fit.theta, steps), n_theta)
        return reached, covariance
    # β in units of its standard error and freed of its correlations, lest its terms hide each other.
    units = block_diag(np.eye(n_theta), np.linalg.cholesky(covariance))
    estimate = np.r_[fit.theta, fit.beta]
    steps = np.r_[_steps(deviance, fit.theta), np.full(len(fit.beta), np.sqrt(_RISE))]
    derivatives = _derivatives(lambda x: deviance(estimate + units @ x), 0 * estimate, steps)
    reached, free = _judge_minimum(*derivatives, n_theta)
    if free is not None:
        covariance = units[n_theta:, n_theta:] @ free @ units[n_theta:, n_theta:].T
    return reached, covariance


def _steps(deviance: Callable[[np.ndarray], float], theta: np.ndarray) -> np.ndarray:
    """Steps of θ that the deviance rises by `_RISE` over; shorter where it is flat, as about a variance of zero."""
    longest = 1e-2 * np.maximum(1, np.abs(theta))
    probes = np.diag(longest / 10)
    rises = np.array([deviance(theta + probe) + deviance(theta - probe) for probe in probes]) / 2 - deviance(theta)
    rises[~np.isfinite(rises)] = 0  # which the Hessian will tell
    return np.minimum(longest, longest / 10 * np.sqrt(_RISE / np.where(rises > 0, rises, _RISE / 100)))


def _derivatives(
    function: Callable[[np.ndarray], float], at: np.ndarray, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian of `function` at a point, by central differences of the given steps.

    A variance parameter at its bound of zero needs no care: the deviance is the same for -θ as for θ.
    """
    # statsmodels.tools.numdiff with these steps is as exact (standard errors differ by 1e-7 of themselves), but calls
    # the function 2.3 times as often, which costs half the time of a fit at the paper's scale; with steps of its own
    # standard errors are up to 1 % off.
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


def _judge_minimum(gradient: np.ndarray, hessian: np.ndarray, n_theta: int) -> tuple[bool, np.ndarray | None]:
    """Whether the deviance has a minimum here, judged by its derivatives over (θ, β), and the covariance of β with θ
    uncertain; None where there is no minimum."""
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


@dataclass(frozen=True)
class _Term:
    """A random term as it was fitted: its names in a formula, predictors (n, q), standard deviations, correlations."""

    structure: RandomEffectStructure
    predictors: np.ndarray
    sd: np.ndarray
    correlation: np.ndarray | None

    @property
    def factor(self) -> str:
        return self.structure.grouping_factor

    @property
    def names(self) -> list[str]:
        return ["1" if name == "(Intercept)" else name for name in self.structure.term_names]

    def per_level(self, values: np.ndarray) -> "pd.api.typing.DataFrameGroupBy":
        return pd.DataFrame(values).groupby(self.structure.level_indices)


def what_would_help(fit: LmerResult | GlmerResult) -> str:
    """What stands in the way of an optimum, as far as the estimates show it, and what to do: "; …", or nothing.

    fit: in orthogonal coordinates, where no verdict depends on the units of a predictor.
    """
    parts = zip(
        fit.matrices.random_structures, random_columns(fit.matrices), fit.VarCorr().groups.values(), strict=True
    )
    terms = [_Term(term, values, np.array([*found.stddev.values()]), found.corr) for term, values, found in parts]
    reasons = (reason(term, fit) for reason in _REASONS for term in terms)
    return next((f"; {reason}" for reason in reasons if reason), "")


def _too_few_rows(term: _Term, fit: LmerResult | GlmerResult) -> str:
    ranks = term.per_level(term.predictors).apply(np.linalg.matrix_rank)
    able, n_levels = int((ranks == term.structure.n_terms).sum()), term.structure.n_levels
    effects = f"({' + '.join(term.names)}|{term.factor})"
    return (
        "" if able >= n_levels / 2 else f"only {able} of {n_levels} {term.factor} can tell {effects}: leave a slope out"
    )


def _endless(term: _Term, fit: LmerResult | GlmerResult) -> str:
    if isinstance(fit, LmerResult) or term.sd.max() < _ENDLESS:
        return ""
    alike = int((term.per_level(fit.matrices.y)[0].std(ddof=0) == 0).sum())
    return (
        f"sd({term.names[term.sd.argmax()]}|{term.factor}) grows without end (within {alike} of "
        f"{term.structure.n_levels} {term.factor} all responses are alike): leave it out, or gather more rows of each"
    )


def _correlation_at_its_bound(term: _Term, fit: LmerResult | GlmerResult) -> str:
    if term.correlation is None or term.sd.min() < _AT_BOUND or np.linalg.eigvalsh(term.correlation).min() > _AT_BOUND:
        return ""
    effects = " + ".join(term.names)
    return f"a correlation within {term.factor} is at its bound of 1: leave it out, ({effects}||{term.factor})"


def _variance_at_its_bound(term: _Term, fit: LmerResult | GlmerResult) -> str:
    if term.sd.min() > _AT_BOUND * (fit.sigma if isinstance(fit, LmerResult) else 1):
        return ""
    return f"sd({term.names[term.sd.argmin()]}|{term.factor}) is at its bound of 0: leave it out"


def _few_levels(term: _Term, fit: LmerResult | GlmerResult) -> str:
    n_levels = term.structure.n_levels
    few = f"{term.factor} has {n_levels} levels only, too few to tell a variance: make it a predictor"
    return few if n_levels < _FEW_LEVELS else ""


_REASONS = (_too_few_rows, _endless, _correlation_at_its_bound, _variance_at_its_bound, _few_levels)
