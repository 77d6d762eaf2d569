"""Whether a mixed-effects fit reached its optimum, and how uncertain its fixed effects are.

The deviance is a function of (θ, β): θ the random effects' relative covariance factor (lme4's theta), β the fixed
effects; of θ alone where the model is linear. Its gradient and Hessian at the estimates answer both.
"""

from collections.abc import Callable
from typing import cast

import numpy as np
from mixedlm.models.glmer import GlmerResult
from mixedlm.models.lmer import LmerResult
from scipy.linalg import block_diag

from ganalyze.statistics.laplace import LaplaceDeviance

# The optimum counts as reached when a Newton step would lower the deviance by less than this, so that every
# estimate is within 0.3 % of a standard error of the best one. lme4's own limit amounts to 2e-6 to 1e-5.
_GAIN_LIMIT = 1e-5

# Finite differences go so far that a parabola of the deviance's curvature rises by this much: as far as a fiftieth of a
# standard error, which is small against the curvature and large against rounding.
_RISE = (1 / 50) ** 2


def examine(fit: LmerResult | GlmerResult) -> tuple[bool, np.ndarray]:
    """Whether the deviance has its minimum at the estimates, and the covariance of β (p, p).

    The covariance of a logistic model lets θ be uncertain too, as lme4's glmer does; mixedlm's own holds θ fixed, and
    its standard errors are some 2 % too small (it stands in where there is no minimum).
    """
    covariance, n_theta = fit.vcov(), len(fit.theta)
    if not (np.isfinite(covariance).all() and np.linalg.eigvalsh(covariance).min() > 0):
        return False, covariance
    if isinstance(fit, LmerResult):
        deviance = cast(Callable[[np.ndarray], float], fit.as_function("deviance"))
        steps = _steps(deviance, fit.theta)
        reached, _ = _judge_minimum(*_derivatives(deviance, fit.theta, steps), n_theta)
        return reached, covariance
    # β in units of its standard error and freed of its correlations, lest its terms hide each other.
    units = block_diag(np.eye(n_theta), np.linalg.cholesky(covariance))
    estimate, laplace = np.r_[fit.theta, fit.beta], LaplaceDeviance(fit.matrices)
    of_theta = _steps(lambda theta: laplace(np.r_[theta, fit.beta]), fit.theta)
    steps = np.r_[of_theta, np.full(len(fit.beta), np.sqrt(_RISE))]
    derivatives = _derivatives(lambda x: laplace(estimate + units @ x), 0 * estimate, steps)
    reached, free = _judge_minimum(*derivatives, n_theta)
    if free is not None:
        covariance = units[n_theta:, n_theta:] @ free @ units[n_theta:, n_theta:].T
    return reached, covariance


def _steps(deviance: Callable[[np.ndarray], float], theta: np.ndarray) -> np.ndarray:
    """Steps of θ that the deviance rises by `_RISE` over, or less: to a thousandth, lest near zero, where the deviance
    is no parabola, they go too far."""
    longest = 1e-3 * np.maximum(1, np.abs(theta))
    rises = [(deviance(theta + step) + deviance(theta - step)) / 2 - deviance(theta) for step in np.diag(longest)]
    known = np.nan_to_num(rises, nan=0.0, posinf=0.0, neginf=0.0)  # where there is no deviance, the Hessian will tell
    return longest * np.sqrt(_RISE / np.maximum(known, _RISE))


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
    # The pseudo-inverse passes over directions of θ that a singular fit leaves flat, whatever sign rounding gives them.
    values, vectors = np.linalg.eigh(hessian[theta, theta])
    curved = values > 1e-6 * values.max()
    inverse = vectors[:, curved] / values[curved] @ vectors[:, curved].T
    curvature = hessian[beta, beta] - hessian[beta, theta] @ inverse @ hessian[theta, beta]
    # A flat direction may come out slightly negative; a variance wrongly stuck at zero gives far less than -0.1.
    if values.min() < -0.1 or (np.linalg.eigvalsh(curvature) <= 0).any():
        return False, None
    slope = gradient[beta] - hessian[beta, theta] @ inverse @ gradient[theta]
    gain = (gradient[theta] @ inverse @ gradient[theta] + slope @ np.linalg.solve(curvature, slope)) / 2
    return bool(gain < _GAIN_LIMIT), 2 * np.linalg.inv(curvature)
