"""Safe loading: tensors come back, and nothing in a file is executed."""

import io
import os
import pickle
import struct
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from ganalyze.models.weights.loading import load_state, load_tensor_pickle, load_tensors
from ganalyze.support.errors import GanalyzeError


class Attack:
    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def save_zip(content, path):
    torch.save(content, path)


def save_legacy(content, path):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def save_pickle(content, path):
    path.write_bytes(pickle.dumps(content, protocol=2))


def save_pickle_4(content, path):
    path.write_bytes(pickle.dumps(content, protocol=4))


class Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings, like the authors' files."""

    def save_python2_string(self, text: bytes):
        self.write(pickle.BINSTRING + struct.pack("<i", len(text)) + text)

    dispatch = pickle._Pickler.dispatch | {bytes: save_python2_string}


def save_python2(content, path):
    buffer = io.BytesIO()
    Python2Pickler(buffer, protocol=2).dump(content)
    path.write_bytes(buffer.getvalue())


WAYS = [
    (save_zip, load_tensors),
    (save_legacy, load_tensors),
    (save_pickle, load_tensor_pickle),
    (save_pickle_4, load_tensor_pickle),
    (save_python2, load_tensor_pickle),
]


@pytest.mark.parametrize(("save", "load"), WAYS)
def test_honest_tensors_come_back(tmp_path, save, load):
    weight = torch.randn(4, 3)
    state = OrderedDict(weight=weight, view=weight[1:, ::2], bias=torch.nn.Parameter(torch.ones(2)), n=torch.tensor(7))
    save(state, tmp_path / "net")
    back = load(tmp_path / "net")
    assert list(back) == list(state)
    assert all(torch.equal(back[key], state[key]) for key in state)


@pytest.mark.parametrize(("save", "load"), WAYS)
def test_a_malicious_file_executes_nothing(tmp_path, save, load):
    mark = tmp_path / "executed"
    save({"weight": torch.ones(2), "attack": Attack(mark)}, tmp_path / "net")
    with pytest.raises(GanalyzeError, match="not a readable file of tensors") as error:
        load(tmp_path / "net")
    assert "system" in str(error.value)
    assert "\n" not in str(error.value)
    assert not mark.exists()


def test_a_malicious_storage_inside_a_tensor_pickle_executes_nothing(tmp_path):
    mark = tmp_path / "executed"

    class Storage:
        def __reduce__(self):
            buffer = io.BytesIO()
            torch.save(Attack(mark), buffer)
            return torch.storage._load_from_bytes, (buffer.getvalue(),)

    save_pickle({"weight": Storage()}, tmp_path / "net")
    with pytest.raises(GanalyzeError, match="system"):
        load_tensor_pickle(tmp_path / "net")
    assert not mark.exists()


def test_a_broken_number_in_a_pickle_takes_no_memory(tmp_path):
    (tmp_path / "net").write_bytes(b"\x80\x02}r\xff\xff\xff\x1f.")  # an empty dictionary, numbered 2**29 − 1
    with pytest.raises(GanalyzeError, match=r"not a readable file of tensors .object 536870911 of a file of 9 bytes"):
        load_tensor_pickle(tmp_path / "net")


@pytest.mark.parametrize(("save", "load"), WAYS)
def test_a_broken_file_is_refused_in_one_line(tmp_path, save, load):
    path = tmp_path / "net"
    save({"weight": torch.ones(1000)}, path)
    whole = path.read_bytes()
    for content in (whole[:-50], whole[: len(whole) // 2], whole[:5], b"", b"<html>no</html>"):
        path.write_bytes(content)
        with pytest.raises(GanalyzeError, match="not a readable file of tensors") as error:
            load(path)
        assert "\n" not in str(error.value)
    path.unlink()
    with pytest.raises(GanalyzeError, match="No such file"):
        load(path)


@pytest.mark.parametrize(("save", "load"), WAYS)
def test_a_file_that_is_no_dictionary_is_refused(tmp_path, save, load):
    save([torch.ones(2)], tmp_path / "net")
    with pytest.raises(GanalyzeError, match="holds a list instead of a dictionary"):
        load(tmp_path / "net")


def test_a_state_that_does_not_fit_is_told_by_its_keys():
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    state = network.state_dict()
    load_state(network, state, "net.bin")
    wrong = {key: value for key, value in state.items() if key != "0.bias"} | {
        "1.weight": torch.ones(4),
        **{f"extra{i}": torch.ones(1) for i in range(5)},
    }
    with pytest.raises(GanalyzeError) as error:
        load_state(network, wrong, "net.bin")
    assert str(error.value) == (
        "net.bin does not fit the network: 1 missing: 0.bias; 5 unexpected: extra0, extra1, extra2, …; "
        "1 of another shape: 1.weight"
    )


def test_importing_the_module_does_not_import_torch():
    code = (
        "import sys, ganalyze.models.weights.files, ganalyze.models.weights.loading; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
