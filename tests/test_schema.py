"""The configuration's schema, for editors, the workflow catalogue and whoever reads it."""

import jsonschema
import pytest
import yaml

from ganalyze.run import Run
from tests import REPOSITORY

SCHEMA = REPOSITORY / "workflow/schemas/config.schema.yaml"
RUNS = sorted(path for path in (REPOSITORY / "config").glob("*.yaml") if "studies" in yaml.safe_load(path.read_text()))


@pytest.fixture(scope="module")
def schema():
    return yaml.safe_load(SCHEMA.read_text())


def test_the_schema_is_that_of_the_settings(schema):
    """If this fails: make schema."""
    assert schema == Run.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.name)
def test_every_configuration_of_ours_is_valid(schema, path):
    jsonschema.validate(yaml.safe_load(path.read_text()), schema)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("seed",), "a"),
        (("sede",), 1),
        (("studies", 0, "training", "samples"), 0),
        (("studies", 0, "experiments", "memory_game", "targets"), 0),
    ],
)
def test_what_the_settings_refuse_is_refused_by_the_schema(schema, place, value):
    run = yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text())
    *path, last = place
    target = run
    for key in path:
        target = target[key]
    target[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(run, schema)


def test_every_setting_says_what_it_means(schema):
    groups = {"Run": schema, **schema["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, group in groups.items()
        for key, setting in group["properties"].items()
        if "description" not in setting and "$ref" not in setting
    ]
    assert silent == []
