"""Every number of the paper has a verdict, and the verdict follows the rule."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from ganalyze.report.claims import OURS, judge_claims, paper_sensitivity, read_claims
from ganalyze.report.verdicts import VERDICTS, compare, compare_none
from ganalyze.statistics.equivalence import Equivalence
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY

PAPER = REPOSITORY / "config/claims.csv"
STUDIES = ["memorability", "object_size", "aesthetics", "valence"]
FACTORS = ["brightness", "colorfulness", "redness", "entropy", "object_size", "centeredness", "squareness"]


@pytest.fixture(scope="module")
def claims() -> pd.DataFrame:
    return read_claims(PAPER)


def model(name: str, estimate=0.5, half=0.1, source=None, converged="yes") -> pd.DataFrame:
    """Two rows of a table of models; one that did not converge has no numbers."""
    if converged.startswith("no"):
        estimate = np.nan
    term = name.partition(" ~ ")[2] or "alpha"
    row = {
        "model": name,
        "term": term,
        "estimate": estimate,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "p": 0.01,
        "p_holm": 0.07 if name.startswith("redness") else 0.02,
        "n": 800,
        "converged": converged,
    }
    table = pd.DataFrame([row | {"term": "(Intercept)", "estimate": 9.0}, row])
    return table if source is None else table.assign(data_source=source)


def everything(source: str = "simulated") -> dict:
    hits = pd.concat([model(f"hit ~ {name}", source=source) for name in ["alpha", *FACTORS]])
    realness = pd.DataFrame(
        {
            "alpha": [-0.2, 0, 0.2],
            "fid": [30, 25, 20],
            "fid_ci_low": 19,
            "fid_ci_high": 31,
            "is_mean": [2, 3, 4],
            "n_images": 160,
            "note": None,
        }
    )
    tables = {(study, "score"): model("score") for study in STUDIES}
    tables |= {(study, "memory_game"): hits for study in STUDIES[:3]}
    tables["memorability", "two_afc"] = model("correct ~ alpha", 0.05, 0.2, source)
    tables["memorability", "factors"] = pd.concat([model(f"{name} ~ alpha") for name in FACTORS])
    tables["memorability", "realness"] = realness
    return tables


def judged(claims, tables, studies=STUDIES) -> pd.DataFrame:
    return judge_claims(claims, studies, tables).set_index("id")


def interval(low, high):
    return SimpleNamespace(estimate=(low + high) / 2, ci_low=low, ci_high=high)


@pytest.mark.parametrize(
    ("paper", "ours", "verdict"),
    [
        ((0.66, 0.70), (0.60, 0.68), "agrees"),
        ((0.66, 0.70), (0.12, 0.14), "same_sign"),  # far smaller, but above 0
        ((0.06, 0.18), (-0.30, 0.60), "same_sign"),  # too wide to tell
        ((0.66, 0.70), (-0.14, -0.12), "differs"),
        ((0.06, 0.18), (-0.60, 0.30), "differs"),
        ((0.00, 0.12), (0.01, 0.10), "agrees"),  # redness, p = .042: a rounded 0 counts as above it
        ((-0.4, -0.2), (-0.3, -0.1), "agrees"),
    ],
)
def test_the_rule(paper, ours, verdict):
    assert compare(interval(*paper), interval(*ours))[0] == verdict


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ((-0.30, 0.30), "agrees"),  # shown to be smaller than 0.5
        ((0.01, 0.30), "agrees"),  # so is this, though it can be told from 0
        ((-0.80, 0.60), "not_shown_equal"),  # too wide to tell
        ((-0.01, 0.59), "not_shown_equal"),
        ((0.10, 0.60), "differs"),
        ((-0.60, -0.05), "differs"),
    ],
)
def test_where_the_paper_found_no_effect_ours_has_to_be_shown_to_be_none(ours, verdict):
    paper = interval(-0.33, 0.18)
    found, reason = compare_none(paper, interval(*ours), margin=0.5)
    assert found == verdict
    assert reason.startswith("theirs cannot be told from 0 and is shown to lie within ±0.50 of it (p < .001); ours ")
    assert ("not told apart, but not shown equal" in reason) == (verdict == "not_shown_equal")
    assert compare_none(paper, interval(-ours[1], -ours[0]), margin=0.5)[0] == verdict


@pytest.mark.parametrize(("margin", "verdict"), [(0.2, "agrees"), (0.08, "not_shown_equal")])
def test_the_margin_is_a_setting_and_stands_in_the_table_with_both_tests(claims, margin, verdict):
    rows = judge_claims(claims, STUDIES, everything("human"), Equivalence(margin=margin)).set_index("id")
    assert rows.margin.dropna().to_dict() == {
        "fig5b.2afc.alpha": pytest.approx(margin / 0.4),
        "table1.entropy": pytest.approx(margin / 2),
    }
    row = rows.loc["fig5b.2afc.alpha"]
    assert row.verdict == verdict
    assert (row.p_equivalence_ours < 0.05) == (verdict == "agrees")
    # From the paper's own interval, [-0.33, 0.18], by hand.
    assert row.p_equivalence == pytest.approx(norm.sf((margin / 0.4 - 0.08) / (0.51 / 2 / 1.959964)), rel=1e-4)


intervals = st.tuples(st.floats(-3, 3), st.floats(0.01, 2)).map(lambda x: interval(x[0] - x[1], x[0] + x[1]))


@given(paper=intervals, ours=intervals)
def test_the_rule_gives_one_verdict_whichever_way_the_scale_points(paper, ours):
    def mirrored(one):
        return interval(-one.ci_high, -one.ci_low)

    verdict, reason = compare(paper, ours)
    assert verdict in VERDICTS
    assert reason
    assert compare(mirrored(paper), mirrored(ours))[0] == verdict


@given(ours=intervals)
def test_a_result_agrees_with_itself(ours):
    assert compare(ours, ours)[0] == "agrees"


def test_a_run_with_everything_gives_every_claim_a_verdict(claims):
    rows = judged(claims, everything())
    assert list(rows.columns)[-len(OURS) :] == OURS
    assert len(rows) == len(claims) == 18
    assert rows.verdict.isin(["agrees", "same_sign", "differs"]).all()
    assert rows.reason.str.len().gt(10).all()
    assert rows[["estimate_ours", "n_ours"]].notna().all(axis=None)
    assert rows.estimate_ours["fig3a.memorability.slope"] == 0.5  # of α, not the intercept


def test_simulated_answers_are_called_simulated_in_the_claims_they_stand_behind_and_in_no_other(claims):
    rows = judged(claims, everything())
    from_people = rows.quantity.str.contains("hit|2AFC")
    assert from_people.sum() == 12
    assert (rows.data_source[from_people] == "simulated").all()
    assert rows.reason[from_people].str.startswith("Simulated observers, not people").all()
    assert (rows.data_source[~from_people] == "model").all()
    human = judged(claims, everything("human"))
    assert (human.data_source[from_people] == "human").all()
    assert not human.reason.str.contains("imulated").any()


def test_what_a_run_lacks_is_not_run_with_the_reason(claims):
    tables = everything()
    del tables["object_size", "memory_game"], tables["memorability", "realness"]
    tables["aesthetics", "memory_game"] = model("hit ~ alpha", source="human", converged="no: hit has one value")
    rows = judged(claims, tables, STUDIES[:3])
    expected = {
        "fig8c.valence.slope": "This run has no study valence.",
        "fig7b.hit.alpha": "This run has no memory game of object_size.",
        "fig5a.fid": "This run has no realness of memorability.",
        "fig7c.hit.alpha": "No model hit ~ alpha: hit has one value.",
    }
    assert rows.reason[rows.verdict == "not_run"].to_dict() == expected


def test_a_model_that_did_not_converge_gives_no_estimate(claims):
    tables = everything() | {("valence", "score"): model("score", converged="no: it did not converge")}
    row = judged(claims, tables).loc["fig8c.valence.slope"]
    assert (row.verdict, row.reason) == ("not_run", "No model score: it did not converge.")
    assert pd.isna(row.estimate_ours)


@pytest.mark.parametrize(
    ("fid", "inception", "note", "verdict"),
    [
        ([30, 25, 20], [2, 3, 4], None, "agrees"),
        ([50, 25, 20], [2, 3, 4], None, "same_sign"),
        ([30, 25, 20], [2, 3, 4], "other features", "same_sign"),
        ([20, 25, 30], [2, 3, 4], None, "differs"),
        ([30, 25, 20], [4, 3, 2], None, "differs"),
    ],
)
def test_realness_agrees_where_fid_is_low_and_falls_and_is_rises(claims, fid, inception, note, verdict):
    tables = everything()
    tables["memorability", "realness"] = tables["memorability", "realness"].assign(
        fid=fid, is_mean=inception, note=note
    )
    row = judged(claims, tables).loc["fig5a.fid"]
    assert row.verdict == verdict
    assert row.estimate_ours == max(fid)


@pytest.mark.parametrize(
    ("name", "estimate", "verdict"),
    [("redness", 0.05, "same_sign"), ("redness", -0.5, "differs"), ("entropy", -0.5, "agrees")],
)
def test_factors_agree_where_all_rise_whatever_entropy_does(claims, name, estimate, verdict):
    tables = everything()
    factors = tables["memorability", "factors"]
    other = model(f"{name} ~ alpha", estimate)
    tables["memorability", "factors"] = pd.concat([factors[factors.model != f"{name} ~ alpha"], other])
    row = judged(claims, tables).loc["fig3b.factors"]
    assert row.verdict == verdict
    assert ("not redness" in row.reason) == (name == "redness")
    assert row.estimate_ours == (6 if name == "entropy" else 5)
    assert f"({5 if name == 'entropy' else 'also'} after Holm's correction)" in row.reason


@pytest.mark.parametrize(("redness", "verdict"), [(0.68, "not_run"), (-0.5, "differs")])
def test_factors_that_were_not_measured_do_not_count_as_falling_and_keep_the_others_from_agreeing(
    claims, redness, verdict
):
    tables = everything()
    factors = tables["memorability", "factors"] = tables["memorability", "factors"].reset_index(drop=True)
    factors.loc[
        factors.model.isin(["object_size ~ alpha", "squareness ~ alpha"]), ["estimate", "ci_low", "ci_high"]
    ] = np.nan
    factors.loc[factors.model == "redness ~ alpha", ["estimate", "ci_low", "ci_high"]] = redness
    row = judged(claims, tables).loc["fig3b.factors"]
    assert row.verdict == verdict
    assert all(name in row.reason.partition("not measured: ")[2] for name in ("object size", "squareness"))
    factors.loc[:, ["estimate", "ci_low", "ci_high"]] = np.nan
    assert judged(claims, tables).loc["fig3b.factors"].verdict == "not_run"


def test_simulated_people_are_as_sensitive_as_the_papers(claims):
    assert paper_sensitivity(claims, "memorability", "memory_game") == pytest.approx(1.92 / 0.68)
    assert paper_sensitivity(claims, "memorability", "two_afc") == pytest.approx(-0.08 / 0.68)
    assert paper_sensitivity(claims, "object_size", "memory_game") == pytest.approx(0.11 / 0.07)
    assert paper_sensitivity(claims, "valence", "memory_game") is None


def test_a_table_that_is_no_list_of_claims_is_refused(tmp_path):
    (tmp_path / "claims.csv").write_text("id,estimate\nx,1\n")
    with pytest.raises(GanalyzeError, match="lacks the column"):
        read_claims(tmp_path / "claims.csv")
    with pytest.raises(FileNotFoundError):
        read_claims(tmp_path / "none.csv")
