"""What was found, in words and pictures: each sentence is written from the tables. No torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ganalyze.figures.sequences import choose_seeds
from ganalyze.figures.style import alpha_label, number
from ganalyze.images.image_sets import ImageSet, gains
from ganalyze.report.pictures import picture
from ganalyze.support.intervals import mean_interval
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
    mean, low, high = mean_interval(gains(scores))
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]".replace("-", "−")


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
