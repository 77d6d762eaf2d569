"""The deviance of a logistic mixed model by Laplace's approximation (Bates et al., J. Stat. Softw. 2015; lme4's glmer).

At given variances and fixed effects the random effects are at their mode, which is a penalised logistic regression:

    deviance = Σ −2 log p(y | η) + |u|² + log det H,    η = Xβ + Vu,    H = I + VᵀWV,    V = ZΛ(θ)

An optimiser asks for it a hundred times, near by. So what does not change is kept: the places of H's entries, and an
order in which its triangular factor stays sparse. A mode is sought from the last one, and a factor serves as long as
each step is a tenth of the last, so that mostly one is made where mixedlm, which begins anew each time, makes eight.
"""

import numpy as np
from mixedlm.matrices.design import ModelMatrices
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu
from scipy.special import expit

from ganalyze.statistics.coordinates import factors, random_columns

_MOST_STEPS = 100
# The last step of a mode: so short that second differences of the deviance have no noise of it.
_LAST_STEP = 1e-10


class PenalisedLogit:
    """A logistic regression of which each row has few predictors, and effects may be penalised by their squares.

    The log odds of row i are offset[i] + Σⱼ values[i, j] · effect[places[i, j]].
    """

    def __init__(self, places: np.ndarray, penalty: np.ndarray, response: np.ndarray):
        """places: (n, m), each effect at least once. penalty: (k,), 1 for an effect of variance 1, 0 for a free one.
        response: (n,), 0 or 1."""
        n, m = places.shape
        k = len(penalty)
        rows = sparse.csr_array((np.ones(n * m), places.ravel(), np.arange(0, n * m + 1, m)), shape=(n, k))
        pattern = sparse.csc_array(rows.T @ rows) + sparse.eye_array(k, format="csc")
        self._order = _factor(pattern, "MMD_AT_PLUS_A").perm_c.astype(int)
        self._places = self._order[places]
        self._penalty = penalty[np.argsort(self._order)]
        self._response = response
        # Where products of a row's predictors go in the information, which is kept by columns.
        cells = (self._places[:, :, None] * k + self._places[:, None, :]).ravel()
        kept, self._cells = np.unique(cells, return_inverse=True)
        self._indices, self._columns = kept % k, np.searchsorted(kept, np.arange(k + 1) * k)
        self._diagonal = np.searchsorted(kept, np.arange(k) * (k + 1))
        self._information: SuperLU | None = None
        self._effects = np.zeros(k)

    @property
    def effects(self) -> np.ndarray:
        """Of the last fit, (k,)."""
        return self._effects[self._order]

    @property
    def log_determinant(self) -> float:
        """Of the information at the last fit: the second derivatives of half the deviance, with penalties."""
        assert self._information
        return float(np.log(self._information.U.diagonal()).sum())

    def std_error(self, effect: int) -> float:
        """Of one effect, by number, where the last fit ended."""
        assert self._information
        unit = np.zeros(len(self._effects))
        unit[self._order[effect]] = 1
        return float(np.sqrt(unit @ self._information.solve(unit)))

    def fit(self, values: np.ndarray, offset: np.ndarray) -> float:
        """Find the effects by Newton's method from where the last fit ended, and give the deviance with penalties.

        values: (n, m). offset: (n,), log odds. Where none are found the deviance is infinite, and the effects are 0.
        """
        sign = 1 - 2 * self._response
        odds, half = self._at(self._effects, values, offset, sign)
        last = np.inf
        for _ in range(_MOST_STEPS):
            mean = expit(odds)
            of_rows = np.bincount(self._places.ravel(), (values * (mean - self._response)[:, None]).ravel())
            slope = of_rows + self._penalty * self._effects
            step = self._information.solve(slope) if self._information else np.full(len(slope), np.inf)
            size = np.abs(step).max()
            if not size < last / 10:
                self._information = self._factor_at(values, mean)
                step = self._information.solve(slope)
                size = np.abs(step).max()
            # A whole step may lead uphill where random effects are large and their groups small.
            for part in (step / 2**halvings for halvings in range(40)):
                odds, new = self._at(self._effects - part, values, offset, sign)
                if new <= half + 1e-9 * half:  # within rounding
                    break
            else:
                break
            self._effects, half, last = self._effects - part, new, size
            if size < _LAST_STEP:
                self._information = self._factor_at(values, expit(odds))
                return 2 * half
        self._effects = np.zeros(len(self._effects))
        return np.inf

    def _at(
        self, effects: np.ndarray, values: np.ndarray, offset: np.ndarray, sign: np.ndarray
    ) -> tuple[np.ndarray, float]:
        odds = offset + np.einsum("ij,ij->i", values, effects[self._places])
        return odds, float(np.logaddexp(0, sign * odds).sum() + (self._penalty * effects**2).sum() / 2)

    def _factor_at(self, values: np.ndarray, mean: np.ndarray) -> SuperLU:
        products = (values * (mean * (1 - mean))[:, None])[:, :, None] * values[:, None, :]
        data = np.bincount(self._cells, products.ravel())
        data[self._diagonal] += self._penalty
        k = len(self._penalty)
        return _factor(sparse.csc_array((data, self._indices, self._columns), shape=(k, k)), "NATURAL")


def _factor(matrix: sparse.csc_array, order: str) -> SuperLU:
    """Of a matrix that is symmetric and positive, without exchanging rows."""
    return splu(matrix, permc_spec=order, diag_pivot_thresh=0, options={"SymmetricMode": True})


class LaplaceDeviance:
    """The deviance of one model, −2 log likelihood, as a function of (θ, β)."""

    def __init__(self, matrices: ModelMatrices):
        self._matrices = matrices
        self._columns = random_columns(matrices)
        places, effects = [], 0
        for term in matrices.random_structures:
            places.append(effects + np.asarray(term.level_indices)[:, None] * term.n_terms + np.arange(term.n_terms))
            effects += term.n_levels * term.n_terms
        self._modes = PenalisedLogit(np.hstack(places), np.ones(effects), matrices.y)

    def __call__(self, parameters: np.ndarray) -> float:
        """parameters: θ (`coordinates.factors`), then β. Infinite where the random effects have no mode."""
        found = self._factors(parameters)
        values = np.hstack([columns @ factor for columns, factor in zip(self._columns, found, strict=True)])
        beta = parameters[len(parameters) - self._matrices.n_fixed :]
        deviance = self._modes.fit(values, self._matrices.offset + self._matrices.X @ beta)
        return deviance + self._modes.log_determinant if np.isfinite(deviance) else np.inf

    def effects(self, parameters: np.ndarray) -> np.ndarray:
        """The random effects, term by term and level by level, at the parameters of the last call: log odds per unit of
        their predictors."""
        rest, effects = self._modes.effects, []
        for term, factor in zip(self._matrices.random_structures, self._factors(parameters), strict=True):
            own, rest = np.split(rest, [term.n_levels * term.n_terms])
            effects.append((own.reshape(term.n_levels, term.n_terms) @ factor.T).ravel())
        return np.concatenate(effects)

    def _factors(self, parameters: np.ndarray) -> list[np.ndarray]:
        return factors(parameters[: len(parameters) - self._matrices.n_fixed], self._matrices.random_structures)
