"""Tracks: every series of trials is prepared in advance (paper §3.3.2, §3.4).

A *slot* is a prepared participant: all the series one person may do. Within a slot no two clones of one seed are ever
shown. Over all slots, every image of a set is shown about equally often, and this holds for the first series of each
slot alone, for the first two, and so on, since few people do them all.

The track table has one row a trial, ordered by slot, series and trial_index:

    slot            from 0
    series          of the slot, from 1
    track           unique name of slot and series, e.g. 0012-03
    trial_index     place in the series, from 0
    phase           main, or practice (2AFC, before a slot's first series)
    role            target (an image of the test set, what the experiment is about), vigilance (an easy trial that tells
                    whether someone attends) or filler (memory game: keeps targets and their repeats apart)
    image_id, seed_id, class_id, alpha      the generated image, as in its manifest
    is_repeat, lag  memory game: 1 where the image was shown before in this series, and how many images since; else 0
                    and empty
    foil_image_id, fake_side    2AFC: the real image beside it, and the side (left, right) of the generated one
"""

import numpy as np
import pandas as pd

from ganalyze.experiments.designs import MemoryGame, TwoAfc
from ganalyze.experiments.tracks.pools import Photographs, Pool
from ganalyze.experiments.tracks.series import pairs, sequence
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.randomness import stream

COLUMNS = [
    "slot",
    "series",
    "track",
    "trial_index",
    "phase",
    "role",
    "image_id",
    "seed_id",
    "class_id",
    "alpha",
    "is_repeat",
    "lag",
    "foil_image_id",
    "fake_side",
]
_OF_AN_IMAGE = ["image_id", "seed_id", "class_id", "alpha"]


def build_tracks(
    design: MemoryGame | TwoAfc,
    targets: pd.DataFrame,
    others: pd.DataFrame,
    participants: int,
    series: int,
    seed: int,
    foils: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The track table of `participants` slots with `series` series each.

    targets: manifest of the test set. others: of the filler set (memory game), or of the vigilance set (2AFC). foils:
    2AFC, manifest of real images (image_id, class_id); without it they are named real_<class_id>_<0…9>, ten a class as
    in the paper, to be supplied under these names.

    Raises GanalyzeError where the design does not fit, the sets have too few seeds, or a class has no real image.
    """
    for name, count in (("participants", participants), ("series", series)):
        if count < 1:
            raise GanalyzeError(f"{name}: got {count}, must be above 0")
    for manifest in (targets, others):
        if missing := [name for name in _OF_AN_IMAGE if name not in manifest]:
            raise GanalyzeError(f"a manifest lacks the column(s) {', '.join(missing)}")
    rng = stream(seed, "tracks", type(design).__name__)
    images = pd.concat([targets, others], ignore_index=True)[_OF_AN_IMAGE]
    test = Pool(images[: len(targets)], participants, rng)
    other = Pool(images[len(targets) :], participants, rng)
    if isinstance(design, TwoAfc):
        easy = design.practice // 2
        test.check_enough("test set", series, design.targets, design.practice - easy)
        other.check_enough("vigilance set", series, design.vigilance, easy)
        photographs = Photographs(foils, images.class_id, participants, rng)
    else:
        test.check_enough("test set", series, design.targets)
        other.check_enough("filler set", series, design.vigilance + design.fillers)

    trials: dict[tuple[int, int], dict[str, np.ndarray]] = {}
    # Series by series, not slot by slot: what many people do is balanced first.
    for number in range(1, series + 1):
        if isinstance(design, MemoryGame):
            dealt = zip(test.deal(design.targets), other.deal(design.vigilance + design.fillers), strict=True)
            made = [sequence(design, np.concatenate(rows), rng) for rows in dealt]
        else:
            phases = {"main": (test.deal(design.targets), other.deal(design.vigilance))}
            if number == 1:
                warm_up = test.deal(design.practice - easy, counts=False), other.deal(easy, counts=False)
                phases = {"practice": warm_up, **phases}
            made = [
                pairs(
                    {phase: (hard[slot], easily[slot]) for phase, (hard, easily) in phases.items()},
                    photographs,
                    slot,
                    rng,
                )
                for slot in range(participants)
            ]
        trials |= {(slot, number): trial for slot, trial in enumerate(made)}
    keys = sorted(trials)
    lengths = [len(trials[key]["row"]) for key in keys]
    tracks = pd.DataFrame(
        {
            "slot": np.repeat([slot for slot, _ in keys], lengths),
            "series": np.repeat([number for _, number in keys], lengths),
            "track": np.repeat(np.array([f"{slot:04d}-{number:02d}" for slot, number in keys], object), lengths),
            "trial_index": np.concatenate([np.arange(length) for length in lengths]),
            **{name: np.concatenate([trials[key][name] for key in keys]) for name in trials[keys[0]]},
        }
    )
    tracks[_OF_AN_IMAGE] = images.iloc[tracks.row].to_numpy(object)
    tracks = tracks.astype({"seed_id": int, "class_id": int, "alpha": float, "lag": "Int64"})
    tracks["lag"] = tracks.lag.where(tracks.is_repeat == 1)
    return tracks[COLUMNS]
