"""CITATION.cff, codemeta.json and .zenodo.json say the same, and what pyproject.toml says."""

import json
import tomllib

import pytest
import yaml

from tests import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
CITATION = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())
CODEMETA = json.loads((REPOSITORY / "codemeta.json").read_text())
ZENODO = json.loads((REPOSITORY / ".zenodo.json").read_text())


def whole_name(author: dict) -> str:
    """Of a person as of an organisation, in each of the three files' words."""
    given = author.get("given-names") or author.get("givenName")
    family = author.get("family-names") or author.get("familyName")
    return author.get("name") or f"{family}, {given}"


def test_the_version_is_the_projects():
    assert CITATION["version"] == CODEMETA["version"] == ZENODO["version"] == PROJECT["version"]


def test_the_title_and_the_description_are_the_same():
    assert CITATION["title"] == CODEMETA["name"] == ZENODO["title"]
    assert CODEMETA["description"] == ZENODO["description"] == PROJECT["description"]


def test_the_licence_is_the_same():
    assert CITATION["license"] == ZENODO["license"] == PROJECT["license"]
    assert CODEMETA["license"] == f"https://spdx.org/licenses/{PROJECT['license']}"


@pytest.mark.parametrize("authors", [CODEMETA["author"], ZENODO["creators"]], ids=["codemeta", "zenodo"])
def test_the_authors_are_the_same_in_the_same_order(authors):
    assert [whole_name(one) for one in authors] == [whole_name(one) for one in CITATION["authors"]]


def test_the_paper_is_the_same():
    paper = CITATION["preferred-citation"]["title"]
    assert CODEMETA["referencePublication"]["name"] == paper
    assert paper in ZENODO["references"][0]
