"""Images handed out so that no one meets a seed twice, and all are shown about equally."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ganalyze.support.errors import GanalyzeError

FOILS_PER_CLASS = 10  # paper §3.3.2


class Pool:
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

    def deal(self, count: int, balanced: bool = True) -> np.ndarray:
        """The rows of `count` images for every slot, (participants, count): seeds new to the slot, in random order.

        The seeds shown least come first, and of each the clone shown least; among equals, the alpha rarest in this
        series. Practice is not `balanced`: it is left out of these counts.
        """
        seed_uses = np.where(np.isinf(self._uses), 0, self._uses).sum(1) if balanced else np.zeros(len(self._rows))
        dealt = np.empty((len(self._seen), count), int)
        for slot, seen in enumerate(self._seen):
            order = np.lexsort((self._rng.random(len(seen)), seed_uses, seen))
            dealt[slot] = self._rng.permutation(order[:count])
            seen[dealt[slot]] = True
            seed_uses[dealt[slot]] += balanced
        if balanced:
            self._even_out(dealt, seed_uses)
        return np.array([self._clones(seeds, balanced) for seeds in dealt], int).reshape(dealt.shape)

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

    def _clones(self, seeds: np.ndarray, balanced: bool) -> np.ndarray:
        here, places = [0.0] * len(self._alphas), []
        ties = 1e-6 * self._rng.random((len(seeds), len(self._alphas)))
        for weights in (self._uses[seeds] + ties).tolist():
            weights = [weight + 1e-3 * shown for weight, shown in zip(weights, here, strict=True)]
            place = weights.index(min(weights))
            here[place] += 1
            places.append(place)
        if balanced:
            self._uses[seeds, places] += 1
        return self._rows[seeds, places]


class Photographs:
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


@dataclass
class Stock:
    """What tracks are dealt from: the images of all sets that an experiment shows, one below the other, a pool of each
    set, for how many participants, and the random stream."""

    images: pd.DataFrame
    pools: list[Pool]
    participants: int
    rng: np.random.Generator
