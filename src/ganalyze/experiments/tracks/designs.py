"""What one series consists of; the defaults are the paper's numbers."""

from dataclasses import dataclass, fields

from ganalyze.errors import GanalyzeError


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
        for name, images in (("target_lags", self.targets), ("vigilance_lags", self.vigilance)):
            least, most = getattr(self, name)
            if not 0 <= least <= most:
                raise GanalyzeError(f"{name}: got {least} to {most}, must be from 0 or more to no less")
            if images and least > self.trials - 2:
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


def _check_counts(design: MemoryGame | TwoAfc, at_least_one: str) -> None:
    for field in fields(design):
        value = getattr(design, field.name)
        least = 1 if field.name == at_least_one else 0
        if isinstance(value, int) and value < least:
            raise GanalyzeError(f"{field.name}: got {value}, must be at least {least}")
