"""A finished run, written as a crate: what the whole is, then its files, then its jobs, and all of it as a web page."""

import io
import json
import os
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from rocrate.model import Preview
from rocrate.rocrate import ROCrate

from ganalyze.models.generators import GENERATORS
from ganalyze.report.crate.code import Code, read_code
from ganalyze.report.crate.contents import Contents
from ganalyze.report.crate.entities import shorten, told
from ganalyze.report.crate.jobs import Job, read_jobs
from ganalyze.report.crate.people import CITATION, paper, person
from ganalyze.report.crate.run import add_run, day_and_time
from ganalyze.report.template import render
from ganalyze.support.files import read_yaml, written_whole

# Of the profiles the versions that extend RO-Crate 1.1.
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
_LICENCES = (
    "The code is under the MIT licence (LICENSE). Images, and what was measured on them, were made with networks of "
    "others, whose licences, named with each, bind their use too: some forbid any commercial one."
)


def write_crate(results: Path, output: Path) -> None:
    """Write a finished run (results/<run>) as a zip, from the folder where Snakemake ran.

    Raises:
        GanalyzeError: the run is not finished; results, records and code do not belong together; or the code is no
            commit.
    """
    results = Path(os.path.relpath(results))  # as Snakemake names it
    code, jobs = read_code(), read_jobs(results)
    provenance = json.loads((results / "provenance.json").read_text(encoding="utf-8"))
    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms["sha256"] = "http://schema.org/sha256"  # younger than this version of RO-Crate
    cited = read_yaml(code.clone / CITATION)
    authors = [person(crate, one) for one in cited["authors"]]
    contents = Contents(crate, results, provenance["config"], code, jobs)
    add_run(crate, contents, code, jobs, provenance, authors)
    root = crate.root_dataset
    for name, value in _whole(crate, contents, cited, provenance["config"], _day(code, jobs)).items():
        root[name] = value
    root["author"] = authors
    root["publisher"] = [one for one in authors if one.type == "Organization"][:1]
    crate.add(Preview(crate, io.StringIO(_page(crate, contents, code, jobs))))
    for entity in crate.get_entities():
        shorten(entity)
    with written_whole(output) as temporary:
        crate.write_zip(temporary)
        with ZipFile(temporary, "a") as archive:
            for folder in contents.folders:  # of which rocrate stores the files alone
                archive.mkdir(folder.id)


def _day(code: Code, jobs: list[Job]) -> str:
    """When the last job ended, else the day of the commit."""
    end = max((job.end for job in jobs if job.end), default=None)
    return day_and_time(end)[:10] if end else code.day


def _whole(
    crate: ROCrate, contents: Contents, cited: dict[str, Any], config: dict[str, Any], day: str
) -> dict[str, Any]:
    generator = GENERATORS[config["generator"]]
    studies = ", ".join(study["name"].replace("_", " ") for study in config["studies"])
    words = [
        "What images look like as networks score them higher: GANalyze (Goetschalckx et al., ICCV 2019), reproduced "
        f"with {generator.title}, for {studies}.",
        generator.note,
        "The answers in its experiments are SIMULATED: nobody was asked." if contents.simulated else "",
    ]
    return {
        "name": f"{cited['title']}: the run {config['run']}",
        "description": " ".join(filter(None, words)),
        "version": cited["version"],
        "datePublished": day,
        "license": told(crate, "#licences", "CreativeWork", name="Licences", description=_LICENCES),
        "citation": paper(crate, cited["preferred-citation"]),
        "conformsTo": [told(crate, one, "CreativeWork", name=name) for one, name in _PROFILES.items()],
    }


def _page(crate: ROCrate, contents: Contents, code: Code, jobs: list[Job]) -> str:
    """The crate as a web page, ro-crate-preview.html."""
    return render(
        "crate.html.j2",
        root=crate.root_dataset,
        commit=code.commit,
        report=contents.result("report.html").id,
        provenance=contents.result("provenance.json").id,
        configuration=contents.configuration.id,
        claims=contents.result("claims.csv"),
        figures=contents.figures,
        weights=contents.weights,
        actions=[(job, crate.get(f"#job/{number}")) for number, job in enumerate(jobs, start=1)],
        timed=any(job.end for job in jobs),
        files=[one for one in crate.data_entities if "contentSize" in one.properties()],
    )
