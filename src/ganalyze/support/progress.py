"""Progress of long work: a bar on a terminal, plain lines in a log."""

import sys

from tqdm import tqdm


class _Lines(tqdm):
    """tqdm that writes a line each time instead of redrawing one."""

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        self.fp.write(f"{msg or self}\n")
        self.fp.flush()


def progress(total: int | None, unit: str, label: str, initial: int = 0, scale: bool = False) -> tqdm:
    """A tqdm over `total` units (None where unknown), with rate and time left; `initial` of them were done earlier.

    `scale` shortens large counts (bytes). A log gets a line every 15 seconds and one at the end.
    """
    on_terminal = sys.stderr.isatty()
    return (tqdm if on_terminal else _Lines)(
        total=total,
        unit=unit,
        desc=label,
        initial=initial,
        unit_scale=scale,
        file=sys.stderr,
        mininterval=0.2 if on_terminal else 15,
        maxinterval=10 if on_terminal else 3600,
        ncols=None if on_terminal else 110,
    )
