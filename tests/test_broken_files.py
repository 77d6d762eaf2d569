"""Whatever is in a file, what reads it reads it or refuses it in one line: random bytes, and a file of its own kind
with bytes changed and an end cut off."""

import contextlib
import pickle
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from ganalyze.direction.checkpoints import Checkpoint
from ganalyze.direction.inverted import Inverted
from ganalyze.direction.settings import TransformerSettings
from ganalyze.direction.transformer import Transformer
from ganalyze.experiments.hosting.stimuli import read_tracks
from ganalyze.experiments.trials import read_trials
from ganalyze.images.image_sets import read_manifest
from ganalyze.models.weights.catalogue import load_catalogue
from ganalyze.models.weights.keras import load_keras
from ganalyze.models.weights.loading import load_state, load_tensor_pickle, load_tensors
from ganalyze.models.weights.openvino import constants
from ganalyze.report.claims import read_claims
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY


def _keras(path):
    with h5py.File(path, "w") as file:
        file.create_group("a")["kernel:0"] = np.zeros((2, 3), np.float32)


def _checkpoint(path):
    transformer = Transformer(TransformerSettings(), 4, 1)
    optimizer = torch.optim.Adam(transformer.parameters())
    transformer.shared.grad = torch.zeros(4)
    optimizer.step()
    Checkpoint(path, "same", transformer, optimizer).save([0.5])


def _restored(path):
    transformer = Transformer(TransformerSettings(), 4, 1)
    Checkpoint(path, "same", transformer, torch.optim.Adam(transformer.parameters())).restore(lambda words: None)


def _read_openvino(path):
    path.with_suffix(".bin").write_bytes(bytes(16))
    return list(constants(path, path.with_suffix(".bin")))


def _state(path):
    load_state(torch.nn.Linear(2, 1), load_tensors(path), "linear")


OPENVINO = (
    b'<net><layers><layer id="0" name="w" type="Const">'
    b'<data element_type="f32" shape="2,2" offset="0" size="16"/></layer>'
    b'<layer id="1" name="c" type="Convolution"/></layers><edges><edge from-layer="0" to-layer="1"/></edges></net>'
)
DIRECTION = '{"transformer": "one_direction", "rescaling": "none", "moves": ["fine"]}'
TRACK = b"track,participant,series,trial_index,phase,role,image_id\n1,2,1,0,main,target,test_00000_+0\n"
# Each: how a whole file is written, and what reads it.
DOORS = {
    "a direction": (
        lambda path: path.write_bytes(save({"theta": torch.ones(4)}, {"about": DIRECTION})),
        Transformer.load,
    ),
    "an inverted photograph": (
        lambda path: path.write_bytes(save({"z": torch.ones(4)}, {"about": '{"class_id": 0}'})),
        lambda path: Inverted.load(path, 4, None),
    ),
    "a checkpoint": (_checkpoint, _restored),
    "weights of torch": (lambda path: torch.save({"weight": torch.ones(1, 2), "bias": torch.ones(1)}, path), _state),
    "weights as a pickle": (
        lambda path: path.write_bytes(pickle.dumps({"weight": torch.ones(1, 2)}, protocol=2)),
        load_tensor_pickle,
    ),
    "weights of Keras": (_keras, lambda path: load_keras(path, {"ours": "a"})),
    "weights of OpenVINO": (lambda path: path.write_bytes(OPENVINO), _read_openvino),
    "a manifest": (lambda path: path.write_bytes(b"image_id,file,alpha\na,a.png,0.1\nb,b.png,0.2\n"), read_manifest),
    "tracks": (lambda path: path.write_bytes(TRACK), read_tracks),
    "trials": (
        lambda path: path.write_bytes((REPOSITORY / "tests/__init__.py").read_bytes() + TRACK),
        lambda path: read_trials(path, "memory_game", None),
    ),
    "claims": (lambda path: path.write_bytes((REPOSITORY / "config/claims.csv").read_bytes()[:400]), read_claims),
    "a catalogue": (
        lambda path: path.write_bytes((REPOSITORY / "config/weights.yaml").read_bytes()[:300]),
        load_catalogue,
    ),
}


@cache  # not all writers write the same bytes twice
def _whole(door):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "whole"
        DOORS[door][0](path)
        return path.read_bytes()


@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_broken_file_is_read_or_refused_in_one_line(tmp_path, door, data):
    if data.draw(st.booleans()):
        content = bytearray(_whole(door))
        for _ in range(data.draw(st.integers(0, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        content = bytes(content)[: data.draw(st.integers(0, len(content)))]
    else:
        content = data.draw(st.binary(max_size=200))
    path = tmp_path / "file"
    path.write_bytes(content)
    with contextlib.suppress(GanalyzeError):
        DOORS[door][1](path)
