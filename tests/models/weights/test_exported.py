"""Files of torch.export.save: what is let through, and that nothing in one is executed."""

import io
import json
import pickle
import zipfile

import pytest
import torch
from torch import nn

from ganalyze.models.weights.exported import load_exported
from ganalyze.support.errors import GanalyzeError


class Network(nn.Module):
    """Uses what is written into the file as sizes, words and constants."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.register_buffer("far", torch.tensor(float("inf")))

    def forward(self, x):
        y = nn.functional.gelu(self.conv(x), approximate="tanh").flatten(1)
        y = torch.einsum("nk,nk->n", y, y).reshape(x.shape[0], 1) + torch.tensor([1.0, 2.0])
        return {"score": y.clamp(max=self.far).clamp(max=float("inf"))[:, 0]}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Network()


@pytest.fixture(scope="module")
def exported(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "network.pt2"
    image = torch.zeros(2, 3, 8, 8)
    torch.export.save(torch.export.export(network, (image,), dynamic_shapes=({0: torch.export.Dim("N")},)), path)
    return path


def changed(exported, path, change, member="models/model.json"):
    """The same file, with one member changed: `change` takes its bytes, or None where there is no such member."""
    with zipfile.ZipFile(exported) as source, zipfile.ZipFile(path, "w") as copy:
        for name in source.namelist():
            if name.partition("/")[2] != member:
                copy.writestr(name, source.read(name))
        known = f"network/{member}" in source.namelist()
        copy.writestr(f"network/{member}", change(source.read(f"network/{member}") if known else None))
    return path


def test_a_program_is_read_as_it_was_saved(exported, network):
    images = torch.rand(5, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(load_exported(exported).module()(images), network(images))


class Harm:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_what_is_pickled_is_not_read(exported, tmp_path):
    path = changed(
        exported, tmp_path / "n.pt2", lambda _: pickle.dumps(Harm(tmp_path / "harm")), "data/sample_inputs/model.pt"
    )
    load_exported(path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "member", ["data/weights/model.pt", "data/constants/custom_obj_0", "data/aotinductor/model/x.so"]
)
def test_a_file_with_more_than_a_network_is_refused(exported, tmp_path, member):
    path = changed(exported, tmp_path / "n.pt2", lambda _: pickle.dumps(Harm(tmp_path / "harm")), member)
    with pytest.raises(GanalyzeError, match=f"n.pt2 holds network/{member}, which no program"):
        load_exported(path)
    assert not (tmp_path / "harm").exists()


def with_target(program, harm):
    program["graph_module"]["graph"]["nodes"][-1]["target"] = "torch.os.system"


def with_file(program, harm):
    program["graph_module"]["graph"]["nodes"][-1]["target"] = "torch.ops.aten.from_file.default"


def with_expression(program, harm):
    for node in program["graph_module"]["graph"]["tensor_values"].values():
        for size in node["sizes"]:
            if "as_expr" in size:
                size["as_expr"]["expr_str"] = f"open('{harm}', 'w')"


def with_name(program, harm):
    program["graph_module"]["graph"]["inputs"][-1]["as_tensor"]["name"] = f"x=open('{harm}', 'w')"


def with_guard(program, harm):
    program["guards_code"] = [f"open('{harm}', 'w')"]


def with_spec(program, harm):
    signature = program["graph_module"]["module_call_graph"][0]["signature"]
    signature["out_spec"] = signature["out_spec"].replace("builtins.dict", "collections.defaultdict")


@pytest.mark.parametrize("change", [with_target, with_file, with_expression, with_name, with_guard, with_spec])
def test_a_program_that_asks_for_more_than_arithmetic_is_refused_before_it_is_read(exported, tmp_path, change):
    def rewritten(content):
        program = json.loads(content)
        change(program, tmp_path / "harm")
        return json.dumps(program)

    path = changed(exported, tmp_path / "n.pt2", rewritten)
    with pytest.raises(
        GanalyzeError, match=r"n\.pt2 asks for .*, and only operations on tensors are let through"
    ) as refused:
        load_exported(path)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "harm").exists()


def test_weights_that_are_to_be_unpickled_are_refused(exported, tmp_path):
    def pickled(content):
        return content.replace(b'"use_pickle": false', b'"use_pickle": true').replace(
            b'"use_pickle":false', b'"use_pickle":true'
        )

    path = changed(exported, tmp_path / "n.pt2", pickled, "data/weights/model_weights_config.json")
    with pytest.raises(GanalyzeError, match="asks for unpickling"):
        load_exported(path)


def test_what_is_no_such_file_is_refused(tmp_path):
    (tmp_path / "page.pt2").write_text("<html>")
    with pytest.raises(GanalyzeError, match=r"page\.pt2 is not a readable file of torch\.export\.save: .*zip"):
        load_exported(tmp_path / "page.pt2")
    state = io.BytesIO()
    torch.save({"weight": torch.zeros(2)}, state)
    (tmp_path / "state.pt2").write_bytes(state.getvalue())
    with pytest.raises(GanalyzeError, match=r"state\.pt2 holds \w+/data\.pkl, which no program"):
        load_exported(tmp_path / "state.pt2")
    with pytest.raises(GanalyzeError, match=r"none\.pt2 is not a readable file"):
        load_exported(tmp_path / "none.pt2")
