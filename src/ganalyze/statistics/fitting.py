"""How a model is brought to its optimum: at once, nearly always; otherwise from beside where it stuck."""

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pandas as pd
from mixedlm.estimation.optimizers import run_optimizer
from mixedlm.formula.terms import Formula
from mixedlm.matrices.design import RandomEffectStructure
from mixedlm.models import GlmerMod, LmerMod
from mixedlm.models.checks import ModelCheckError, run_model_checks
from mixedlm.models.glmer import GlmerResult
from mixedlm.models.lmer import LmerResult

from ganalyze.statistics.checks import refuse_separation, refuse_too_many_effects
from ganalyze.statistics.coordinates import Coordinates, factors, theta_of
from ganalyze.statistics.laplace import LaplaceDeviance
from ganalyze.support.errors import GanalyzeError

FIT_ERRORS = (ModelCheckError, ValueError, RuntimeError, np.linalg.LinAlgError)

_SHIFTS = (-0.1, 0.1, -0.1, 0.1)  # of θ, one attempt after the other


def fits_of(
    formula: Formula, data: pd.DataFrame, family: str
) -> tuple[Coordinates, Iterator[LmerResult | GlmerResult]]:
    """Fits of a model in orthogonal coordinates, the next one to be asked for where the last has missed the optimum.

    formula, data: as `design.in_numbers` gives them. Raises GanalyzeError where no fit could have an optimum, and one
    of `FIT_ERRORS` where none is found.
    """
    model = LmerMod(formula, data) if family == "gaussian" else GlmerMod(formula, data)
    coordinates = Coordinates.of(model.matrices)
    model.matrices = coordinates.orthogonal
    if isinstance(model, LmerMod):
        refuse_too_many_effects(model.matrices)
        return coordinates, _linear(model)
    refuse_separation(coordinates, formula.response)
    return coordinates, _logistic(model)


def _linear(model: LmerMod) -> Iterator[LmerResult]:
    fit = model.fit()
    if fit.sigma < 1e-6 * fit.matrices.y.std():
        response = model.formula.response
        raise GanalyzeError(f"{response} is an exact function of its predictors: no residual is left to model")
    yield fit
    for shift in _SHIFTS:
        with suppress(*FIT_ERRORS):
            fit = model.fit(start=_beside(fit.theta, model.matrices.random_structures, shift))
            yield fit


def _beside(theta: np.ndarray, terms: list[RandomEffectStructure], shift: float) -> np.ndarray:
    """θ with its diagonal shifted off, or across, the bound of zero, where the optimiser sticks.

    The columns of a factor may change their sign, so that there is no bound but for the optimiser: across it, the
    correlations have the other sign.
    """
    moved = [factor + shift * np.eye(len(factor)) for factor in factors(theta, terms)]
    return np.concatenate([theta_of(factor, term) for factor, term in zip(moved, terms, strict=True)])


def _logistic(model: GlmerMod) -> Iterator[GlmerResult]:
    matrices, _ = run_model_checks(model.matrices, model.control)
    terms = matrices.random_structures
    deviance = LaplaceDeviance(matrices)
    theta = np.concatenate([theta_of(np.eye(term.n_terms), term) for term in terms])
    bounds: list[tuple[float | None, float | None]] = [(0.0 if one else None, None) for one in theta]
    bounds += [(None, None)] * matrices.n_fixed
    # A Newton step from zero of the regression without random effects: the columns of X are orthogonal.
    beta = 4 * matrices.X.T @ (matrices.y - 0.5) / matrices.n_obs
    for shift in (0.0, *_SHIFTS):
        start = np.r_[_beside(theta, terms, shift), beta]
        found = run_optimizer(deviance, start, "COBYQA", bounds, {"maxiter": 1000}, restart_edge=True)
        theta, beta = np.split(found.x, [len(theta)])
        lowest = deviance(found.x)
        if not np.isfinite(lowest):
            raise RuntimeError("its random effects have no mode")
        yield GlmerResult(
            formula=model.formula,
            matrices=matrices,
            family=model.family,
            theta=theta,
            beta=beta,
            u=deviance.effects(found.x),
            deviance=lowest,
            converged=found.success,
            n_iter=found.nit,
            nAGQ=1,
            joint_fit=True,
            pirls_tol=1e-8,
        )
