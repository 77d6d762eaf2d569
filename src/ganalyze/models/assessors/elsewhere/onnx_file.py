"""A network from an ONNX file, converted to torch."""

from typing import Any

import onnx
import onnx.version_converter
from onnx2torch import convert

from ganalyze.models.assessors.elsewhere.assessor import AssessorFromElsewhere
from ganalyze.models.assessors.elsewhere.settings import ONNXFile
from ganalyze.models.weights.files import Weights
from ganalyze.support.errors import GanalyzeError

_OPSET = 17  # the newest whose operators onnx2torch knows, nearly all


def load(weights: Weights, file: str, **options: Any) -> AssessorFromElsewhere:
    """The network of `file`; options: those of `ONNXFile`.

    Raises GanalyzeError where the file is no network of images (N, 3, H, W) in float32, keeps its weights in other
    files, or has an operator that cannot be converted.
    """
    try:
        model = onnx.load(file, load_external_data=False)
    except Exception as error:  # protobuf's own kinds
        raise GanalyzeError(f"{file} is not a readable ONNX file: {_first_line(error)}") from None
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise GanalyzeError(f"{file} keeps its weights in another file: save it again with all data inside")
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in constants]
    if len(inputs) != 1:
        raise GanalyzeError(f"{file} takes {len(inputs)} inputs ({', '.join(one.name for one in inputs)}), wanted one")
    taken = inputs[0].type.tensor_type
    if taken.elem_type != onnx.TensorProto.FLOAT:
        kind = onnx.TensorProto.DataType.Name(taken.elem_type).lower()
        raise GanalyzeError(f"{file} takes {kind} numbers, wanted float (float32): export it so")
    try:
        if any(opset.domain in ("", "ai.onnx") and opset.version > _OPSET for opset in model.opset_import):
            model = onnx.version_converter.convert_version(model, _OPSET)
        _join_copies(model.graph)
        network = convert(model).eval()
    except Exception as error:  # NotImplementedError, or whatever a converter stumbles over
        raise GanalyzeError(
            f"{file} cannot be converted to torch ({_first_line(error)}): export it again, with opset {_OPSET} or "
            "older, or by torch.export"
        ) from None
    takes = tuple(extent.dim_value or None for extent in taken.shape.dim)
    return AssessorFromElsewhere(file, network, ONNXFile.model_validate(options), takes)


def _join_copies(graph: onnx.GraphProto) -> None:
    """Let layers name their weights themselves, as onnx2torch wants it: torch stores equal ones once, and has the
    others copied by an Identity."""
    stored = {tensor.name: tensor.name for tensor in graph.initializer}
    wanted = {output.name for output in graph.output}
    for node in list(graph.node):
        if node.op_type == "Identity" and node.input[0] in stored and node.output[0] not in wanted:
            stored[node.output[0]] = stored[node.input[0]]
            graph.node.remove(node)
        else:
            node.input[:] = [stored.get(name, name) for name in node.input]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
