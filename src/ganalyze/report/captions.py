"""What stands under a figure: its title, what it shows and how to read it."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from ganalyze.figures.plan import FigurePlan, catalogues_of, figures_of
from ganalyze.report.findings import listed
from ganalyze.report.template import template


def plans_of(config: Mapping[str, Any]) -> dict[str, FigurePlan]:
    """The figures of a run, by name; config: the checked configuration, as provenance.json holds it."""
    return figures_of(
        names_of(config),
        realness=config["realness"] is not None,
        distilled=config["distillation"] is not None,
        power=config["power_data_sets"] is not None,
        segmented=config["segmenter"] is not None,
        null_directions=config["null_directions"] is not None,
        replicates={study["name"]: study["replicates"] for study in config["studies"] if study["replicates"]},
        experiments={study["name"]: list(study["experiments"]) for study in config["studies"]},
    )


def catalogue_plans_of(config: Mapping[str, Any]) -> dict[str, FigurePlan]:
    """The catalogues of a run, by name."""
    return catalogues_of(names_of(config))


def names_of(config: Mapping[str, Any]) -> list[str]:
    """The studies' names."""
    return [study["name"] for study in config["studies"]]


def title_of(study: str) -> str:
    """A study's name as a title."""
    return study.replace("_", " ").capitalize()


def caption_of(name: str, plan: FigurePlan) -> tuple[str, str]:
    """The title and the caption of a figure.

    Raises:
        KeyError: captions.yaml does not tell of its kind.
    """
    texts = yaml.safe_load(template("captions.yaml"))
    told = texts[plan.kind]
    caption = told["text"].replace("{rule}", texts["rule"])
    if paper := re.fullmatch(r"fig(\d+)([a-z]?)", name):
        caption += f" As Fig. {paper[1]}{paper[2].upper()} of the paper."
    return told["title"].replace("{study}", listed([title_of(study).lower() for study in plan.studies])), caption
