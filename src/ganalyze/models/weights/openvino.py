"""The constants of a network in OpenVINO's intermediate representation: an .xml file names the layers of a graph, a
.bin file holds their values."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch
from torch import Tensor

from ganalyze.support.errors import GanalyzeError


@dataclass(frozen=True)
class Constant:
    """name: of the layer. used_by: the kind of operation that takes it, such as Convolution."""

    name: str
    used_by: str
    value: Tensor


def constants(xml: Path, values: Path) -> Iterator[Constant]:
    """The float32 constants in the order of the file. Raises GanalyzeError where the two files do not fit."""
    content = np.fromfile(values, np.uint8)
    try:
        graph = ElementTree.parse(xml).getroot()
        kinds = {layer.attrib["id"]: layer.attrib["type"] for layer in graph.iter("layer")}
        users = {edge.attrib["from-layer"]: kinds[edge.attrib["to-layer"]] for edge in graph.iter("edge")}
        for layer in graph.iter("layer"):
            data = layer.find("data")
            if layer.attrib["type"] != "Const" or data is None or data.attrib["element_type"] != "f32":
                continue
            shape = [int(extent) for extent in data.attrib["shape"].split(",") if extent]
            start, size = int(data.attrib["offset"]), int(data.attrib["size"])
            value = torch.from_numpy(content[start : start + size].view(np.float32).copy()).reshape(shape)
            yield Constant(layer.attrib["name"], users[layer.attrib["id"]], value)
    except (ElementTree.ParseError, KeyError, ValueError, RuntimeError) as error:
        raise GanalyzeError(f"{xml.name} and {values.name} are not one network of OpenVINO: {error}") from None
