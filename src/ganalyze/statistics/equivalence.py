"""Is there no difference? That none is found does not show it: the study may have been too small.

Two one-sided tests (TOST; Schuirmann, J. Pharmacokinet. Biopharm. 1987; Lakens, Soc. Psychol. Personal. Sci. 2017) ask
whether an effect is smaller than a margin in either direction. At 5 % they find so where the 90 % interval lies within
± the margin.
"""

import numpy as np
from pydantic import Field
from scipy.special import ndtr

from ganalyze.support.settings import Settings


class Equivalence(Settings):
    """How small a difference is none. In log odds, in which the paper states its effects on people's answers, so that
    theirs and ours are asked the same; and a difference of log odds is at most so large in answers, wherever they lie.

    0.2 log odds are at most 5 in 100 answers, and about as much as the smallest effect that the paper reports as one
    (object size on hits: 0.11 per unit of α, over 1.6 units)."""

    margin: float = Field(
        default=0.2,
        gt=0,
        description="log odds between low and high: over the paper's range of α (0.4), from a standard deviation below "
        "a factor's mean to one above",
    )

    def per_unit(self, term: str) -> float:
        """The margin of a slope, log odds per unit of α (term "alpha") or per standard deviation of a factor."""
        return self.margin / (PAPER_RANGE if term == "alpha" else 2)


PAPER_RANGE = 0.4
"""From the smallest α to the largest (§3.1)."""


def equivalence_p(estimate: float, std_error: float, margin: float) -> float:
    """The larger p of the two one-sided tests, by the normal distribution: that the effect is −margin or less, and that
    it is margin or more. Below .05 the effect is shown to lie within ± margin. All three in the estimate's unit,
    margin above 0; NaN where estimate or error is."""
    return float(ndtr((np.abs(estimate) - margin) / std_error))
