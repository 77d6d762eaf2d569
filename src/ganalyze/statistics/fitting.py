"""How mixedlm is brought to the optimum of a model: at once, nearly always; otherwise by another way."""

from collections.abc import Iterator
from contextlib import suppress

import mixedlm
import numpy as np
import pandas as pd
from mixedlm.families import Binomial
from mixedlm.formula.terms import Formula
from mixedlm.matrices.design import RandomEffectStructure
from mixedlm.models import GlmerMod, LmerMod
from mixedlm.models.checks import ModelCheckError
from mixedlm.models.glmer import GlmerResult
from mixedlm.models.lmer import LmerResult

from ganalyze.statistics.checks import refuse_separation, refuse_too_many_effects
from ganalyze.statistics.coordinates import Coordinates
from ganalyze.support.errors import GanalyzeError

FIT_ERRORS = (ModelCheckError, ValueError, RuntimeError, np.linalg.LinAlgError)

# The inner iterations of glmer stop at updates of this size. They converge quadratically, so that this leaves no
# noise for second differences of the deviance to magnify.
_INNER_TOLERANCE = 1e-8
# Random effects that the patient inner iterations may have: they are dense, so that 500 take minutes.
_MOST_PATIENT = 500


class _Patient(Binomial):
    """The binomial family with inner iterations that halve a step which leads uphill.

    mixedlm's compiled ones do not, and go round in circles where random effects are large and their groups small: then
    there is no deviance about the optimum. It takes them for its own families only, and for others those in Python.
    """


def fits_of(
    formula: Formula, data: pd.DataFrame, family: str
) -> tuple[Coordinates, Iterator[LmerResult | GlmerResult]]:
    """Fits of a model in orthogonal coordinates, the next one to be asked for where the last has missed the optimum.

    formula, data: as `design.in_numbers` gives them. Raises GanalyzeError where no fit could have an optimum, and one
    of `FIT_ERRORS` where mixedlm finds none.
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
    for shift in (-0.1, 0.1, -0.1, 0.1):
        with suppress(*FIT_ERRORS):
            fit = model.fit(start=_beside(fit.theta, model.matrices.random_structures, shift))
            yield fit


def _beside(theta: np.ndarray, terms: list[RandomEffectStructure], shift: float) -> np.ndarray:
    """θ with its diagonal shifted off, or across, the bound of zero, where the optimiser sticks.

    The columns of a factor may change their sign, so that there is no bound but for the optimiser: across it, the
    correlations have the other sign.
    """
    moved, rest = [], theta
    for term in terms:
        entries = np.tril_indices(term.n_terms) if term.correlated else np.diag_indices(term.n_terms)
        factor = np.zeros((term.n_terms, term.n_terms))
        factor[entries], rest = rest[: len(entries[0])], rest[len(entries[0]) :]
        factor += shift * np.eye(term.n_terms)
        moved.append((factor * np.where(np.diag(factor) < 0, -1, 1))[entries])
    return np.concatenate(moved)


def _logistic(model: GlmerMod) -> Iterator[GlmerResult]:
    # A preliminary fit costs a third of the time and is needed by one small model in a hundred.
    ways = [(Binomial(), False), (Binomial(), True)]
    if model.matrices.n_random <= _MOST_PATIENT:
        ways.append((_Patient(), True))
    fit = None
    for family, preliminary in ways:
        model.family = family
        model.control = mixedlm.glmerControl(tolPwrss=_INNER_TOLERANCE, nAGQ0initStep=preliminary)
        with suppress(*FIT_ERRORS):
            attempt = model.fit()
            if attempt.joint_fit:
                fit = attempt
                yield fit
    if fit is None:
        raise RuntimeError("its inner iterations do not converge")
