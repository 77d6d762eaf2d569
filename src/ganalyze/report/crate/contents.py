"""What a crate holds, and what it tells of without holding it: code, configuration, results, weights."""

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rocrate.model import Entity
from rocrate.rocrate import ROCrate

from ganalyze.models.generators import GENERATORS
from ganalyze.models.weights.catalogue import CATALOGUE, Wheel, load_catalogue
from ganalyze.models.weights.records import recorded_sha256
from ganalyze.report.captions import caption_of, catalogue_plans_of, plans_of
from ganalyze.report.crate.code import WORKFLOW, Code
from ganalyze.report.crate.entities import as_file, held, told
from ganalyze.report.crate.jobs import Job
from ganalyze.report.sections import claims_part
from ganalyze.support.tables import read_table

CONFIGURATION = "configuration.json"
SIMULATED = "SIMULATED: rests, in part at least, on simulated observers; nobody was asked."
_SIMULATION = "simulate_trials.py"


class Contents:
    """A crate's files. `entity` is one as Snakemake names it."""

    def __init__(self, crate: ROCrate, results: Path, config: Mapping[str, Any], code: Code, jobs: Sequence[Job]):
        self._crate, self._results, self._config, self._code = crate, results, config, code
        self._plans = plans_of(config) | catalogue_plans_of(config)
        self._caution = GENERATORS[config["generator"]].note
        self._catalogue = load_catalogue(CATALOGUE)
        self._maker = {path: job for job in jobs for path in job.outputs}
        self._entities: dict[str, Entity] = {}  # by their places
        self.simulated = _simulated(jobs) - {f"{results}/provenance.json"}  # it waits for claims, and tells of none
        self.folders: list[Entity] = []
        self._add_code(jobs)
        self.results = [self._add_result(path) for path in sorted(self._maker) if self._is_result(path)]
        self._describe_claims()
        read = sorted({path for job in jobs for path in (*job.inputs, *job.outputs) if not _is_code(path)})
        self.weights = [self.entity(path) for path in read if self._is_weights(path)]
        given = [self.entity(path) for path in read if path not in self._maker and not self._is_weights(path)]
        self.given = [self.configuration, *self.weights, *given]

    def entity(self, path: str) -> Entity:
        """A file that a job read or wrote, held or told of."""
        place = self._code.place(path)
        if place not in self._entities:
            self._entities[place] = self._weights(path) if self._is_weights(path) else self._absent(path)
        return self._entities[place]

    def inputs_of(self, job: Job) -> list[Entity]:
        """What a job was given, besides the code."""
        return [self.entity(path) for path in job.inputs if not _is_code(path)]

    def result(self, name: str) -> Entity:
        """A file of the run's, by its name in results/<run>."""
        return self.entity(f"{self._results}/{name}")

    @property
    def figures(self) -> list[Entity]:
        """The figures as pictures, the paper's first."""
        return [self.result(f"figures/{name}.png") for name, plan in self._plans.items() if plan.kind != "catalogue"]

    def _is_result(self, path: str) -> bool:
        return path.startswith(f"{self._results}/") and Path(path).exists()

    def _is_weights(self, path: str) -> bool:
        return path.endswith(".sha256") and Path(path).stem in self._catalogue

    # --- held ----------------------------------------------------------------------------------------------------

    def _add_code(self, jobs: Sequence[Job]) -> None:
        version = {"version": self._code.commit}
        scripts = {self._code.place(job.script) for job in jobs}
        files = {file: self._code.clone / file for file in self._code.files if file != WORKFLOW}
        # Modules of the user's own too, which git need not track.
        files |= {self._code.place(path): Path(path) for job in jobs for path in job.inputs if _is_code(path)}
        for place, source in sorted(files.items()):
            tool = {"url": place, "description": _told_in(source), **version} if place in scripts else {}
            entity = held(self._crate, source, place, *["SoftwareSourceCode"] * bool(tool), **tool)
            self._entities[place] = entity
        if readme := self._crate.get("README.md"):
            readme["about"] = self._crate.root_dataset
        main = self._code.clone / WORKFLOW
        known = as_file(main.read_bytes(), WORKFLOW, "SoftwareSourceCode", "ComputationalWorkflow", "HowTo")
        self.workflow = self._crate.add_workflow(main, WORKFLOW, main=True, lang="snakemake", properties=known)
        content = self._code.portable(json.dumps(self._config, indent=2, ensure_ascii=False)).encode()
        about = "The run's settings, with every default."
        self.configuration = held(self._crate, content, CONFIGURATION, description=about)

    def _add_result(self, path: str) -> Entity:
        name, place = Path(path).stem, self._code.place(path)
        properties = {"description": f"Written by {self._maker[path].rule}."}
        if path in self.simulated:
            properties["description"] += f" {SIMULATED}"
        is_figure = Path(path).parent == self._results / "figures"
        if is_figure:
            properties["name"], caption = caption_of(name, self._plans[name])
            drawn_from = [file for file in self._maker[path].inputs if file.startswith(f"{self._results}/")]
            shows_images = any(not file.endswith(".csv") for file in drawn_from)
            cautions = [SIMULATED if path in self.simulated else "", self._caution if shows_images else ""]
            properties["caption"] = " ".join(filter(None, [caption, *cautions]))
        if Path(path).is_dir():
            files = sorted(file for file in Path(path).rglob("*") if file.is_file() and not file.name.startswith("."))
            parts = [held(self._crate, file, self._code.place(file), **properties) for file in files]
            known = {"name": name, **properties, "hasPart": parts}
            self._entities[place] = self._crate.add_dataset(dest_path=place, properties=known)
            self.folders.append(self._entities[place])
        else:
            self._entities[place] = held(self._crate, Path(path), place, *["ImageObject"] * is_figure, **properties)
        return self._entities[place]

    def _describe_claims(self) -> None:
        claims = claims_part(read_table(self._results / "claims.csv"), {})
        told_of = f"The paper's numbers beside ours, each with a verdict: {claims['counts'] or 'none of this run'}."
        if claims["simulated"]:
            told_of += f" SIMULATED: {claims['simulated']} rest on simulated observers; nobody was asked."
        self.result("claims.csv")["description"] = told_of

    # --- told of -------------------------------------------------------------------------------------------------

    def _weights(self, path: str) -> Entity:
        """Weights of others, which jobs wait for by the record of their download."""
        file = Path(path).with_suffix("")
        known = self._catalogue[file.name]
        source = known.sources[0]
        return told(
            self._crate,
            f"#weights/{file.name}",
            "CreativeWork",
            name=file.name,
            description=f"{known.origin}. Not in this archive.",
            license=known.licence,
            citation=known.reference,
            identifier=_package_url(source) if isinstance(source, Wheel) else source.url,
            sha256=recorded_sha256(file),
        )

    def _absent(self, path: str) -> Entity:
        why = "Made on the way, and not kept." if path in self._maker else "Given, and not in this archive."
        place = self._code.place(path)
        return told(self._crate, f"#{place}", "CreativeWork", name=place, description=why)


def _simulated(jobs: Sequence[Job]) -> set[str]:
    """What comes of simulated answers; jobs stand in an order in which they can be run."""
    found: set[str] = set()
    for job in jobs:
        if job.script.endswith(_SIMULATION) or found & {*job.inputs}:
            found |= {*job.outputs}
    return found


def _is_code(path: str) -> bool:
    return path.endswith(".py")


def _told_in(script: Path) -> str:
    """What a script says of itself."""
    docstring = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.partition("\n\n")[0].split())


def _package_url(wheel: Wheel) -> str:
    """The package as a purl (package-url), which names no registry's address."""
    name, _, version = wheel.wheel.partition("==")
    return f"pkg:pypi/{name.lower()}@{version}#{wheel.member}"
