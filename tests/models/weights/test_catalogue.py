"""The catalogue of weight files: what it must say of each."""

import re

import pytest

from ganalyze.models.weights.catalogue import load_catalogue
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY


def test_the_projects_catalogue_is_valid_and_serves_the_demo_without_any_url():
    catalogue = load_catalogue(REPOSITORY / "config/weights.yaml")
    assert all(weight.licence and weight.reference for weight in catalogue.values())
    for name in ("model.pt", "weights.tar", "emotion_model.hdf5", "efficientnet-lite0-57934424.pth"):
        assert "in the package" in str(catalogue[name].sources[0])
        assert catalogue[name].size
        assert catalogue[name].sha256


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"colour": "red"}, "net.bin.colour"),
        ({"sources": []}, "net.bin.sources"),
        ({"sha256": "abc"}, "net.bin.sha256"),
        ({"size": -1}, "net.bin.size"),
        ({"licence": None}, "net.bin.licence"),
        ({"sources": [{"url": "ftp://x/y"}]}, "net.bin.sources.0.url.url"),
        ({"sources": [{"wheel": "resmem", "member": "a"}]}, "net.bin.sources.0.wheel.wheel"),
        ({"sources": [{"wheel": "a==1"}]}, "net.bin.sources.0.wheel.member"),
        ({"sources": ["x"]}, "net.bin.sources.0"),
    ],
)
def test_a_bad_catalogue_is_refused_by_file_and_key(catalogue_of, change, key):
    path = catalogue_of("http://x/y", **change)
    with pytest.raises(GanalyzeError, match=re.escape(f"catalogue {path}: {key}")):
        load_catalogue(path)


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "../up: {}", None])
def test_a_file_that_is_no_catalogue_is_refused(tmp_path, text):
    path = tmp_path / "catalogue.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(GanalyzeError, match=re.escape(str(path))):
        load_catalogue(path)
