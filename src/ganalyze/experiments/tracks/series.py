"""The order of trials within one series."""

import numpy as np

from ganalyze.experiments.designs import MemoryGame
from ganalyze.experiments.tracks.pools import Photographs
from ganalyze.support.errors import GanalyzeError

_LAYOUTS_TRIED = 200


def pairs(
    phases: dict[str, tuple[np.ndarray, np.ndarray]], photographs: Photographs, slot: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The trials of one series of the 2AFC task, from the rows of targets and vigilance images of each phase.

    Within a role the fake is as often on either side.
    """
    parts = []
    for phase, images in phases.items():
        rows, counts = np.concatenate(images), tuple(map(len, images))
        sides = np.concatenate([rng.permutation((np.arange(count) + rng.integers(2)) % 2) for count in counts])
        order = rng.permutation(len(rows))
        parts.append(
            {
                "row": rows[order],
                "phase": np.full(len(rows), phase, object),
                "role": np.repeat(np.array(["target", "vigilance"], object), counts)[order],
                "is_repeat": np.zeros(len(rows), int),
                "lag": np.zeros(len(rows), int),
                "foil_image_id": photographs.take(slot, rows[order]),
                "fake_side": np.array(["left", "right"], object)[sides[order]],
            }
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def sequence(design: MemoryGame, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The trials of one series of the memory game, from the rows of its targets, vigilance images and fillers."""
    first, second, free = _layout(design, rng)
    roles = np.repeat(
        np.array(["target", "vigilance", "filler"], object), (design.targets, design.vigilance, design.fillers)
    )
    pairs = design.targets + design.vigilance
    order = np.empty(design.trials, int)
    order[first] = order[second] = np.arange(pairs)
    order[free] = np.arange(pairs, len(rows))
    is_repeat, lag = np.zeros((2, design.trials), int)
    is_repeat[second], lag[second] = 1, second - first - 1
    nothing = np.full(design.trials, None)
    return {
        "row": rows[order],
        "phase": np.full(design.trials, "main", object),
        "role": roles[order],
        "is_repeat": is_repeat,
        "lag": lag,
        "foil_image_id": nothing,
        "fake_side": nothing,
    }


def _layout(design: MemoryGame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where first presentations and repeats go (targets, then vigilance images), and the places left for fillers.

    Lags are drawn uniformly, places at random among those free, the longest lag first as it has the fewest. A layout
    that comes to a dead end is begun anew.
    """
    longest = design.trials - 2
    for _ in range(_LAYOUTS_TRIED):
        lags = np.concatenate(
            [
                rng.integers(least, min(most, longest) + 1, count)
                for (least, most), count in (
                    (design.target_lags, design.targets),
                    (design.vigilance_lags, design.vigilance),
                )
                if count
            ]
        )
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
