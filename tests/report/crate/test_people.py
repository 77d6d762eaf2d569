"""Authors as CITATION.cff names them."""

from rocrate.rocrate import ROCrate

from ganalyze.report.crate.people import person

ADA = {"given-names": "Ada", "family-names": "Lovelace", "affiliation": "Analytical Society"}


def test_somebody_has_their_orcid_and_their_affiliation():
    ada = person(ROCrate(), ADA | {"orcid": "https://orcid.org/0000-0002-1825-0097"})
    assert ada.id == "https://orcid.org/0000-0002-1825-0097"
    assert (ada.type, ada["name"], ada["affiliation"]["name"]) == ("Person", "Ada Lovelace", "Analytical Society")


def test_who_is_named_twice_is_one():
    crate = ROCrate()
    assert person(crate, ADA) is person(crate, ADA)


def test_an_organisation_leads_to_where_more_is_said_of_it():
    crate = ROCrate()
    assert person(crate, {"name": "A Lab", "website": "https://lab.example"})["url"] == "https://lab.example"
    assert person(crate, {"name": "Another"})["url"] == "CITATION.cff"
