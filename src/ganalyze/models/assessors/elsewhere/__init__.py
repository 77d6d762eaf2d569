"""Assessors from elsewhere, without a class of one's own: what a file holds, and how a configuration says what it takes
and returns (docs/add-your-own.md)."""

from ganalyze.models.assessors.elsewhere.settings import Elsewhere, ExportedProgram, ONNXFile, TimmModel

FAMILIES: dict[str, type[Elsewhere]] = {"onnx": ONNXFile, "timm": TimmModel, "export": ExportedProgram}
