"""What was found, in words and pictures: each sentence is written from the tables. No torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ganalyze.figures.sequences import choose_seeds
from ganalyze.figures.style import alpha_label, number, with_interval
from ganalyze.images.image_sets import ImageSet, gains
from ganalyze.models.assessors import ASSESSORS
from ganalyze.report.pictures import picture
from ganalyze.support.intervals import normal_interval
from ganalyze.support.tables import read_table

# How an image comes out when a factor rises, and when it falls.
WORDS = {
    "brightness": ("brighter", "darker"),
    "colorfulness": ("more colourful", "less colourful"),
    "redness": ("redder", "less red"),
    "entropy": ("richer in tones of grey", "poorer in tones of grey"),
    "object_size": ("larger in the frame", "smaller in the frame"),
    "centeredness": ("nearer the centre", "farther from the centre"),
    "squareness": ("rounder in outline", "longer in outline"),
}
PLAIN, SLIGHT = 0.5, 0.2  # standard deviations over images: a change plain to see, and one hardly there


def factor_changes(folder: Path) -> pd.DataFrame:
    """How each factor of a study changes from the smallest α to the largest. folder: results/<run>/<study>.

    By factor: change, in standard deviations over the images; certain: whether the slope on α can be told from 0;
    text: the change as printed; words: what it looks like. Factors that were not measured are left out.
    """
    means = read_table(folder / "factors.by_alpha.csv").dropna(subset="mean_z")
    by_alpha = means.pivot(index="factor", columns="alpha", values="mean_z")
    models = read_table(folder / "factor_models.csv").query("term == 'alpha'")
    slopes = models.set_index(models.model.str.partition(" ~ ")[0])
    changes = pd.DataFrame({"change": by_alpha.iloc[:, -1] - by_alpha.iloc[:, 0]}).loc[
        [factor for factor in WORDS if factor in by_alpha.index]
    ]
    bounds = slopes.reindex(changes.index)
    changes["certain"] = bounds.ci_low * bounds.ci_high > 0
    changes["text"] = [f"{'+' if x > 0 else ''}{number(x)}" for x in changes.change]
    changes["words"] = [WORDS[factor][int(x < 0)] for factor, x in changes.change.items()]
    return changes


def subject_of(images: ImageSet) -> str:
    """What the images show, in the plural: "faces" where there is one class, else "images"."""
    names = images.manifest.class_name.unique()
    return f"{names[0]}s" if len(names) == 1 else "images"


def in_words(changes: pd.DataFrame, subject: str) -> str:
    """ "As α rises, faces come out darker and larger in the frame; redness hardly changes." """
    plain = changes[changes.certain & (changes.change.abs() >= PLAIN)]
    plain = plain.loc[plain.change.abs().sort_values(ascending=False, kind="stable").index]
    still = changes[changes.change.abs() < SLIGHT]
    said = [f"as α rises, {subject} come out {listed(list(plain.words))}"] if len(plain) else []
    if len(still):
        verb = "hardly changes" if len(still) == 1 else "hardly change"
        said.append(f"{listed([name.replace('_', ' ') for name in still.index])} {verb}")
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else "None of the measured factors changes much."


def listed(words: Sequence[str]) -> str:
    """ "a, b and c" """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def score_in_words(images: ImageSet, means: pd.DataFrame, assessor: str, subject: str) -> str:
    """How the score goes with α, and how many seeds rise and fall."""
    first, last = means.iloc[0], means.iloc[-1]
    gains = images.gains()
    fall, count = int((gains < 0).sum()), len(gains)
    falling = "none falls" if fall == 0 else f"{fall} {'falls' if fall == 1 else 'fall'}"
    text = (
        f"From α = {alpha_label(first.alpha)} to {alpha_label(last.alpha)} the mean score ({assessor}) of {count:,} "
        f"{subject} that training never saw goes from {number(first['mean'])} to {number(last['mean'])}: "
        f"{int((gains > 0).sum()):,} of {count:,} rise, {falling}."
    )
    highest = means.loc[means["mean"].idxmax()]
    if highest.alpha != last.alpha:
        text += f" It is highest at α = {alpha_label(highest.alpha)} ({number(highest['mean'])})."
    return text


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


def others_in_words(alignment: pd.DataFrame, study: str, others: Mapping[str, str]) -> str:
    """What other assessors make of a study's direction, where it moves them by `PLAIN` or more. others: titles of
    studies with assessors of their own."""
    rows = alignment[(alignment.direction == study) & alignment.assessor.isin(others)]
    rows = rows[(rows.change.abs() >= PLAIN) & (rows.change_ci_low * rows.change_ci_high > 0)]
    moved = {
        others[row.assessor].lower(): f"{'+' if row.change > 0 else ''}{number(row.change)}"
        for row in rows.itertuples()
    }
    if not moved:
        return ""
    return f"Along with it moves what the others score: {listed([f'{name} ({x} SD)' for name, x in moved.items()])}."


def held_in_words(
    study: str,
    held: Sequence[tuple[str, float]],
    tables: Sequence[pd.DataFrame],
    scores: Mapping[str, pd.DataFrame],
) -> str:
    """How the scores that a study holds change along it, and along the study that differs in that it holds none.

    held: name and weight of each score. tables: of each of them, study, seed_id, alpha, score. scores: the raised score
    (seed_id, alpha, score) by study, of those in the tables.
    """
    weights = listed([f"{name} (weight {weight:g})" for name, weight in held])
    told = f"It was learnt to raise the score and to hold {weights}."
    for along in sorted(scores, key=lambda name: name != study):
        where = "" if along == study else f" along {along.replace('_', ' ')}, which holds nothing,"
        others = [
            f"{name} changes by {_change(table[table.study == along])}"
            for (name, _), table in zip(held, tables, strict=True)
        ]
        told += (
            f" From the smallest α to the largest{where} {listed([*others, f'the score by {_change(scores[along])}'])}."
        )
    return told


def _change(scores: pd.DataFrame) -> str:
    """The mean change from the smallest α to the largest, in the score's unit, with its 95 % interval over seeds."""
    change = gains(scores)
    low, high = normal_interval(change.mean(), change.std() / len(change) ** 0.5)
    return f"{change.mean():.3f} [{low:.3f}, {high:.3f}]".replace("-", "−")


def strip(images: ImageSet, seed: int, assessor: str, width: int = 256) -> list[dict[str, Any]]:
    """One seed at every alpha of the grid: data (URI), alpha, score, and alt, what the picture is."""
    clones = images.manifest.set_index(["seed_id", "alpha"]).sort_index()
    tiles = []
    for alpha in images.alphas:
        clone = clones.loc[(seed, alpha)]
        score = number(clone.score)
        alt = f"generated {clone.class_name}, seed {seed} at α = {alpha_label(alpha)}, {assessor} {score}"
        data = picture(images.image(clone.image_id), width)
        tiles.append({"data": data, "alpha": alpha_label(alpha), "score": score, "alt": alt})
    return tiles


def median_strip(images: ImageSet, assessor: str) -> dict[str, Any]:
    """The strip of the seed whose gain is the median: the most ordinary one."""
    (seed,) = choose_seeds(images, 1)
    return {"seed": seed, "tiles": strip(images, seed, assessor)}
