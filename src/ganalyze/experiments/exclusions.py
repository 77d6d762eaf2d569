"""Which series count (paper §3.3.2, §3.4), and what is analysed of them.

Memory game: a series does not count where more than 55 % of its vigilance repeats were missed or more than 30 % of
the images that were new raised a false alarm. 2AFC: where less than 65 % of its vigilance trials were correct. Such a
series blocks the participant, so what they did later does not count either, nor do series beyond the 25th (17th).
Practice is no part of it.

The paper says nothing of series that were broken off and of trials that were not seen as intended; ours is the rule of
`Exclusions`.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.support.intervals import normal_interval
from ganalyze.support.settings import Settings

BROKEN_OFF = "broken off before its last trial"


class Exclusions(Settings):
    """What does not count, besides what the paper says."""

    broken_off: Literal["exclude", "keep"] = Field(
        default="exclude", description="series with fewer trials than planned, or else than the longest of the table"
    )
    unseen: Literal["exclude", "keep"] = Field(
        default="exclude",
        description="data points whose image was not seen as intended: the window was hidden, or times were off",
    )
    tolerance: float = Field(
        default=0.25,
        gt=0,
        description="times are off where the image was on, or the next one came, later or sooner than in the median "
        "trial by more than this share of it",
    )


OURS = Exclusions()


def judge_series(trials: pd.DataFrame, experiment: str, exclusions: Exclusions = OURS) -> pd.DataFrame:
    """One row a series: participant, series, trials, planned, unseen (of those trials, not seen as intended),
    vigilance_errors, false_alarms (shares), kept (0 or 1), reason.

    trials: a checked trial table. A series without a vigilance trial cannot be judged and is not kept. One that was
    broken off is not judged, and does not block its participant: they may have gone on in another.
    """
    main = trials[trials.phase == "main"].reset_index(drop=True)
    kind = EXPERIMENTS[experiment]
    rules = kind.rules
    by = [main.participant, main.series]
    vigilance = main[kind.judged(main)]
    judged = pd.DataFrame({"trials": trials.phase.eq("main").groupby([trials.participant, trials.series]).sum()})
    judged["planned"] = judged.trials.max()
    if "planned" in trials:
        known = trials.groupby(["participant", "series"]).planned.first()
        judged["planned"] = known.fillna(judged.planned).astype(int)
    judged["unseen"] = unseen(main, experiment, exclusions.tolerance).groupby(by).sum()
    judged["unseen"] = judged.unseen.fillna(0).astype(int)
    judged["vigilance_errors"] = 1 - vigilance.correct.astype(float).groupby(by).mean()
    new = main[main.is_repeat == 0]
    judged["false_alarms"] = (
        new.response.astype(float).groupby(by).mean() if rules.max_false_alarms is not None else float("nan")
    )
    judged = judged.reset_index().sort_values(["participant", "series"], ignore_index=True)

    # Shares of counts are compared after rounding, so that 11 of 20 is exactly 55 %.
    reason = pd.Series("", index=judged.index)
    missed = judged.vigilance_errors.round(9) > rules.max_vigilance_errors
    reason[missed] = f"more than {rules.max_vigilance_errors:.0%} of vigilance trials failed"
    reason[judged.vigilance_errors.isna()] = "no vigilance trial to judge it by"
    if rules.max_false_alarms is not None:
        alarms = judged.false_alarms.round(9) > rules.max_false_alarms
        reason[alarms & ~missed] = f"more than {rules.max_false_alarms:.0%} false alarms"
    broken_off = (judged.trials < judged.planned) & (exclusions.broken_off == "exclude")
    failed = ((reason != "") & ~broken_off).astype(int)
    reason[broken_off] = BROKEN_OFF
    reason[(judged.series > rules.max_series) & (reason == "")] = f"beyond {rules.max_series} series"
    reason[failed.groupby(judged.participant).cumsum() > failed] = "blocked after an earlier series"
    return judged.assign(kept=(reason == "").astype(int), reason=reason)


def unseen(trials: pd.DataFrame, experiment: str, tolerance: float) -> pd.Series:
    """Which trials were not seen as intended, (N,) bool: the window was hidden, the image was on too long or too short,
    or, where the experiment sets the pace, the next one came too late or too soon.

    Of what a table does not tell nothing is held against a trial. tolerance: as in `Exclusions`.
    """
    off = pd.Series(False, trials.index)
    if "hidden" in trials:
        off |= trials.hidden.fillna(0) == 1
    for duration in _durations(trials, experiment):
        median = duration.median()
        off |= (duration - median).abs() > tolerance * median
    return off


def _durations(trials: pd.DataFrame, experiment: str) -> Iterator[pd.Series]:
    if "image_ms" in trials:
        yield trials.image_ms.astype(float)
    if EXPERIMENTS[experiment].paced and "shown_at" in trials:
        order = trials.sort_values(["participant", "series", "trial_index"])
        onset = pd.to_datetime(order.shown_at, utc=True, format="ISO8601")
        until_next = -onset.groupby([order.participant, order.series]).diff(-1)
        yield until_next.dt.total_seconds().reindex(trials.index)


def data_points(
    trials: pd.DataFrame, series: pd.DataFrame, experiment: str, exclusions: Exclusions = OURS
) -> pd.DataFrame:
    """What is analysed: one row a repeat of a target (memory game) or a pair with one (2AFC), in series that are kept.

    Columns: participant, series, image_id, seed_id, class_id, alpha, the experiment's outcome (0 or 1), data_source. A
    2AFC trial without a response is left out, and so is, unless `exclusions` keeps it, an image that was not seen as
    intended, when it first came or when it came back.
    """
    if exclusions.unseen == "exclude":
        off = unseen(trials, experiment, exclusions.tolerance)
        trials = trials[~off.groupby([trials.participant, trials.series, trials.image_id]).transform("any")]
    kept = trials.merge(series.loc[series.kept == 1, ["participant", "series"]], on=["participant", "series"])
    kept = kept[(kept.phase == "main") & (kept.role == "target")]
    kept = kept[EXPERIMENTS[experiment].analysed(kept)]
    columns = ["participant", "series", "image_id", "seed_id", "class_id", "alpha", "correct", "data_source"]
    return kept[columns].rename(columns={"correct": EXPERIMENTS[experiment].outcome}).reset_index(drop=True)


def by_alpha(points: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """One row an α: alpha, data_points, images, participants, rate, ci_low, ci_high, data_source.

    rate is the share of hits (or correct answers). Its 95 % interval is for comparing one α with another: how much
    participants differ as a whole is taken out, as each meets every α (Cousineau 2005, with the correction of Morey
    2008), and what one participant answers may depend on itself (cluster-robust standard error, normal approximation).
    """
    # Here, for Snakemake imports this module at every start, and statsmodels takes more than a second.
    from statsmodels.regression.linear_model import OLS

    outcome, rows = EXPERIMENTS[experiment].outcome, []
    answers = points[outcome].astype(float)
    within = answers - answers.groupby(points.participant).transform("mean")
    alphas = points.alpha.nunique()
    for alpha, group in points.groupby("alpha"):
        people, rate = group.participant.nunique(), answers[group.index].mean()
        left = within[group.index]
        error = float("nan")
        if min(people, alphas) > 1:
            clusters = {"groups": pd.factorize(group.participant)[0], "use_correction": False}
            fit = OLS(left.to_numpy(), np.ones(len(left))).fit(cov_type="cluster", cov_kwds=clusters)
            error = (people / (people - 1) * alphas / (alphas - 1)) ** 0.5 * fit.bse[0]
        low, high = normal_interval(rate, error)
        rows.append(
            {
                "alpha": alpha,
                "data_points": len(group),
                "images": group.image_id.nunique(),
                "participants": people,
                "rate": rate,
                "ci_low": low,
                "ci_high": high,
            }
        )
    columns = ["alpha", "data_points", "images", "participants", "rate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns).assign(data_source=points.data_source.iloc[0] if len(points) else "")
