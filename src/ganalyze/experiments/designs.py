"""The two experiments with people as the paper describes them (§3.3.2, §3.4): what a series consists of, which series
count, and how they and their data points are called."""

from dataclasses import dataclass, fields

from ganalyze.support.errors import GanalyzeError


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
        _check_counts(self)
        for name in ("target_lags", "vigilance_lags"):
            least, most = getattr(self, name)
            if not 0 <= least <= most:
                raise GanalyzeError(f"{name}: got {least} to {most}, must be from 0 or more to no less")
            if least > self.trials - 2:
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
        _check_counts(self)


@dataclass(frozen=True)
class Rules:
    """Which series count. max_series: a participant. Shares, 0 to 1: of vigilance trials missed (memory game) or wrong
    (2AFC), and of new images called repeats (memory game)."""

    max_series: int
    max_vigilance_errors: float
    max_false_alarms: float | None = None


DESIGNS = {"memory_game": MemoryGame, "two_afc": TwoAfc}
RULES = {
    "memory_game": Rules(max_series=25, max_vigilance_errors=0.55, max_false_alarms=0.30),
    "two_afc": Rules(max_series=17, max_vigilance_errors=0.35),
}
TITLES = {"memory_game": "memory game", "two_afc": "2AFC task"}
OUTCOMES = {"memory_game": "hit", "two_afc": "correct"}  # what a data point is


def _check_counts(design: MemoryGame | TwoAfc) -> None:
    """Without targets there is nothing to learn, without vigilance trials no series can be judged."""
    for field in fields(design):
        value = getattr(design, field.name)
        least = 1 if field.name in ("targets", "vigilance") else 0
        if isinstance(value, int) and value < least:
            raise GanalyzeError(f"{field.name}: got {value}, must be at least {least}")
