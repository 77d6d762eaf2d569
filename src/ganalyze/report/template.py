"""The pages' templates (report/templates)."""

from importlib.resources import files
from typing import Any

import jinja2


def template(name: str) -> str:
    """A file of report/templates."""
    return (files("ganalyze.report") / "templates" / name).read_text(encoding="utf-8")


def render(page: str, /, **values: Any) -> str:
    """A template with `values` and the pages' style sheet. Raises jinja2.UndefinedError where it asks for more."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(template(page)).render(style=template("style.css"), **values)
