"""Whose work a crate is, and whose paper it reproduces: as CITATION.cff says."""

import re
from collections.abc import Mapping
from typing import Any

from rocrate.model import Entity
from rocrate.rocrate import ROCrate

from ganalyze.report.crate.entities import told

CITATION = "CITATION.cff"


def person(crate: ROCrate, named: Mapping[str, str]) -> Entity:
    """Somebody, with their affiliation, or an organisation."""
    if "name" in named:
        more = named.get("website", CITATION)  # where more is said of it
        return told(crate, _identifier(named["name"]), "Organization", name=named["name"], url=more)
    name = f"{named['given-names']} {named['family-names']}"
    where = {"affiliation": person(crate, {"name": named["affiliation"]})} if "affiliation" in named else {}
    return told(crate, named.get("orcid", _identifier(name)), "Person", name=name, **where)


def paper(crate: ROCrate, cited: Mapping[str, Any]) -> Entity:
    """The paper to cite."""
    return told(
        crate,
        _identifier(cited["title"]),
        "ScholarlyArticle",
        name=cited["title"],
        creator=[person(crate, one) for one in cited["authors"]],
        isPartOf=cited["collection-title"],
        datePublished=str(cited["year"]),
    )


def _identifier(name: str) -> str:
    return "#" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
