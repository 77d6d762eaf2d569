"""Which series count (paper §3.3.2, §3.4), and what is analysed of them.

Memory game: a series does not count where more than 55 % of its vigilance repeats were missed or more than 30 % of
the images that were new raised a false alarm. 2AFC: where less than 65 % of its vigilance trials were correct. Such a
series blocks the participant, so what they did later does not count either, nor do series beyond the 25th (17th).
Practice is no part of it.
"""

import numpy as np
import pandas as pd

from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.support.intervals import normal_interval


def judge_series(trials: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """One row a series: participant, series, trials, vigilance_errors, false_alarms (shares), kept (0 or 1), reason.

    trials: a checked trial table. A series without a vigilance trial cannot be judged and is not kept.
    """
    main = trials[trials.phase == "main"].reset_index(drop=True)
    kind = EXPERIMENTS[experiment]
    rules = kind.rules
    by = [main.participant, main.series]
    vigilance = main[kind.judged(main)]
    judged = pd.DataFrame({"trials": main.groupby(by).size()})
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
    failed = (reason != "").astype(int)
    reason[(judged.series > rules.max_series) & (reason == "")] = f"beyond {rules.max_series} series"
    reason[failed.groupby(judged.participant).cumsum() > failed] = "blocked after an earlier series"
    return judged.assign(kept=(reason == "").astype(int), reason=reason)


def data_points(trials: pd.DataFrame, series: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """What is analysed: one row a repeat of a target (memory game) or a pair with one (2AFC), in series that are kept.

    Columns: participant, series, image_id, seed_id, class_id, alpha, the experiment's outcome (0 or 1), data_source. A
    2AFC trial without a response is left out.
    """
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
