"""A network that torch.export.save wrote."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.export.passes import move_to_device_pass

from ganalyze.models.assessors.elsewhere.assessor import AssessorFromElsewhere
from ganalyze.models.assessors.elsewhere.settings import ExportedProgram
from ganalyze.models.weights.exported import load_exported
from ganalyze.models.weights.files import Weights
from ganalyze.support.errors import GanalyzeError


class Program(nn.Module):
    """An exported program as a module. The program names its device in its operations, so it is moved as a whole."""

    here: torch.Tensor

    def __init__(self, program: torch.export.ExportedProgram):
        super().__init__()
        self.program = program
        self.module = _as_module(program)
        self.register_buffer("here", torch.empty(0), persistent=False)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> "Program":
        before = self.here.device
        super()._apply(fn, recurse)
        if self.here.device != before:
            self.program = move_to_device_pass(self.program, self.here.device)
            self.module = _as_module(self.program)
        return self

    def train(self, mode: bool = True) -> "Program":
        """Nothing changes: it runs in the mode in which it was exported."""
        return self

    def forward(self, x: torch.Tensor) -> Any:
        """What the program returns for x."""
        return self.module(x)


def _as_module(program: torch.export.ExportedProgram) -> torch.fx.GraphModule:
    """What runs the program: in any precision, though it asserts that of the tensors it was exported with."""
    module = program.module().requires_grad_(False)
    for node in list(module.graph.nodes):
        if node.target == torch.ops.aten._assert_tensor_metadata.default:
            module.graph.erase_node(node)
    module.recompile()
    return module


def load(weights: Weights, file: str, **options: Any) -> AssessorFromElsewhere:
    """The network of `file`; options: those of `ExportedProgram`.

    Raises GanalyzeError where the file is no program of images (N, 3, H, W), or could do more than arithmetic.
    """
    program = move_to_device_pass(load_exported(file), "cpu")
    inputs = [node for node in program.graph.nodes if node.name in program.graph_signature.user_inputs]
    if len(inputs) != 1:
        raise GanalyzeError(f"{file} takes {len(inputs)} inputs, wanted one: images (N, 3, H, W)")
    takes = tuple(extent if isinstance(extent, int) else None for extent in inputs[0].meta["val"].shape)
    return AssessorFromElsewhere(file, Program(program), ExportedProgram.model_validate(options), takes)
