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

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ganalyze.experiments.experiment import Experiment, ExperimentSettings
from ganalyze.experiments.tracks.pools import Pool, Stock
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
    experiment: Experiment, settings: ExperimentSettings, manifests: Sequence[pd.DataFrame], seed: int
) -> pd.DataFrame:
    """The track table of `settings.participants` slots with `settings.series` series each.

    manifests: of the image sets that a participant meets, in the order of `settings.seeds`.

    Raises GanalyzeError where the design does not fit, the sets have too few seeds, or a class has no real image.
    """
    for manifest in manifests:
        if missing := [name for name in _OF_AN_IMAGE if name not in manifest]:
            raise GanalyzeError(f"a manifest lacks the column(s) {', '.join(missing)}")
    if len(manifests) != len(settings.seeds):
        raise GanalyzeError(
            f"{experiment.title}: got {len(manifests)} manifest(s), needs those of {' and '.join(settings.seeds)}"
        )
    rng = stream(seed, "tracks", type(experiment).__name__)
    images = pd.concat(manifests, ignore_index=True)[_OF_AN_IMAGE]
    ends = np.cumsum([len(manifest) for manifest in manifests])
    pools = [
        Pool(images[end - len(manifest) : end], settings.participants, rng)
        for end, manifest in zip(ends, manifests, strict=True)
    ]
    trials = experiment.deal(settings, Stock(images, pools, settings.participants, rng))
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
