"""Tracks: the series of trials of both experiments, prepared before anyone takes part (paper §3.3.2, §3.4).

Tracks come in *slots*. A participant is given a slot and does its series one after the other, so what holds within a
slot holds for a participant: no two clones of one seed, ever. Over the slots, every test image is shown about equally
often. A track table has a row a trial:

    slot, series, track     the prepared participant, their first, second, … series (from 1), and an id of both
    trial_index             place in the series, from 0; practice comes first
    phase                   practice (2AFC, first series) or main
    role                    target: of the test set, what is analysed. filler: shown once (memory game). vigilance: easy
                            trials that tell who pays attention, a repeat after few images or an image from the tails
    image_id, seed_id, class_id, alpha      the generated image
    is_repeat, lag          memory game: 1 where the image was shown before, with `lag` images in between
    foil_image_id, fake_side                2AFC: the real image beside it, and where the generated one stands

Everything is drawn from the run's seed: the same manifests and numbers give the same tracks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganalyze.errors import GanalyzeError
from ganalyze.randomness import stream

COLUMNS = [
    "slot", "series", "track", "trial_index", "phase", "role", "image_id", "seed_id", "class_id", "alpha",
    "is_repeat", "lag", "foil_image_id", "fake_side",
]  # fmt: skip
_ATTEMPTS = 200  # at a series whose lags leave little room


@dataclass(frozen=True)
class MemoryGame:
    """A series of the memory game; the paper's numbers by default (§3.4). targets are repeated after target_lags images
    in between (least, most), vigilance images after vigilance_lags; fillers are shown once."""

    targets: int = 60
    target_lags: tuple[int, int] = (34, 139)
    vigilance: int = 19
    vigilance_lags: tuple[int, int] = (0, 3)
    fillers: int = 57
    most_series: int = 25

    def __post_init__(self) -> None:
        _check_counts(self, ("targets",), ("vigilance", "fillers"))
        for name in ("target_lags", "vigilance_lags"):
            least, most = getattr(self, name)
            if not 0 <= least <= most:
                raise GanalyzeError(f"{name} of the memory game: got {least} to {most}, must ascend from 0")
            if least > self.trials - 2:
                raise GanalyzeError(
                    f"{name} of the memory game: a repeat after {least} images does not fit in {self.trials} trials"
                )

    @property
    def trials(self) -> int:
        return 2 * self.targets + 2 * self.vigilance + self.fillers


@dataclass(frozen=True)
class TwoAfc:
    """A series of the 2AFC task; the paper's numbers by default (§3.3.2). practice comes before the first series."""

    targets: int = 80
    vigilance: int = 20
    practice: int = 20
    most_series: int = 17

    def __post_init__(self) -> None:
        _check_counts(self, ("targets",), ("vigilance", "practice"))


def memory_game_tracks(
    test: pd.DataFrame, fillers: pd.DataFrame, slots: int, series: int, options: MemoryGame, seed: int
) -> pd.DataFrame:
    """Tracks of the memory game for `slots` participants of `series` series each.

    test, fillers: manifests (image_id, seed_id, class_id, alpha). Vigilance images are fillers too.
    Raises GanalyzeError where there are too few seeds, more series than the game allows, or no room for the lags.
    """
    _check_request(slots, series, options)
    targets = _Deck(test, "test", series * options.targets, stream(seed, "tracks", "memory_game", "targets"))
    others = options.vigilance + options.fillers
    rest = _Deck(fillers, "filler", series * others, stream(seed, "tracks", "memory_game", "fillers"))
    rows = []
    for slot in range(slots):
        target_images, other_images = targets.deal(), rest.deal()
        for number in range(series):
            rng = stream(seed, "tracks", "memory_game", slot, number)
            shown = target_images[number * options.targets : (number + 1) * options.targets]
            beside = other_images[number * others : (number + 1) * others]
            vigilance, once = beside[: options.vigilance], beside[options.vigilance :]
            order = _place(options, rng)
            images = {"target": shown, "vigilance": vigilance, "filler": once}
            for index, (role, item, lag) in enumerate(order):
                rows.append([*_track(slot, number), index, "main", role, *images[role][item],
                             int(lag is not None), lag, None, None])  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS).astype({"lag": "Int64"})


def two_afc_tracks(
    test: pd.DataFrame,
    vigilance: pd.DataFrame,
    real: pd.DataFrame,
    slots: int,
    series: int,
    options: TwoAfc,
    seed: int,
) -> pd.DataFrame:
    """Tracks of the 2AFC task. real: the real images (image_id, class_id); each generated image stands beside a random
    one of its class. The generated image is left in half of the trials of a phase, right in the other.

    Practice shows seeds of the test set that the slot does not show otherwise. Raises GanalyzeError where there are too
    few seeds, more series than the task allows, or no real image of a class.
    """
    _check_request(slots, series, options)
    wanted = series * options.targets + options.practice
    targets = _Deck(test, "test", wanted, stream(seed, "tracks", "two_afc", "targets"))
    tails = _Deck(vigilance, "vigilance", series * options.vigilance, stream(seed, "tracks", "two_afc", "vigilance"))
    foils = {class_id: images.to_list() for class_id, images in real.groupby("class_id").image_id}
    lacking = sorted({*test.class_id, *vigilance.class_id} - set(foils))
    if lacking:
        raise GanalyzeError(f"there are no real images of {len(lacking)} class(es) of the generated ones, first class "
                            f"{lacking[0]}")  # fmt: skip
    rows = []
    for slot in range(slots):
        target_images, tail_images = targets.deal(), tails.deal()
        for number in range(series):
            rng = stream(seed, "tracks", "two_afc", slot, number)
            shown = target_images[number * options.targets : (number + 1) * options.targets]
            easy = tail_images[number * options.vigilance : (number + 1) * options.vigilance]
            main = [("target", image) for image in shown] + [("vigilance", image) for image in easy]
            practice = [("target", image) for image in target_images[series * options.targets :]] if number == 0 else []
            index = 0
            for phase, trials in (("practice", practice), ("main", [main[i] for i in rng.permutation(len(main))])):
                sides = rng.permutation(np.resize(["left", "right"], len(trials)))
                for (role, image), side in zip(trials, sides, strict=True):
                    foil = foils[image[2]][rng.integers(len(foils[image[2]]))]
                    rows.append([*_track(slot, number), index, phase, role, *image, 0, None, foil, side])
                    index += 1
    return pd.DataFrame(rows, columns=COLUMNS).astype({"lag": "Int64"})


class _Deck:
    """An image set to be dealt to slots: to each `count` seeds, and of each seed one clone.

    Seeds that were dealt least often come first, and so do the clones of a seed; chance decides among equals. So no
    image is ever ahead of another by more than a few showings.
    """

    def __init__(self, manifest: pd.DataFrame, name: str, count: int, rng: np.random.Generator):
        seeds = manifest.seed_id.nunique()
        if seeds < count:
            raise GanalyzeError(f"{count} seeds of the {name} set are needed for a participant, who may meet a seed "
                                f"only once; there are {seeds}: ask for fewer series or make a larger set")  # fmt: skip
        self._count, self._rng = count, rng
        columns = ["image_id", "seed_id", "class_id", "alpha"]
        self._clones = [list(rows) for _, rows in _records(manifest, columns)]
        self._seeds_dealt = np.zeros(len(self._clones), int)
        self._clones_dealt = [np.zeros(len(clones), int) for clones in self._clones]

    def deal(self) -> list[tuple]:
        """The images (image_id, seed_id, class_id, alpha) of the next slot, in random order."""
        order = self._rng.permutation(len(self._clones))
        chosen = order[np.argsort(self._seeds_dealt[order], kind="stable")][: self._count]
        self._seeds_dealt[chosen] += 1
        dealt = []
        for seed in self._rng.permutation(chosen):
            counts = self._clones_dealt[seed]
            clone = self._rng.choice(np.flatnonzero(counts == counts.min()))
            counts[clone] += 1
            dealt.append(self._clones[seed][clone])
        return dealt


def _records(manifest: pd.DataFrame, columns: Sequence[str]):
    ordered = manifest.sort_values(["seed_id", "alpha"])
    return ((seed, rows[columns].itertuples(index=False, name=None)) for seed, rows in ordered.groupby("seed_id"))


def _place(options: MemoryGame, rng: np.random.Generator) -> list[tuple[str, int, int | None]]:
    """The order of a series: (role, which image of the role, lag or None) of each trial.

    Repeats with few images in between need neighbours that are both free, so they are placed first; the lags of the
    targets are drawn uniformly among those that fit, and fillers take what is left.
    """
    for _ in range(_ATTEMPTS):
        order: list = [None] * options.trials
        pairs = [("vigilance", item, options.vigilance_lags) for item in range(options.vigilance)]
        pairs += [("target", item, options.target_lags) for item in range(options.targets)]
        if all(_place_pair(order, *pair, rng) for pair in pairs):
            free = [index for index, trial in enumerate(order) if trial is None]
            for item, index in enumerate(rng.permutation(free)):
                order[index] = ("filler", item, None)
            return order
    least, most = options.target_lags
    raise GanalyzeError(f"{options.targets} targets repeated after {least} to {most} images do not fit in "
                        f"{options.trials} trials: allow other lags or more fillers")  # fmt: skip


def _place_pair(order: list, role: str, item: int, lags: tuple[int, int], rng: np.random.Generator) -> bool:
    """Put an image and its repeat where both places are free; False where there are no such places."""
    free = np.array([trial is None for trial in order])
    for lag in rng.permutation(np.arange(lags[0], min(lags[1], len(order) - 2) + 1)):
        first = np.flatnonzero(free[: len(order) - lag - 1] & free[lag + 1 :])
        if len(first):
            index = int(rng.choice(first))
            order[index], order[index + lag + 1] = (role, item, None), (role, item, int(lag))
            return True
    return False


def _track(slot: int, number: int) -> tuple[int, int, str]:
    return slot, number + 1, f"{slot:04d}-{number + 1:02d}"


def _check_counts(options, positive: Sequence[str], not_negative: Sequence[str]) -> None:
    for name in (*positive, *not_negative):
        if getattr(options, name) < (name in positive):
            least = 1 if name in positive else 0
            raise GanalyzeError(f"{name} of a series: got {getattr(options, name)}, must be at least {least}")


def _check_request(slots: int, series: int, options: MemoryGame | TwoAfc) -> None:
    if slots < 1 or series < 1:
        raise GanalyzeError(f"tracks for {slots} participant(s) of {series} series: both must be at least 1")
    if series > options.most_series:
        raise GanalyzeError(f"{series} series: a participant may do at most {options.most_series}")
