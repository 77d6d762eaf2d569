"""What a model without an optimum suffers from, as its estimates show, and what to write instead."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from mixedlm.matrices.design import RandomEffectStructure
from mixedlm.models.glmer import GlmerResult
from mixedlm.models.lmer import LmerResult

from ganalyze.statistics.coordinates import random_columns

_ENDLESS = 10.0  # log odds: a standard deviation at which nothing is left to chance
_AT_BOUND = 1e-3
_FEW_LEVELS = 5


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
