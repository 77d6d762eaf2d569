"""Provenance names what a reader needs to repeat a run."""

import hashlib
import subprocess
from importlib.metadata import version

from ganalyze.report import provenance as provenance_module
from ganalyze.report.provenance import collect_provenance


def test_weights_packages_commit_and_configuration_are_there(tmp_path, monkeypatch):
    (tmp_path / "model.pt").write_bytes(b"weights")
    subprocess.run(
        "git init -q && git add . && git -c user.name=a -c user.email=b commit -qm c",
        shell=True,
        cwd=tmp_path,
        check=True,
    )
    monkeypatch.setattr(provenance_module, "CLONE", tmp_path)
    provenance = collect_provenance({"run": "demo", "device": "cpu"}, [tmp_path / "model.pt"])
    assert provenance["weights"] == {"model.pt": hashlib.sha256(b"weights").hexdigest()}
    assert provenance["packages"]["torch"] == version("torch")
    assert len(provenance["git_commit"]) == 40
    assert provenance["uncommitted_changes"] is False
    assert provenance["config"]["run"] == "demo"
    (tmp_path / "model.pt").write_bytes(b"changed")
    assert collect_provenance({"device": "cpu"}, [])["uncommitted_changes"] is True


def test_two_weight_files_of_one_name_are_told_by_their_paths(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.safetensors").write_text(folder)
    (tmp_path / "model.pt").touch()
    paths = [tmp_path / name for name in ("one/model.safetensors", "two/model.safetensors", "model.pt")]
    weights = collect_provenance({"device": "cpu"}, paths)["weights"]
    assert set(weights) == {str(paths[0]), str(paths[1]), "model.pt"}
    assert weights[str(paths[1])] == hashlib.sha256(b"two").hexdigest()


def test_outside_a_checkout_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance_module, "CLONE", tmp_path)
    assert collect_provenance({"device": "cpu"}, [])["git_commit"] is None
