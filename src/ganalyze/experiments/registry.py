"""Which experiments there are, by name."""

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from ganalyze.experiments.experiment import Experiment, ExperimentSettings
from ganalyze.experiments.memory_game import MemoryGame
from ganalyze.experiments.two_afc import TwoAfc
from ganalyze.support.errors import GanalyzeError

_GROUP = "ganalyze.experiments"


class Experiments(Mapping[str, Experiment]):
    """Experiments by name. Besides those registered it finds what installed packages offer as entry points, and
    `module:object` in any module that Python finds, the current folder included; both are known by their own name from
    then on."""

    def __init__(self, *experiments: Experiment):
        self._known: dict[str, Experiment] = {}
        for experiment in experiments:
            self.register(experiment)

    def register(self, experiment: Experiment) -> None:
        """Make an experiment known. Raises GanalyzeError where its name is another's."""
        if experiment.name in self._known:
            raise GanalyzeError(f"an experiment {experiment.name!r} is known already: choose another name")
        self._known[experiment.name] = experiment

    def __getitem__(self, name: str) -> Experiment:
        """The experiment of a name, or of a `module:object`. Raises GanalyzeError where there is none."""
        if name not in self._known:
            found = self._import(name) if ":" in name else self._offered(name)
            if found.name not in self._known:
                self.register(found)
            return self._known[found.name]
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys([*self._known, *(point.name for point in entry_points(group=_GROUP))])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (":" in name or name in list(self))

    def _offered(self, name: str) -> Experiment:
        offered = tuple(entry_points(group=_GROUP, name=name))
        if not offered:
            raise GanalyzeError(f"unknown experiment {name!r}: known are {', '.join(self)}")
        return offered[0].load()

    @staticmethod
    def _import(name: str) -> Experiment:
        here = str(Path.cwd())
        if here not in sys.path:  # a script's own folder is there instead
            sys.path.append(here)
        module, _, attribute = name.partition(":")
        try:
            found = getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise GanalyzeError(f"experiment {name!r} cannot be imported: {error}") from None
        if not isinstance(found, Experiment):
            raise GanalyzeError(f"experiment {name!r} is a {type(found).__name__}, not an Experiment")
        return found

    @property
    def settings(self) -> Mapping[str, type[ExperimentSettings]]:
        """The settings class of each."""
        return _SettingsOf(self)


class _SettingsOf(Mapping[str, type[ExperimentSettings]]):
    """Looked up when asked for: more experiments may be registered later."""

    def __init__(self, experiments: Experiments):
        self._experiments = experiments

    def __getitem__(self, name: str) -> type[ExperimentSettings]:
        return self._experiments[name].Settings

    def __iter__(self) -> Iterator[str]:
        return iter(self._experiments)

    def __len__(self) -> int:
        return len(self._experiments)

    def __contains__(self, name: object) -> bool:
        return name in self._experiments


EXPERIMENTS = Experiments(MemoryGame(), TwoAfc())
