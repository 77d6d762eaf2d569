"""GANalyze (Goetschalckx, Andonian, Oliva & Isola, ICCV 2019), reproduced.

What a notebook or a program of one's own needs is here by name (`__all__`, told in `ganalyze.library`) and imported
when it is first asked for: `import ganalyze` itself imports neither torch nor pandas. The rest lies in rooms, in the
order of the paper; each imports only from those above it:

    support      errors, files, tables, progress, randomness, settings
    images       image sets, how images are read, pixels
    models       generators, assessors, segmenters, feature extractors, their weights (paper §2.1)
    direction    T(z, α), learning θ, generating image sets (§2.1, §2.2), comparing directions (§4)
    measures     scores, masks, factors, realness (§3.1–3.3)
    statistics   mixed-effects models (§3.1)
    experiments  the memory game and the 2AFC task: tracks, trials, exclusions, simulated people, hosting (§3.3.2, §3.4)
    figures      the paper's figures
    report       the paper's numbers beside ours, and the page that shows all
    run          a valid run: the settings of all these
    library      what is here by name
    command      `ganalyze COMMAND`, the scripts by name

docs/architecture.md has the map in full.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for those who read types
    from ganalyze.direction.transformer import Transformer
    from ganalyze.images.image_sets import ImageSet
    from ganalyze.library import images_along, invert, load_assessor, load_generator, score, show, train_direction
    from ganalyze.models.compute import Compute
    from ganalyze.statistics.mixed_models import fit_mixed_model
    from ganalyze.support.errors import GanalyzeError

__all__ = [
    "Compute",
    "GanalyzeError",
    "ImageSet",
    "Transformer",
    "fit_mixed_model",
    "images_along",
    "invert",
    "load_assessor",
    "load_generator",
    "score",
    "show",
    "train_direction",
]
_ELSEWHERE = {
    "Compute": "models.compute",
    "GanalyzeError": "support.errors",
    "ImageSet": "images.image_sets",
    "Transformer": "direction.transformer",
    "fit_mixed_model": "statistics.mixed_models",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'ganalyze' has no attribute {name!r}")
    value = getattr(import_module(f"ganalyze.{_ELSEWHERE.get(name, 'library')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
