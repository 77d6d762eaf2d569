"""The report's first part: the paper's claims beside ours, each with a small forest plot, and who took part."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.figures.style import BLUE, GREY, ORANGE, alpha_label, p_number, with_interval
from ganalyze.support.tables import read_table

# A verdict on a row, and on a number of them.
VERDICTS = {
    "agrees": ("agrees", "agree"),
    "same_sign": ("same sign", "of the same sign only"),
    "not_shown_equal": ("not shown equal", "not told apart but not shown equal"),
    "differs": ("differs", "differ"),
    "not_run": ("not run", "not run"),
}
WIDTH, HEIGHT, MARGIN = 190, 34, 8  # of a forest plot, pixels


def claims_part(claims: pd.DataFrame, assessors: Mapping[str, str]) -> dict[str, Any]:
    """Rows of the claims table (`claims.csv`), and in words how many have each verdict. assessors: titles, by study.

    Claims that the run cannot speak to are left out; one that the paper makes in two places is one row.
    """
    claims = claims[claims.verdict != "not_run"]
    same = [claims.study, claims.quantity, claims.term]
    claims = claims.assign(where=claims["where"].groupby(same, dropna=False).transform(" and ".join))
    claims = claims.drop_duplicates(["study", "quantity", "term"])
    rows = [
        {
            "where": claim.where,
            # Where the claim is no number, what it is.
            "note": claim.note if pd.isna(claim.estimate) else "",
            "what": _what(claim),
            "paper": with_interval(claim.estimate, claim.ci_low, claim.ci_high),
            "ours": with_interval(claim.estimate_ours, claim.ci_low_ours, claim.ci_high_ours),
            # Whose score it is: hardly ever the paper's network.
            "by": assessors.get(claim.study, "") if claim.quantity.endswith("score per alpha") else "",
            "n": "" if pd.isna(claim.n_ours) else f"{int(claim.n_ours):,}",
            "simulated": claim.data_source == "simulated",
            "verdict": claim.verdict,
            "verdict_text": VERDICTS[claim.verdict][0],
            "reason": claim.reason,
            "plot": forest_plot(claim),
        }
        for claim in claims.itertuples()
    ]
    counts = claims.verdict.value_counts()
    label = ", ".join(f"{counts[verdict]} {several}" for verdict, (_, several) in VERDICTS.items() if verdict in counts)
    return {"rows": rows, "counts": label, "simulated": sum(row["simulated"] for row in rows)}


def forest_plot(claim: Any) -> Markup:
    """The paper's estimate (grey, above) and ours (below; orange where simulated) with their intervals and a line at 0,
    as SVG; empty where there is nothing to draw. The scale is the row's own."""
    ours_color = ORANGE if claim.data_source == "simulated" else BLUE
    drawn = [
        (estimate, low, high, y, color)
        for estimate, low, high, y, color in (
            (claim.estimate, claim.ci_low, claim.ci_high, 11, GREY),
            (claim.estimate_ours, claim.ci_low_ours, claim.ci_high_ours, 24, ours_color),
        )
        if pd.notna(low)
    ]
    if not drawn or pd.isna(claim.estimate):
        return Markup("")
    values = [0.0, *(value for one in drawn for value in one[1:3])]
    left, right = min(values), max(values)

    def x(value: float) -> float:
        return round(MARGIN + (value - left) / (right - left) * (WIDTH - 2 * MARGIN), 1)

    parts = [f'<path d="M{x(0)} 2V{HEIGHT - 2}" stroke="#aab4be" stroke-dasharray="2 2"/>']
    for estimate, low, high, y, color in drawn:
        parts.append(f'<path d="M{x(low)} {y}H{x(high)}" stroke="{color}" stroke-width="2"/>')
        parts.append(f'<circle cx="{x(estimate)}" cy="{y}" r="3.5" fill="{color}"/>')
    label = f"paper {with_interval(claim.estimate, claim.ci_low, claim.ci_high)}"
    if len(drawn) > 1:
        label += f", ours {with_interval(claim.estimate_ours, claim.ci_low_ours, claim.ci_high_ours)}"
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return Markup(f'<svg class="forest" {size} role="img" aria-label="{label}">{"".join(parts)}</svg>')


def table1_part(table: pd.DataFrame, claims: pd.DataFrame) -> list[dict[str, str]]:
    """Rows of Table 1 (`table1.csv`), with the paper's log odds beside ours."""
    paper = claims[claims["where"] == "Table 1"]
    paper = paper.set_index(paper.term.str.partition(" (")[0])
    rows = []
    for row in table.itertuples():
        theirs = paper.loc["alpha" if row.factor == "α" else row.factor.lower()]
        rows.append(
            {
                "factor": row.factor,
                "ours": with_interval(row.log_odds, row.ci_low, row.ci_high)
                if pd.notna(row.log_odds)
                else row.converged,
                "p": p_number(row.p),
                "p_holm": p_number(row.p_holm),
                "tjur_d": _d(row.tjur_d),
                "paper": with_interval(theirs.estimate, theirs.ci_low, theirs.ci_high),
                "paper_p": _paper_p(theirs.p),
                "paper_d": theirs.note.removeprefix("Tjur D 0") if isinstance(theirs.note, str) else "",
            }
        )
    return rows


def hits_part(table: pd.DataFrame) -> tuple[str, list[dict[str, str]]]:
    """What explains hits (`hits_explained.csv`), in words, and as rows of a table."""
    shares = table.set_index("factor")
    if shares.share.isna().all():
        return "There is nothing to explain: within the seeds no factor changes, or no answer does.", []
    shown = {
        name: f"{row.share:.1%} [{row.share_ci_low:.1%}, {row.share_ci_high:.1%}]" for name, row in shares.iterrows()
    }
    *factors, _, _ = shares.index
    largest = shares.share[factors].idxmax()
    text = (
        f"Of which clones of a seed are remembered and which are not, all image factors explain {shown['all']} "
        f"(by chance it would be {shares.chance['all']:.1%}), most of it {largest.replace('_', ' ')}, "
        f"{shares.share[largest]:.1%}; α alone explains {shown['alpha']}. All are small, for a single answer is mostly "
        "chance; what goes along with hits need not be what makes them."
    )
    names = {"all": "all factors together", "alpha": "α alone"}
    rows = [
        {
            "factor": names.get(name, name.replace("_", " ")),
            "share": shown[name],
            "chance": f"{shares.chance[name]:.1%}",
        }
        for name in shares.index
    ]
    return text, rows


def realness_in_words(table: pd.DataFrame) -> str:
    """How FID goes along α, and at which α it differs from that of the unmodified seeds."""
    table = table.sort_values("alpha")
    least = table.loc[table.fid.idxmin()]
    differs = table[table.get("fid_change_ci_low", 0 * table.fid) * table.get("fid_change_ci_high", 0 * table.fid) > 0]
    first, last = table.iloc[0], table.iloc[-1]
    text = (
        f"FID is {first.fid:.0f} at α = {alpha_label(first.alpha)}, lowest at {alpha_label(least.alpha)} "
        f"({least.fid:.0f}) and {last.fid:.0f} at {alpha_label(last.alpha)}"
    )
    if len(differs):
        text += f"; it can be told from that of the seeds at {', '.join(map(alpha_label, differs.alpha))}"
    else:
        text += "; at no α can it be told from that of the seeds"
    comparable = pd.isna(table.note.iloc[0]) or not table.note.iloc[0]
    return f"{text}." if comparable else f"{text}. It is no FID to compare with published ones."


def experiments_part(results: Path, experiments: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Who took part in each experiment of each study, who was excluded and why, and what is left."""
    parts = []
    for study, references in experiments.items():
        for experiment in (EXPERIMENTS[reference] for reference in references):
            folder = results / study / "trials"
            series = read_table(folder / f"{experiment.name}.series.csv")
            rates = read_table(folder / f"{experiment.name}.by_alpha.csv")
            excluded = series.loc[series.kept == 0, "reason"].value_counts()
            said = [f"{count}: {reason}" for reason, count in excluded.items()]
            if trials := int(series.unseen.sum()):
                said.append(f"{trials} trials not seen as intended")
            source = rates.data_source.iloc[0] if len(rates) else "none"
            parts.append(
                {
                    "study": study.replace("_", " "),
                    "experiment": experiment.title,
                    "simulated": source == "simulated",
                    "participants": series.participant.nunique(),
                    "series": len(series),
                    "excluded": "; ".join(said) or "none",
                    "data_points": f"{rates.data_points.sum():,}",
                    "per_alpha": _range(rates.data_points),
                    "per_image": f"{rates.data_points.sum() / max(1, rates.images.sum()):.2f}",
                }
            )
    return parts


def _what(claim: Any) -> str:
    of = claim.study.replace("_", " ")
    term = "" if pd.isna(claim.term) or claim.term == "alpha" else f" by {claim.term.removesuffix(' (z-scored)')}"
    return f"{claim.quantity}{term} ({of})"


def _paper_p(p: str) -> str:
    """ "0.042" and "<0.001", as the paper's list has them, as ours are printed."""
    return f"< {p_number(float(p[1:]))}" if p.startswith("<") else p_number(float(p))


def _d(d: float) -> str:
    return "" if pd.isna(d) else f"{d:.3f}".lstrip("0")


def _range(counts: pd.Series) -> str:
    return f"{counts.min():,} to {counts.max():,}" if len(counts) else "0"
