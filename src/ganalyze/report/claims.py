"""The paper's numbers (config/claims.csv) beside ours, each with a verdict by one rule.

For an estimate with an interval, `ganalyze.report.verdicts` has the rule. Two claims are not single estimates and have
rules of their own: `_realness` and `_factors`. A verdict compares numbers; it does not make networks or images the
same, and where the answers are simulated (data_source) it says that the analysis works, and nothing about people.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.report.verdicts import compare, compare_none, conclusion, p_of_none, said
from ganalyze.statistics.equivalence import Equivalence
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import own_file
from ganalyze.support.tables import read_table

CLAIMS = own_file("config/claims.csv")  # the paper's
OURS = [
    *("estimate_ours", "ci_low_ours", "ci_high_ours", "p_ours", "n_ours", "data_source"),
    *("margin", "p_equivalence", "p_equivalence_ours", "verdict", "reason"),
]
COLUMNS = ["id", "where", "quantity", "study", "model", "term", "estimate", "ci_low", "ci_high", "p", "note"]
# Where in results/<run>/<study>/ the tables lie that claims are about; those of experiments: `table_of`.
_TABLES = {"score": "mixed_models.csv", "factors": "factor_models.csv", "realness": "realness.csv"}
EXPERIMENT_OF = {experiment.paper_quantity: name for name, experiment in EXPERIMENTS.items()}
SIMULATED = "Simulated observers, not people: "

EQUIVALENCE = Equivalence()
Tables = Mapping[tuple[str, str], pd.DataFrame]


def read_claims(path: Path | str) -> pd.DataFrame:
    """The paper's numbers. Raises GanalyzeError where the file is no such table."""
    claims = read_table(path)
    if missing := [column for column in COLUMNS if column not in claims]:
        raise GanalyzeError(f"{path} lacks the column(s) {', '.join(missing)}")
    return claims


def table_of(kind: str) -> str:
    """Where in results/<run>/<study>/ the table lies of a kind: score, factors, realness, or an experiment's name."""
    return _TABLES.get(kind, f"trials/{kind}.models.csv")


def kind_of_table(place: str) -> str:
    """The kind of table that lies at a place. Raises GanalyzeError where no claim is about it."""
    kinds = {table_of(kind): kind for kind in (*_TABLES, *EXPERIMENTS)}
    if place not in kinds:
        raise GanalyzeError(f"no claim is about {place}: known are {', '.join(kinds)}")
    return kinds[place]


def judge_claims(
    claims: pd.DataFrame, studies: Sequence[str], tables: Tables, equivalence: Equivalence = EQUIVALENCE
) -> pd.DataFrame:
    """`claims` with the columns `OURS`: of no effect also the margin, and p of the paper's and our equivalence test.

    tables: by study and kind (see `table_of`); models of trials have a data_source. What is not there was not run.
    """
    ours = [_judge(claim, studies, tables, equivalence) for claim in claims.itertuples()]
    return claims.join(pd.DataFrame(ours, columns=OURS, index=claims.index))


def paper_sensitivity(claims: pd.DataFrame, study: str, experiment: str) -> float | None:
    """How much people's log odds rose per unit of the assessor's score, in the paper: the slope of their answers on α,
    divided by the slope of the score on α. None where the paper has no such study."""
    of_study = claims[(claims.study == study) & (claims.term == "alpha")]
    people = of_study.estimate[of_study.quantity.map(EXPERIMENT_OF) == experiment]
    score = of_study.estimate[of_study.quantity.str.endswith("score per alpha")]
    return float(people.iloc[0] / score.iloc[0]) if len(people) and len(score) else None


def memory_effects(claims: pd.DataFrame) -> dict[str, float]:
    """The paper's slopes of hits in the memory game on α (Figs. 7A–C), log odds per unit of α, by study."""
    hits = claims[(claims.quantity.map(EXPERIMENT_OF) == "memory_game") & claims.id.str.startswith("fig")]
    return dict(zip(hits.study, hits.estimate, strict=True))


# --- one claim ------------------------------------------------------------------------------------------------


def _judge(claim: Any, studies: Sequence[str], tables: Tables, equivalence: Equivalence) -> dict:
    kind = _kind(claim)
    if claim.study not in studies:
        return _not_run(f"This run has no study {claim.study}.")
    table = tables.get((claim.study, kind))
    if table is None:
        return _not_run(f"This run has no {EXPERIMENTS[kind].title if kind in EXPERIMENTS else kind} of {claim.study}.")
    if kind == "realness":
        return _realness(table)
    if kind == "factors":
        return _factors(table)
    model = "score" if kind == "score" else f"{EXPERIMENTS[kind].outcome} ~ {_term(claim)}"
    rows = table[(table.model == model) & (table.term == _term(claim))]
    source = "model" if kind == "score" else table.data_source.iloc[0]
    if rows.estimate.isna().all():  # or there are no rows
        why = rows.converged.iloc[0].removeprefix("no: ") if len(rows) else "it is not among those fitted"
        return _not_run(f"No model {model}: {why}.")
    ours = rows.iloc[0]
    tested = {}
    if kind in EXPERIMENTS and conclusion(claim.ci_low, claim.ci_high) == 0:
        margin = equivalence.per_unit(_term(claim))
        verdict, reason = compare_none(claim, ours, margin)
        tested = {
            "margin": margin,
            "p_equivalence": p_of_none(claim, margin),
            "p_equivalence_ours": p_of_none(ours, margin),
        }
    else:
        verdict, reason = compare(claim, ours)
    return {
        "estimate_ours": ours.estimate,
        "ci_low_ours": ours.ci_low,
        "ci_high_ours": ours.ci_high,
        "p_ours": ours.p,
        "n_ours": ours.n,
        "data_source": source,
        **tested,
        "verdict": verdict,
        "reason": SIMULATED + reason if source == "simulated" else reason[0].upper() + reason[1:],
    }


def _realness(table: pd.DataFrame) -> dict:
    """agrees: FID below 40 at every α, measured as in the paper, FID falls and IS rises from the smallest α to the
    largest. same_sign: it falls and it rises, but is not below 40 or not comparable. differs: it does not."""
    table = table.sort_values("alpha")
    first, last, worst = table.iloc[0], table.iloc[-1], table.loc[table.fid.idxmax()]
    falls, rises = last.fid < first.fid, last.is_mean > first.is_mean
    comparable = pd.isna(first.note) or not first.note
    reason = (
        f"FID goes from {first.fid:.1f} to {last.fid:.1f} and IS from {first.is_mean:.2f} to {last.is_mean:.2f} "
        f"between the ends of α; the largest FID is {worst.fid:.1f}"
    )
    reason += "." if comparable else ", with features that make no comparison with 40."
    same = falls and rises
    return {
        "estimate_ours": worst.fid,
        "ci_low_ours": worst.fid_ci_low,
        "ci_high_ours": worst.fid_ci_high,
        "n_ours": table.n_images.sum(),
        "data_source": "model",
        "reason": reason,
        "verdict": "agrees" if same and comparable and worst.fid < 40 else "same_sign" if same else "differs",
    }


def _factors(table: pd.DataFrame) -> dict:
    """agrees: all factors rise with α, each interval above 0. same_sign: all estimates are above 0. differs: not so.
    not_run: no factor was measured, or one was not while all others rise.

    Entropy stands for simplicity, and the paper does not say whether the entropy rises or its opposite: it is reported
    and not counted. estimate_ours is how many of the others rise.
    """
    slopes = table[table.term == "alpha"]
    slopes = slopes.set_index(slopes.model.str.partition(" ~ ")[0])
    lacking = slopes[slopes.estimate.isna()]
    slopes = slopes.drop(index=lacking.index)
    counted = slopes.drop(index="entropy", errors="ignore")
    if counted.empty:
        return _not_run("No factor was measured.")
    rise, positive = counted.ci_low > 0, counted.estimate > 0
    certain = rise & (counted.p_holm < 0.05)
    reason = f"{rise.sum()} of {len(counted)} factors rise"
    if rise.any():
        reason += f" ({'also' if certain.sum() == rise.sum() else certain.sum()} after Holm's correction)"
    if not rise.all():
        reason += f", not {_listed(counted.index[~rise])}"
    if len(lacking):
        reason += f"; not measured: {_listed(lacking.index)}"
    if "entropy" in slopes.index:
        entropy = slopes.loc["entropy"]
        reason += f"; not counted: entropy, whose slope {said(conclusion(entropy.ci_low, entropy.ci_high))}"
    verdict = "agrees" if rise.all() else "same_sign" if positive.all() else "differs"
    if len(lacking) and verdict != "differs":
        return _not_run(f"{reason}.")  # an incomplete list can contradict, not agree
    return {
        "estimate_ours": rise.sum(),
        "n_ours": counted.n.max(),
        "data_source": "model",
        "reason": f"{reason}.",
        "verdict": verdict,
    }


def _listed(factors: pd.Index) -> str:
    return ", ".join(factors.str.replace("_", " "))


def _kind(claim: Any) -> str:
    if claim.id in ("fig5a.fid", "fig3b.factors"):
        return {"fig5a.fid": "realness", "fig3b.factors": "factors"}[claim.id]
    return EXPERIMENT_OF.get(claim.quantity, "score")


def _term(claim: Any) -> str:
    """ "object size (z-scored)" → object_size, as the column is called."""
    return claim.term.removesuffix(" (z-scored)").replace(" ", "_")


def _not_run(reason: str) -> dict:
    return {"verdict": "not_run", "reason": reason}
