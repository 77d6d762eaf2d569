"""The report: one HTML file that opens offline, made from tables and figures alone. No torch."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from PIL import Image

from ganalyze.experiments.observers import Observers
from ganalyze.figures.plan import figures_of
from ganalyze.figures.style import PNG_DPI, alpha_label, number, p_number, with_interval
from ganalyze.images.image_sets import ImageSet
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.report.explorer import as_data_uri, explorer_study
from ganalyze.report.sections import claims_part, experiments_part, table1_part
from ganalyze.statistics.witness import witness_difference
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole
from ganalyze.support.tables import read_table

SCREEN_PIXELS_PER_INCH = 140  # at which the text of figures reads like the page's


def write_report(results: Path, provenance: dict[str, Any], output: Path) -> None:
    """Fill the template with what lies in `results` (results/<run>).

    Raises GanalyzeError where a table, a figure or a caption is missing.
    """
    config = provenance["config"]
    studies = [_study(results, study) for study in config["studies"]]
    texts = yaml.safe_load(_template("captions.yaml"))
    experiments = {study["name"]: list(study["experiments"]) for study in config["studies"]}
    claims = pd.read_csv(results / "claims.csv")
    table1 = results / "tables/table1.csv"
    has_table1 = "memory_game" in experiments.get("memorability", ())
    figures = [
        _figure(results / "figures" / f"{name}.png", name, figure.kind, texts)
        for name, figure in figures_of(
            [study["name"] for study in config["studies"]],
            realness=config["realness"] is not None,
            distilled=config["distillation"] is not None,
            power=config["power_data_sets"] is not None,
            experiments=experiments,
        ).items()
    ]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(_template("report.html.j2")).render(
        run=config["run"],
        generator=GENERATORS[config["generator"]],
        segmenter=SEGMENTERS[config["segmenter"]] if config["segmenter"] else None,
        extractor=EXTRACTORS[config["realness"]["extractor"]] if config["realness"] else None,
        embedded=config["generator"] == "dcgan-digiface",
        studies=studies,
        claims=claims_part(claims, {study["name"]: study["card"].title for study in studies}),
        table1=table1_part(pd.read_csv(table1), claims) if has_table1 else [],
        experiments=experiments_part(results, experiments),
        witness=max((one for study in studies if (one := study["witness"]) is not None), default=None),
        observers=Observers(sensitivity=0.0),
        figures=figures,
        explorer=[
            explorer_study(results / study["name"], study["card"].title) | {"title": study["title"]}
            for study in studies
        ],
        explorer_script=_template("explorer.js"),
        provenance=provenance,
    )
    with written_whole(output) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _template(name: str) -> str:
    return (files("ganalyze.report") / "templates" / name).read_text(encoding="utf-8")


def _study(results: Path, study: dict[str, Any]) -> dict[str, Any]:
    folder = results / study["name"]
    means = read_table(folder / "scores.by_alpha.csv")
    model = pd.read_csv(folder / "mixed_models.csv")
    slope = model[model.term == "alpha"].iloc[0]
    gains = ImageSet.open(folder / "images/test.csv").gains()
    rising = (gains > 0).sum()
    return {
        "name": study["name"],
        "title": study["name"].replace("_", " ").capitalize(),
        "card": ASSESSORS[study["assessor"]],
        "alpha_text": ", ".join(map(alpha_label, means.alpha)),
        "means": ", ".join(map(number, means["mean"])),
        "slope": with_interval(slope.estimate, slope.ci_low, slope.ci_high)
        if pd.notna(slope.estimate)
        else slope.converged,
        "p": p_number(slope.p),
        "rising": f"{rising} of {len(gains)} ({rising / len(gains):.0%})",
        "formula": slope.formula,
        "engine": slope.engine,
        "witness": witness_difference(model),
    }


def _figure(path: Path, name: str, kind: str, captions: dict[str, str]) -> dict[str, Any]:
    if not path.is_file():
        raise GanalyzeError(f"figure {path} not found: draw it first (scripts/draw_figure.py)")
    with Image.open(path) as image:
        width, data = image.width, as_data_uri(image.convert("RGB"))
    caption = captions.get(name) or captions[kind]
    paper = re.fullmatch(r"fig(\d+)([a-z]?)", name)
    return {
        "name": name,
        "title": f"Fig. {paper[1]}{paper[2].upper()}" if paper else name.replace("_", " ").capitalize(),
        "caption": caption.replace("{rule}", captions["rule"]),
        "width": round(width / PNG_DPI * SCREEN_PIXELS_PER_INCH),
        "data": data,
    }
