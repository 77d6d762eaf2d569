"""Explore a run in the browser: faces and photographs moved along its directions by sliders, on this machine alone.

With `make explore` memory is handled as in all jobs of the workflow, which is faster.
"""

import json
import secrets
from pathlib import Path

import uvicorn
from pydantic import Field

from ganalyze.direction.inversion import Inversion
from ganalyze.direction.likeness import EXTRACTOR
from ganalyze.direction.transformer import Transformer
from ganalyze.explore.explorer import Direction, Explorer, Networks, State, share_segmenter
from ganalyze.explore.photographs import Photographs
from ganalyze.explore.server import build_app
from ganalyze.models.assessors import ASSESSORS
from ganalyze.models.choices import AssessorChoice, GeneratorChoice
from ganalyze.models.compute import Compute
from ganalyze.models.detectors import DETECTORS
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.generators import GENERATORS
from ganalyze.models.segmenters import SEGMENTERS
from ganalyze.run import load_run
from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import Positive, Settings


class Arguments(Settings):
    """Which run, and where it is served."""

    results: Path = Field(default=Path("results/demo"), description="of a finished run")
    port: Positive = 8010
    inversion: Inversion = Inversion()


def main(arguments: Arguments) -> None:
    path = arguments.results / "provenance.json"
    if not path.is_file():
        raise GanalyzeError(f"{path} not found: finish the run first (make pull brings the demo)")
    run = load_run(json.loads(path.read_text(encoding="utf-8"))["config"])
    compute = run.only(Compute).prepare()
    generator, images = run.only(GeneratorChoice).load_and_try(run.weights, compute)
    assessors, titles = {}, {}
    for study in run.studies:
        titles[study.name] = ASSESSORS[study.assessor].title
        if titles[study.name] not in assessors:
            assessors[titles[study.name]] = study.only(AssessorChoice).load_assessor(run.weights, compute, images)
    segmenter = SEGMENTERS.load(run.segmenter, run.weights, compute) if run.segmenter else None
    networks = Networks(
        generator,
        assessors,
        share_segmenter(segmenter, assessors.values()) if segmenter else None,
        DETECTORS.load(run.detector, run.weights, compute) if run.detector else None,
        EXTRACTORS.load(EXTRACTOR, run.weights, compute),
    )
    directions = {
        study.name: Direction(
            Transformer.load(arguments.results / study.name / "direction/theta.safetensors", generator.z_dim),
            titles[study.name],
            study.alphas[0],
            study.alphas[-1],
        )
        for study in run.studies
    }
    explorer = Explorer(networks, directions, compute, run.seed)
    explorer.measure(State(seed=0))  # so that the first one that is asked for comes at once
    card = GENERATORS[run.generator]
    about = {
        "title": run.run,
        "generator": card.title,
        "note": card.note,
        "directions": {
            study.name: {"title": study.title, "note": ASSESSORS[study.assessor].note} for study in run.studies
        },
    }
    token = secrets.token_urlsafe(24)
    app = build_app(explorer, Photographs(explorer, arguments.inversion), about, token)
    address = f"http://127.0.0.1:{arguments.port}/?token={token}"
    print(f"Explore {run.run}: {address}\n  on this machine alone, until you interrupt it (Ctrl-C)", flush=True)
    uvicorn.run(app, host="127.0.0.1", port=arguments.port, access_log=False, log_level="warning", server_header=False)


if __name__ == "__main__":
    run_command(main)
