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

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from ganalyze.errors import GanalyzeError
from ganalyze.randomness import stream

COLUMNS = [
    "slot", "series", "track", "trial_index", "phase", "role", "image_id", "seed_id", "class_id", "alpha", "is_repeat",
    "lag", "foil_image_id", "fake_side",
]  # fmt: skip
_OF_AN_IMAGE = ["image_id", "seed_id", "class_id", "alpha"]
FOILS_PER_CLASS = 10  # paper §3.3.2
_LAYOUTS_TRIED = 200


@dataclass(frozen=True)
class MemoryGame:
    """One series of the visual memory game (paper §3.4); the defaults make its 215 trials.

    targets and vigilance images are shown twice, with `*_lags` (least, most) other images in between; fillers once.
    """

    targets: int = 60
    vigilance: int = 19
    fillers: int = 57
    target_lags: tuple[int, int] = (34, 139)
    vigilance_lags: tuple[int, int] = (0, 3)

    def __post_init__(self) -> None:
        _check_counts(self, "targets")
        for name in ("target_lags", "vigilance_lags"):
            least, most = getattr(self, name)
            if not 0 <= least <= most:
                raise GanalyzeError(f"{name}: got {least} to {most}, must be from 0 or more to no less")
            if getattr(self, name.removesuffix("_lags").replace("target", "targets")) and least > self.trials - 2:
                raise GanalyzeError(
                    f"{name}: at least {least} images between two presentations do not fit into {self.trials} trials"
                )

    @property
    def trials(self) -> int:
        return 2 * (self.targets + self.vigilance) + self.fillers


@dataclass(frozen=True)
class TwoAfc:
    """One series of the 2AFC realness task (paper §3.3.2): pairs of a generated and a real image of the same class.

    vigilance pairs have a fake that is easy to tell. practice pairs come before a participant's first series, half of
    them as easy; they use up seeds like all others.
    """

    targets: int = 80
    vigilance: int = 20
    practice: int = 20

    def __post_init__(self) -> None:
        _check_counts(self, "targets")


DESIGNS = {"memory_game": MemoryGame, "two_afc": TwoAfc}


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
    test = _Pool(images[: len(targets)], participants, rng)
    other = _Pool(images[len(targets) :], participants, rng)
    if isinstance(design, TwoAfc):
        easy = design.practice // 2
        test.check_enough("test set", series, design.targets, design.practice - easy)
        other.check_enough("vigilance set", series, design.vigilance, easy)
        photographs = _Photographs(foils, images.class_id, participants, rng)
    else:
        test.check_enough("test set", series, design.targets)
        other.check_enough("filler set", series, design.vigilance + design.fillers)

    trials: dict[tuple[int, int], dict[str, np.ndarray]] = {}
    # Series by series, not slot by slot: what many people do is balanced first.
    for number in range(1, series + 1):
        if isinstance(design, MemoryGame):
            dealt = zip(test.deal(design.targets), other.deal(design.vigilance + design.fillers), strict=True)
            made = [_sequence(design, np.concatenate(rows), rng) for rows in dealt]
        else:
            phases = {"main": (test.deal(design.targets), other.deal(design.vigilance))}
            if number == 1:
                warm_up = test.deal(design.practice - easy, counts=False), other.deal(easy, counts=False)
                phases = {"practice": warm_up, **phases}
            made = [_pairs({phase: (hard[slot], easy_[slot]) for phase, (hard, easy_) in phases.items()},
                           photographs, slot, rng) for slot in range(participants)]  # fmt: skip
        trials |= {(slot, number): trial for slot, trial in enumerate(made)}
    keys = sorted(trials)
    lengths = [len(trials[key]["row"]) for key in keys]
    tracks = pd.DataFrame({
        "slot": np.repeat([slot for slot, _ in keys], lengths),
        "series": np.repeat([number for _, number in keys], lengths),
        "track": np.repeat(np.array([f"{slot:04d}-{number:02d}" for slot, number in keys], object), lengths),
        "trial_index": np.concatenate([np.arange(length) for length in lengths]),
        **{name: np.concatenate([trials[key][name] for key in keys]) for name in trials[keys[0]]},
    })  # fmt: skip
    tracks[_OF_AN_IMAGE] = images.iloc[tracks.row].to_numpy(object)
    tracks = tracks.astype({"seed_id": int, "class_id": int, "alpha": float, "lag": "Int64"})
    tracks["lag"] = tracks.lag.where(tracks.is_repeat == 1)
    return tracks[COLUMNS]


class _Pool:
    """The images of a set, handed out so that a slot never gets a seed twice and all images are used about equally."""

    def __init__(self, images: pd.DataFrame, participants: int, rng: np.random.Generator):
        clones = images.groupby("seed_id").indices
        self._alphas = np.unique(images.alpha)
        # Row of `images` by seed and alpha; -1 where a seed has no clone at an alpha.
        self._rows = np.full((len(clones), len(self._alphas)), -1)
        places = np.searchsorted(self._alphas, images.alpha)
        for index, members in enumerate(clones.values()):
            self._rows[index, places[members]] = images.index[members]
        self._uses = np.where(self._rows < 0, np.inf, 0.0)
        self._seen = np.zeros((participants, len(clones)), bool)
        self._rng = rng

    def check_enough(self, name: str, series: int, each: int, once: int = 0) -> None:
        """Raise GanalyzeError unless there are seeds for `series` series that take `each`, and for `once` more."""
        seeds = len(self._rows)
        if series * each + once > seeds:
            most = max(0, seeds - once) // each
            practice = f" after {once} to practise" if once else ""
            raise GanalyzeError(
                f"series: got {series}, but the {seeds} seeds of the {name} are enough for {most} of {each}{practice}, "
                "since no participant may meet two clones of one seed: ask for fewer series, or make more seeds"
            )

    def deal(self, count: int, counts: bool = True) -> np.ndarray:
        """The rows of `count` images for every slot, (participants, count): seeds new to the slot, in random order.

        The seeds shown least come first, and of each the clone shown least; among equals, the alpha rarest in this
        series. Practice `counts` for nothing.
        """
        seed_uses = np.where(np.isinf(self._uses), 0, self._uses).sum(1) if counts else np.zeros(len(self._rows))
        dealt = np.empty((len(self._seen), count), int)
        for slot, seen in enumerate(self._seen):
            order = np.lexsort((self._rng.random(len(seen)), seed_uses, seen))
            dealt[slot] = self._rng.permutation(order[:count])
            seen[dealt[slot]] = True
            seed_uses[dealt[slot]] += counts
        if counts:
            self._even_out(dealt, seed_uses)
        return np.array([self._clones(seeds, counts) for seeds in dealt], int).reshape(dealt.shape)

    def _even_out(self, dealt: np.ndarray, seed_uses: np.ndarray) -> None:
        """Swap seeds shown too often for seeds shown too rarely, where a slot has only seen the first.

        Without, whoever is dealt to last has to take what they have not seen yet, however often others have.
        """
        for _ in range(dealt.size):
            most, least = seed_uses.argmax(), seed_uses.argmin()
            slots, places = np.nonzero((dealt == most) & ~self._seen[:, [least]])
            if seed_uses[most] - seed_uses[least] <= 1 or not len(slots):
                return
            dealt[slots[0], places[0]] = least
            self._seen[slots[0], [most, least]] = False, True
            seed_uses[[most, least]] += -1, 1

    def _clones(self, seeds: np.ndarray, counts: bool) -> np.ndarray:
        here, places = [0.0] * len(self._alphas), []
        ties = 1e-6 * self._rng.random((len(seeds), len(self._alphas)))
        for weights in (self._uses[seeds] + ties).tolist():
            weights = [weight + 1e-3 * shown for weight, shown in zip(weights, here, strict=True)]
            place = weights.index(min(weights))
            here[place] += 1
            places.append(place)
        if counts:
            self._uses[seeds, places] += 1
        return self._rows[seeds, places]


class _Photographs:
    """Real images of each class, handed out so that a slot sees one again as late as it can, and all about equally."""

    def __init__(self, foils: pd.DataFrame | None, class_of: pd.Series, participants: int, rng: np.random.Generator):
        classes = class_of.unique()
        if foils is None:
            self._of_class = {label: [f"real_{label}_{n}" for n in range(FOILS_PER_CLASS)] for label in classes}
        else:
            if missing := [name for name in ("image_id", "class_id") if name not in foils]:
                raise GanalyzeError(f"the manifest of real images lacks the column(s) {', '.join(missing)}")
            self._of_class = {label: list(names) for label, names in foils.groupby("class_id").image_id}
            if lacking := sorted(set(classes) - set(self._of_class)):
                raise GanalyzeError(f"{len(lacking)} class(es) have no real image, the first is class {lacking[0]}")
        self._class_of = class_of.to_numpy()
        self._uses = {label: np.zeros(len(self._of_class[label])) for label in classes}
        self._seen: list[dict] = [{} for _ in range(participants)]
        self._rng = rng

    def take(self, slot: int, rows: np.ndarray) -> np.ndarray:
        """The names of real images, one of the class of each of `rows`."""
        names = []
        for label in self._class_of[rows]:
            uses = self._uses[label]
            seen = self._seen[slot].setdefault(label, np.zeros(len(uses)))
            place = int(np.argmin(seen + 1e-5 * uses + 1e-9 * self._rng.random(len(uses))))
            uses[place] += 1
            seen[place] += 1
            names.append(self._of_class[label][place])
        return np.array(names, object)


def _pairs(
    phases: dict[str, tuple[np.ndarray, np.ndarray]], photographs: _Photographs, slot: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The trials of one series of the 2AFC task, from the rows of targets and vigilance images of each phase.

    Within a role the fake is as often on either side.
    """
    parts = []
    for phase, images in phases.items():
        rows, counts = np.concatenate(images), tuple(map(len, images))
        sides = np.concatenate([rng.permutation((np.arange(count) + rng.integers(2)) % 2) for count in counts])
        order = rng.permutation(len(rows))
        parts.append({
            "row": rows[order],
            "phase": np.full(len(rows), phase, object),
            "role": np.repeat(np.array(["target", "vigilance"], object), counts)[order],
            "is_repeat": np.zeros(len(rows), int),
            "lag": np.zeros(len(rows), int),
            "foil_image_id": photographs.take(slot, rows[order]),
            "fake_side": np.array(["left", "right"], object)[sides[order]],
        })  # fmt: skip
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _sequence(design: MemoryGame, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The trials of one series of the memory game, from the rows of its targets, vigilance images and fillers."""
    first, second, free = _layout(design, rng)
    roles = np.repeat(np.array(["target", "vigilance", "filler"], object),
                      (design.targets, design.vigilance, design.fillers))  # fmt: skip
    pairs = design.targets + design.vigilance
    order = np.empty(design.trials, int)
    order[first] = order[second] = np.arange(pairs)
    order[free] = np.arange(pairs, len(rows))
    is_repeat, lag = np.zeros((2, design.trials), int)
    is_repeat[second], lag[second] = 1, second - first - 1
    nothing = np.full(design.trials, None)
    return {"row": rows[order], "phase": np.full(design.trials, "main", object), "role": roles[order],
            "is_repeat": is_repeat, "lag": lag, "foil_image_id": nothing, "fake_side": nothing}  # fmt: skip


def _layout(design: MemoryGame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where first presentations and repeats go (targets, then vigilance images), and the places left for fillers.

    Lags are drawn uniformly, places at random among those free, the longest lag first as it has the fewest. A layout
    that comes to a dead end is begun anew.
    """
    longest = design.trials - 2
    for _ in range(_LAYOUTS_TRIED):
        lags = np.concatenate([
            rng.integers(least, min(most, longest) + 1, count)
            for (least, most), count in (
                (design.target_lags, design.targets), (design.vigilance_lags, design.vigilance))
            if count
        ])  # fmt: skip
        free = np.ones(design.trials, bool)
        first = np.empty(len(lags), int)
        for pair in np.argsort(-lags, kind="stable"):
            gap = lags[pair] + 1
            places = np.flatnonzero(free[:-gap] & free[gap:])
            if not len(places):
                break
            first[pair] = places[rng.integers(len(places))]
            free[[first[pair], first[pair] + gap]] = False
        else:
            return first, first + lags + 1, np.flatnonzero(free)
    raise GanalyzeError(
        f"no order of {design.trials} trials found in which {design.targets} targets have lags of "
        f"{design.target_lags[0]} to {design.target_lags[1]} and {design.vigilance} vigilance images of "
        f"{design.vigilance_lags[0]} to {design.vigilance_lags[1]}: use more fillers, or wider lags"
    )


def _check_counts(design: MemoryGame | TwoAfc, at_least_one: str) -> None:
    for field in fields(design):
        value = getattr(design, field.name)
        least = 1 if field.name == at_least_one else 0
        if isinstance(value, int) and value < least:
            raise GanalyzeError(f"{field.name}: got {value}, must be at least {least}")
