"""The report: one HTML file that opens offline, made from tables and figures alone. No torch."""

from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from ganalyze.experiments.observers import Observers
from ganalyze.figures.plan import FigurePlan
from ganalyze.figures.style import PNG_DPI, p_number, with_interval
from ganalyze.images.image_sets import ImageSet, read_manifest
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.report import controls, findings
from ganalyze.report.captions import caption_of, plans_of, title_of
from ganalyze.report.explorer import explorer_study
from ganalyze.report.pictures import as_data_uri
from ganalyze.report.sections import claims_part, experiments_part, hits_part, realness_in_words, table1_part
from ganalyze.report.template import render, template
from ganalyze.statistics.equivalence import Equivalence
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
    alignment = read_table(results / "alignment.csv") if len(config["studies"]) > 1 else None
    studies = [_study(results, study, config["studies"], alignment) for study in config["studies"]]
    experiments = {study["name"]: list(study["experiments"]) for study in config["studies"]}
    claims = read_table(results / "claims.csv")
    table1 = results / "tables/table1.csv"
    has_table1 = "memory_game" in experiments.get("memorability", ())
    hits_told, hits_explained = hits_part(read_table(results / "tables/hits_explained.csv")) if has_table1 else ("", [])
    plans = plans_of(config)
    figures = {name: _figure(results / "figures" / f"{name}.png", name, plan) for name, plan in plans.items()}
    page = render(
        "report.html.j2",
        run=config["run"],
        subject=studies[0]["subject"],
        generator=GENERATORS[config["generator"]],
        segmenter=SEGMENTERS[config["segmenter"]] if config["segmenter"] else None,
        detector=DETECTORS[config["detector"]] if config["detector"] else None,
        extractor=EXTRACTORS[config["realness"]["extractor"]] if config["realness"] else None,
        studies=studies,
        factors=[factor for factor in findings.WORDS if any(factor in study["factors"] for study in studies)],
        slight=findings.SLIGHT,
        claims=claims_part(claims, {study["name"]: study["card"].title for study in studies}),
        table1=table1_part(read_table(table1), claims) if has_table1 else [],
        hits_told=hits_told,
        hits_explained=hits_explained,
        experiments=experiments_part(results, experiments),
        witness=max((one for study in studies if (one := study["witness"]) is not None), default=None),
        equivalence=Equivalence(**config["equivalence"]),
        observers=Observers(sensitivity=0.0),
        figures=figures,
        kinds={plan.kind for plan in plans.values()},
        by_kind=lambda kind: [name for name, plan in plans.items() if plan.kind == kind],
        explorer=[
            {
                "name": study["name"],
                "title": study["title"],
                "label": study["card"].title.partition(" (")[0],
                **explorer_study(results / study["name"]),
            }
            for study in studies
        ],
        explorer_script=template("explorer.js"),
        provenance=provenance,
    )
    with written_whole(output) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _assessor(study: dict[str, Any]) -> tuple[str, Any]:
    return study["assessor"], study.get("assessor_options")


def _held(study: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in study.get("hold", ()) if one["weight"]]


def _held_told(results: Path, study: dict[str, Any]) -> str:
    if not _held(study):
        return ""
    held = [(ASSESSORS[one["assessor"]].title.partition(" (")[0].lower(), one["weight"]) for one in _held(study)]
    tables = [read_table(results / study["name"] / f"held/{place}.csv") for place in range(len(held))]
    scores = {str(name): read_manifest(results / name / "images/test.csv") for name in tables[0].study.unique()}
    return findings.held_in_words(study["name"], held, tables, scores)


def _study(
    results: Path, study: dict[str, Any], studies: list[dict[str, Any]], alignment: pd.DataFrame | None
) -> dict[str, Any]:
    name, folder, card = study["name"], results / study["name"], ASSESSORS[study["assessor"]]
    model = read_table(folder / "mixed_models.csv")
    slope = model[model.term == "alpha"].iloc[0]
    images, means = ImageSet.open(folder / "images/test.csv"), read_table(folder / "scores.by_alpha.csv")
    changes, subject = findings.factor_changes(folder), findings.subject_of(images)
    slopes = read_table(folder / "robustness.csv")
    realness, null_directions = folder / "realness.csv", folder / "null_directions.csv"
    plain = changes.certain & (changes.change.abs() >= findings.SLIGHT)

    others: dict[str, str] = {}
    seen = [_assessor(study)]
    for one in studies:
        if _assessor(one) not in seen:  # of several with one assessor the first speaks for all
            seen.append(_assessor(one))
            others[one["name"]] = title_of(one["name"])
    return {
        "name": name,
        "title": title_of(name),
        "subject": subject,
        "card": card,
        "strip": findings.median_strip(images, card.title.partition(" (")[0]),
        "changed": findings.in_words(changes, subject),
        "factors": changes.assign(plain=plain).to_dict("index"),
        "score_told": findings.score_in_words(images, means, card.title, subject),
        "held": [(ASSESSORS[one["assessor"]], one["weight"]) for one in _held(study)],
        "held_told": _held_told(results, study),
        "others_told": "" if alignment is None else findings.others_in_words(alignment, name, others),
        "steps_told": controls.steps_in_words(
            read_table(folder / "steps.csv"), read_table(folder / "robust_models.csv")
        ),
        "slopes": {row.analysis: with_interval(row.estimate, row.ci_low, row.ci_high) for row in slopes.itertuples()},
        "slopes_told": controls.slopes_in_words(slopes),
        "explained_told": controls.explained_in_words(read_table(folder / "explained.csv"), subject),
        "null_told": controls.null_in_words(read_table(null_directions)) if null_directions.is_file() else "",
        "stable_told": controls.stability_in_words(folder) if study["replicates"] else "",
        "judges_told": controls.judges_in_words(read_table(folder / "judges.csv"), subject) if study["judges"] else [],
        "judge_notes": [note for judge in study["judges"] if (note := ASSESSORS[judge["assessor"]].note)],
        "moves": findings.listed(study["transformer"].get("moves") or ()),
        "realness": realness_in_words(read_table(realness)) if realness.is_file() else "",
        "slope": with_interval(slope.estimate, slope.ci_low, slope.ci_high)
        if pd.notna(slope.estimate)
        else slope.converged,
        "p": p_number(slope.p),
        "formula": slope.formula,
        "engine": slope.engine,
        "witness": witness_difference(model),
    }


def _figure(path: Path, name: str, plan: FigurePlan) -> dict[str, Any]:
    if not path.is_file():
        raise GanalyzeError(f"figure {path} not found: draw it first (ganalyze draw-figure)")
    with Image.open(path) as image:
        width, data = image.width, as_data_uri(image.convert("RGB"), quality=90)
    title, caption = caption_of(name, plan)
    return {
        "name": name,
        "title": title,
        "alt": caption.partition(". ")[0],
        "caption": caption,
        "width": round(width / PNG_DPI * SCREEN_PIXELS_PER_INCH),
        "data": data,
    }
