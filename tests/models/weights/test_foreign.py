"""Files of other frameworks: what they hold comes through, and what is none of them is named."""

import struct

import h5py
import numpy as np
import pytest
import torch

from ganalyze.models.weights.keras import load_keras
from ganalyze.models.weights.openvino import constants
from ganalyze.support.errors import GanalyzeError

GRAPH = """<net><layers>
<layer id="0" type="Parameter" name="x"><data shape="1,2"/></layer>
<layer id="1" type="Const" name="kernel"><data element_type="f32" shape="2,2" offset="0" size="16"/></layer>
<layer id="2" type="Const" name="axis"><data element_type="i64" shape="" offset="16" size="8"/></layer>
<layer id="3" type="MatMul" name="product"/>
</layers><edges>
<edge from-layer="0" from-port="0" to-layer="3" to-port="0"/>
<edge from-layer="1" from-port="0" to-layer="3" to-port="1"/>
</edges></net>"""


def test_openvinos_constants_come_with_their_names_and_users(tmp_path):
    (tmp_path / "n.xml").write_text(GRAPH)
    (tmp_path / "n.bin").write_bytes(struct.pack("<4fq", 1, 2, 3, 4, 7))
    (constant,) = constants(tmp_path / "n.xml", tmp_path / "n.bin")
    assert (constant.name, constant.used_by) == ("kernel", "MatMul")
    assert torch.equal(constant.value, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))


@pytest.mark.parametrize(("graph", "values"), [("<net", b"\0" * 24), (GRAPH, b"\0" * 8), ("<net/>", b"")])
def test_files_that_are_no_network_of_openvino_are_named(tmp_path, graph, values):
    (tmp_path / "n.xml").write_text(graph)
    (tmp_path / "n.bin").write_bytes(values)
    if graph == "<net/>":
        assert list(constants(tmp_path / "n.xml", tmp_path / "n.bin")) == []
        return
    with pytest.raises(GanalyzeError, match=r"n\.xml and n\.bin are not one network of OpenVINO"):
        list(constants(tmp_path / "n.xml", tmp_path / "n.bin"))


def test_kerass_layouts_become_torchs(tmp_path):
    rng = np.random.default_rng(1)
    kernel, depthwise, dense = rng.random((3, 3, 4, 5)), rng.random((3, 3, 4, 1)), rng.random((6, 2))
    with h5py.File(tmp_path / "w.hdf5", "w") as file:
        file["conv/kernel:0"], file["dw/depthwise_kernel:0"] = kernel, depthwise
        file["dense/kernel:0"], file["dense/bias:0"] = dense, np.arange(2.0)
        file["bn/gamma:0"], file["bn/moving_mean:0"] = np.ones(4), np.zeros(4)
    state = load_keras(tmp_path / "w.hdf5", {name: name for name in ("conv", "dw", "dense", "bn")})
    assert state["conv.weight"].shape == (5, 4, 3, 3)
    assert state["conv.weight"][4, 3, 2, 1] == kernel[2, 1, 3, 4]
    assert state["dw.weight"].shape == (4, 1, 3, 3)
    assert state["dw.weight"][3, 0, 2, 1] == depthwise[2, 1, 3, 0]
    assert torch.equal(state["dense.weight"], torch.from_numpy(dense.T))
    assert set(state) == {"conv.weight", "dw.weight", "dense.weight", "dense.bias"} | {
        f"bn.{name}" for name in ("weight", "running_mean", "num_batches_tracked")
    }


@pytest.mark.parametrize("content", [b"no HDF5", None])
def test_a_file_without_the_layers_is_named(tmp_path, content):
    path = tmp_path / "w.hdf5"
    if content is None:
        h5py.File(path, "w").close()
    else:
        path.write_bytes(content)
    with pytest.raises(GanalyzeError, match=r"w\.hdf5 is not the expected Keras file"):
        load_keras(path, {"conv": "conv"})
