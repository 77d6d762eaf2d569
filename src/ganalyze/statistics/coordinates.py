"""The coordinates in which a model is fitted: those of orthogonal predictors, whatever their units and origins.

A model does not change when its predictors are replaced by linear combinations of themselves, but optimisers and finite
differences do badly where a predictor is far from zero or its numbers are large: intercept and slope hide each other,
and steps that suit one term are rounding noise to another. So the columns of X, and those of each random term, are
made orthogonal with a mean square of 1 (X = QR), the model is fitted to them, and its estimates are taken back exactly.
Shifting and scaling a predictor changes R alone.

Independent random effects, `(1 + x||g)`, are scaled only: they are another model wherever the origin of x is moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from mixedlm.matrices.design import ModelMatrices, RandomEffectStructure
from mixedlm.models.glmer import GlmerResult
from mixedlm.models.lmer import LmerResult
from scipy import sparse
from scipy.linalg import solve_triangular

from ganalyze.support.errors import GanalyzeError

Fit = TypeVar("Fit", bound=LmerResult | GlmerResult)


@dataclass(frozen=True)
class Coordinates:
    """How the predictors as given come from the orthogonal ones.

    given: the matrices in the data's units. fixed: R of X = QR, (p, p). random: R of each random term, (q, q).
    """

    given: ModelMatrices
    fixed: np.ndarray
    random: list[np.ndarray]

    @classmethod
    def of(cls, matrices: ModelMatrices) -> "Coordinates":
        """Raises GanalyzeError where a term is a linear combination of those before it."""
        random = []
        for structure, values in zip(matrices.random_structures, random_columns(matrices), strict=True):
            scales = np.diag(np.sqrt(np.mean(values**2, axis=0)))
            names = [f"{name} of {structure.grouping_factor}" for name in structure.term_names]
            random.append(_triangle(values, names, "random") if structure.correlated else scales)
        return cls(matrices, _triangle(matrices.X, matrices.fixed_names, "fixed"), random)

    @property
    def orthogonal(self) -> ModelMatrices:
        """The matrices of the orthogonal predictors."""
        inverses = [
            sparse.kron(sparse.eye(structure.n_levels), np.linalg.inv(triangle))
            for structure, triangle in zip(self.given.random_structures, self.random, strict=True)
        ]
        X = solve_triangular(self.fixed, self.given.X.T, trans="T").T
        return replace(self.given, X=np.ascontiguousarray(X), Z=(self.given.Z @ sparse.block_diag(inverses)).tocsc())

    def restore(self, fit: Fit) -> Fit:
        """A fit of the orthogonal predictors, as one of the predictors given."""
        thetas, effects, position = [], [], 0
        given = self.given.random_structures
        for structure, triangle, factor in zip(given, self.random, factors(fit.theta, given), strict=True):
            q, n_levels = structure.n_terms, structure.n_levels
            thetas.append(theta_of(solve_triangular(triangle, factor), structure))
            levels = fit.u[position : position + q * n_levels].reshape(n_levels, q)
            effects.append(solve_triangular(triangle, levels.T).T.ravel())
            position += q * n_levels
        # The restricted likelihood is one of the response's contrasts, whose density has the units of X in it.
        restricted = isinstance(fit, LmerResult) and fit.REML
        return replace(
            fit,
            matrices=self.given,
            theta=np.concatenate(thetas),
            beta=solve_triangular(self.fixed, fit.beta),
            u=np.concatenate(effects),
            deviance=fit.deviance + (2 * np.log(np.diag(self.fixed)).sum() if restricted else 0.0),
        )

    def restore_covariance(self, covariance: np.ndarray) -> np.ndarray:
        """The covariance (p, p) of the fixed effects, likewise."""
        half = solve_triangular(self.fixed, covariance)
        return solve_triangular(self.fixed, half.T)


def random_columns(matrices: ModelMatrices) -> list[np.ndarray]:
    """The values (n, q) of each random term's predictors."""
    columns, position = [], 0
    for structure in matrices.random_structures:
        # A row of Z is zero but for the columns of its own group, which are n_terms side by side.
        end = position + structure.n_levels * structure.n_terms
        each = [matrices.Z[:, position + k : end : structure.n_terms].sum(axis=1) for k in range(structure.n_terms)]
        columns.append(np.asarray(np.column_stack(each)))
        position = end
    return columns


def _triangle(columns: np.ndarray, names: list[str], kind: str) -> np.ndarray:
    """R of columns = QR, for a Q with columns of mean square 1 and an R with a positive diagonal."""
    R = np.linalg.qr(columns, mode="r") / np.sqrt(len(columns))
    rest, size = np.abs(np.diag(R)), np.sqrt(np.mean(columns**2, axis=0))
    dependent = [name for name, left, all_ in zip(names, rest, size, strict=False) if left <= 1e-12 * all_]
    if dependent or len(R) < len(names):
        dependent = dependent or names[len(R) :]
        raise GanalyzeError(
            f"the {kind} terms are rank deficient: {dependent[0]} is a combination of the others, so leave it out"
        )
    return R * np.sign(np.diag(R))[:, None]


def factors(theta: np.ndarray, terms: Sequence[RandomEffectStructure]) -> list[np.ndarray]:
    """The relative covariance factor (q, q) of each random term that θ consists of, lower triangular."""
    found = []
    for term in terms:
        entries = _entries(term)
        own, theta = np.split(theta, [len(entries[0])])
        factor = np.zeros((term.n_terms, term.n_terms))
        factor[entries] = own
        found.append(factor)
    return found


def theta_of(factor: np.ndarray, term: RandomEffectStructure) -> np.ndarray:
    """A term's part of θ, with a diagonal that is not negative, of any factor (q, q) of its covariance."""
    if term.correlated:
        # QR finds the triangular one, also of a singular covariance.
        factor = np.asarray(np.linalg.qr(factor.T, mode="r")).T
    return (factor * np.where(np.diag(factor) < 0, -1, 1))[_entries(term)]


def _entries(term: RandomEffectStructure) -> tuple[np.ndarray, ...]:
    return np.tril_indices(term.n_terms) if term.correlated else np.diag_indices(term.n_terms)
