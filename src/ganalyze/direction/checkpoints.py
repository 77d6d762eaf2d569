"""Where a training goes on from after it was cut off: its state in a file, and the fingerprint that tells whether the
file is of this very training."""

import ast
import hashlib
import json
import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ganalyze.direction.settings import Training
from ganalyze.direction.transformer import Transformer
from ganalyze.support.files import written_whole
from ganalyze.support.settings import Settings

_PACKAGES = ("torch", "torchvision", "numpy", "scipy")  # what the numbers come out of


class Checkpoint:
    """The state of a training in a file, or nowhere. `fingerprint` must be the file's own for it to be used."""

    def __init__(self, path: Path | None, fingerprint: str, transformer: Transformer, optimizer: torch.optim.Optimizer):
        self.path = path
        self.fingerprint = fingerprint
        self.transformer = transformer
        self.optimizer = optimizer
        self.course: dict[int, torch.Tensor] = {}  # θ by the samples seen, whenever the checkpoints have doubled

    def save(self, losses: list[float]) -> None:
        """Write θ, its gradients, the optimizer's state and the losses so far, in whole or not at all."""
        if self.path is None:
            return
        state = {
            "fingerprint": self.fingerprint,
            "transformer": self.transformer.state_dict(),
            "gradients": [parameter.grad for parameter in self.transformer.parameters()],
            "optimizer": self.optimizer.state_dict(),
            "losses": losses,
            "course": self.course,
        }
        with written_whole(self.path) as temporary:
            torch.save(state, temporary)

    def restore(self, say: Callable[[str], None]) -> list[float]:
        """Bring the state back and return the losses so far, none where there is no file of this training; `say` gets
        the reason where there is another's."""
        if self.path is None or not self.path.exists():
            return []
        try:
            saved = torch.load(self.path, weights_only=True, map_location="cpu")
        except Exception:  # torch raises half a dozen kinds for a broken file; whichever, we start over
            say(f"{self.path} cannot be read: training starts over")
            return []
        if not isinstance(saved, dict) or saved.get("fingerprint") != self.fingerprint:
            say(f"{self.path} is of other settings, weights or code: training starts over")
            return []
        self.transformer.load_state_dict(saved["transformer"])
        for parameter, gradient in zip(self.transformer.parameters(), saved["gradients"], strict=True):
            parameter.grad = gradient.to(parameter.device)
        self.optimizer.load_state_dict(saved["optimizer"])
        self.course = saved["course"]
        return saved["losses"]


def fingerprint(training: Training, *settings: Settings, **facts: Any) -> str:
    """What can change a training's result, as a hash: the settings, `facts` such as the seed and the hashes of the
    weights, the code in use and the versions of the packages it counts with.

    Of settings only those that differ from their defaults: another default is other code.
    """
    chosen = [training.model_dump(mode="json", exclude_defaults=True, exclude={"checkpoint_every"})]
    chosen += [group.model_dump(mode="json", exclude_defaults=True) for group in settings]
    versions = {package: version(package) for package in _PACKAGES}
    digest = hashlib.sha256(json.dumps([chosen, facts, versions], sort_keys=True).encode())
    for path in _files_in_use():
        digest.update(syntax(path.read_bytes()).encode())
    return digest.hexdigest()


@cache  # by content: several trainings in one process share the work
def syntax(source: bytes) -> str:
    """The syntax tree of Python code, without what changes no result: comments, docstrings and layout."""
    return ast.dump(_WithoutDocstrings().visit(ast.parse(source)))


class _WithoutDocstrings(ast.NodeTransformer):
    """Removes every statement that is a string alone."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_string = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_string else node


def _files_in_use() -> list[Path]:
    """The files of all code in use that is ours or, in the folder where they work, the user's own."""
    ours, here = Path(__file__).resolve().parents[1], Path.cwd()
    files = {Path(file).resolve() for module in [*sys.modules.values()] if (file := getattr(module, "__file__", None))}
    return sorted(
        file
        for file in files
        if file.suffix == ".py"
        and file.is_file()
        and (file.is_relative_to(ours) or (file.is_relative_to(here) and "site-packages" not in file.parts))
    )
