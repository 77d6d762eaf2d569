"""Is it the direction? What the controls found, in words: each sentence is written from the tables. No torch."""

from pathlib import Path

import pandas as pd

from ganalyze.figures.style import alpha_label, number, with_interval
from ganalyze.models.assessors import ASSESSORS
from ganalyze.report.findings import listed
from ganalyze.support.tables import read_table


def steps_in_words(steps: pd.DataFrame, robust: pd.DataFrame) -> str:
    """At which steps of α the score rises (`steps.csv`), and its slope asked otherwise (`robust_models.csv`)."""
    own = robust.query("model == 'own slopes' and term == 'alpha'").dropna(subset="estimate")
    bend = robust.query("model == 'levels off' and term == 'I(alpha^2)'")
    told = _steps(steps)
    for slope in own.itertuples():
        interval = with_interval(slope.estimate, slope.ci_low, slope.ci_high)
        told += f" With a slope of its own for each seed, it changes by {interval} per unit of α"
        told += ", and levels off." if (bend.ci_high < 0).any() else "."
    return told


def _steps(steps: pd.DataFrame) -> str:
    rise, fall = steps.p_holm.lt(0.05) & steps["mean"].gt(0), steps.p_holm.lt(0.05) & steps["mean"].lt(0)
    if rise.all():
        return "The score rises at every step of α."
    told = [f"The score rises at {int(rise.sum())} of {len(steps)} steps of α"]
    for which, words in ((fall, "falls"), (~rise & ~fall, "cannot be told from level")):
        if which.any():
            places = [
                f"{alpha_label(step.alpha_from)} to {alpha_label(step.alpha_to)}" for step in steps[which].itertuples()
            ]
            told.append(f"it {words} from {listed(places)}")
    return f"{'; '.join(told)}."


def slopes_in_words(table: pd.DataFrame) -> str:
    """Whether the slope of the score hangs on the analysis (`robustness.csv`)."""
    slopes = table.dropna(subset="estimate")
    told = slopes.ci_low * slopes.ci_high > 0
    same = (slopes.estimate > 0).all() or (slopes.estimate < 0).all()
    lowest, highest = number(slopes.estimate.min()), number(slopes.estimate.max())
    between = f"is {lowest}" if lowest == highest else f"lies between {lowest} and {highest}"
    text = f"Asked in {len(slopes)} ways, the slope of the score {between} per unit of α"
    if told.all() and same:
        text += ", and every time it can be told from none"
    elif told.any():
        text += (
            f", and can be told from none in {int(told.sum())} of them, not by {listed(list(slopes.analysis[~told]))}"
        )
    else:
        text += ", and never can be told from none"
    if not same:
        text += "; its sign hangs on the analysis"
    return f"{text}. {table.note.iloc[-1]}."


def explained_in_words(table: pd.DataFrame, subject: str) -> str:
    """Which factors go along with the score's changes (`explained.csv`)."""
    *factors, whole = table.itertuples()
    largest = sorted((row for row in factors if row.share >= 0.05), key=lambda row: -row.share)
    told = listed([f"{row.factor.replace('_', ' ')} {row.share:.0%}" for row in largest])
    return (
        f"Of how the score of the same {subject[:-1]} changes, the image factors explain {whole.share:.0%} "
        f"[{whole.share_ci_low:.0%}, {whole.share_ci_high:.0%}]{f': {told}' if told else ''}."
    )


def null_in_words(table: pd.DataFrame) -> str:
    """How the learnt direction compares with random ones (`null_directions.csv`)."""
    learnt, null = table.slope[0], table.slope[1:]
    steeper = int((null.abs() >= abs(learnt)).sum())
    text = (
        f"Along this direction the score changes by {number(learnt)} per unit of α, along {len(null)} random "
        f"directions of the same length by {number(null.min())} to {number(null.max())} "
    )
    if steeper:
        return f"{text}({steeper} of them as steep, p = {table.p[0]:.2f})."
    return f"{text}(none as steep, p = {table.p[0]:.2f}, the least that so many can give)."


def stability_in_words(folder: Path) -> str:
    """How further trainings compare, and how the slope grew with samples. folder: results/<run>/<study>."""
    slopes, cosines = read_table(folder / "replicates.csv").slope, read_table(folder / "replicates.cosines.csv")
    way = read_table(folder / "along_training.csv")
    text = (
        f"{len(slopes) - 1} further trainings on other random batches found slopes of {number(slopes[1:].min())} to "
        f"{number(slopes[1:].max())} (this one: {number(slopes[0])}); cosines of each two of the directions are "
        f"{cosines.cosine.min():.2f} to {cosines.cosine.max():.2f}, where random ones stay within "
        f"±{cosines.random_95.iloc[0]:.2f}. "
    )
    if cosines.cosine.min() > 0.9:
        text += "They are nearly the same direction."
    elif cosines.cosine.min() > cosines.random_95.iloc[0]:
        text += "They agree in part: several directions raise the score, and chance decides among them."
    else:
        text += "Some have no more in common than random directions: many ways raise the score."
    before = way[way.share >= 0.9].samples.min()
    return f"{text} Nine tenths of the slope were there after {before} of {way.samples.max()} samples."


def judges_in_words(table: pd.DataFrame, subject: str) -> list[str]:
    """What each further assessor makes of the images (`judges.csv`), a sentence each."""
    told = []
    for row in table.iloc[1:].itertuples():
        rises, falls = row.change_ci_low > 0, row.change_ci_high < 0
        seen = "sees the rise too" if rises else "sees a fall" if falls else "does not see the rise"
        change = with_interval(row.change, row.change_ci_low, row.change_ci_high)
        correlation = with_interval(row.correlation, row.correlation_ci_low, row.correlation_ci_high)
        told.append(
            f"{ASSESSORS[row.judge].title} {seen}: from the smallest α to the largest its score changes by {change} of "
            f"its standard deviations over unmodified {subject}, {row.rising:.0%} of them rise, and its changes "
            f"correlate with those of the trained assessor by {correlation}."
        )
    return told
