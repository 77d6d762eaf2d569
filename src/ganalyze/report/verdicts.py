"""The rule by which a result of ours agrees with the paper's.

For an estimate with an interval, the paper's and ours are compared as follows.

    agrees     the two 95 % intervals overlap, and both lead to the same conclusion: an effect above 0 (interval above
               0), or one below 0; where the paper found none, ours is shown to be none (below)
    same_sign  both estimates have the same sign, and the paper's effect can be told from 0, but the intervals lie apart
               or ours includes 0
    not_shown_equal  the paper found no effect, and neither do we, but ours may be larger than the margin
    differs    all else: the other sign, or an effect where the paper found none
    not_run    this run has no such estimate

That intervals overlap and include 0 shows no equality: the wider they are, the sooner they do. So where the paper found
no effect on what people answer (fakes told apart at every α; entropy), an equivalence test decides, with the margin of
`ganalyze.statistics.equivalence`: none is shown where the 90 % interval lies within ± margin, even if it excludes 0.
"""

from typing import Any

import numpy as np

from ganalyze.statistics.equivalence import equivalence_p
from ganalyze.support.intervals import Z_975

VERDICTS = ("agrees", "same_sign", "not_shown_equal", "differs", "not_run")


def compare(paper: Any, ours: Any) -> tuple[str, str]:
    """Verdict and reason, from the estimate, ci_low and ci_high of each."""
    conclusions = [conclusion(one.ci_low, one.ci_high) for one in (paper, ours)]
    overlap = ours.ci_low <= paper.ci_high and paper.ci_low <= ours.ci_high
    reason = f"theirs {said(conclusions[0])}, ours {said(conclusions[1])}; the intervals "
    reason += "overlap." if overlap else "lie apart."
    if conclusions[0] == conclusions[1] and overlap:
        return "agrees", reason
    if conclusions[0] != 0 and np.sign(paper.estimate) == np.sign(ours.estimate):
        return "same_sign", reason
    return "differs", reason


def compare_none(paper: Any, ours: Any, margin: float) -> tuple[str, str]:
    """The same where the paper found no effect; margin: in the estimates' unit."""
    parts = []
    for whose, one in (("theirs", paper), ("ours", ours)):
        p = p_of_none(one, margin)
        shown = "is" if p < 0.05 else "is not"
        value = "< .001" if p < 0.001 else f"= {p:.3f}".replace("0.", ".")
        what = said(conclusion(one.ci_low, one.ci_high))
        parts.append(f"{whose} {what} and {shown} shown to lie within ±{margin:.2f} of it (p {value})")
    reason = "; ".join(parts)
    if p_of_none(ours, margin) < 0.05:
        return "agrees", f"{reason}."
    if conclusion(ours.ci_low, ours.ci_high) == 0:
        return "not_shown_equal", f"{reason}: not told apart, but not shown equal."
    return "differs", f"{reason}."


def p_of_none(one: Any, margin: float) -> float:
    """p of the equivalence test of an estimate with its 95 % interval: estimate, ci_low, ci_high."""
    return equivalence_p(one.estimate, (one.ci_high - one.ci_low) / (2 * Z_975), margin)


def conclusion(low: float, high: float) -> int:
    """1 above 0, -1 below, 0 where the interval includes 0. One that ends at 0, in the two decimals of the paper
    (redness, [0.00, 0.12], p = .042), does not include it."""
    return int(low >= 0) - int(high <= 0)


def said(conclusion: int) -> str:
    """A conclusion in words."""
    return {1: "is above 0", -1: "is below 0", 0: "cannot be told from 0"}[conclusion]
