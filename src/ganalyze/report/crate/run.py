"""What happened, in a crate's terms: Snakemake (OrganizeAction) ran the workflow (CreateAction), each rule of which is
a step (HowToStep), and of each step some jobs (a ControlAction each, of a CreateAction)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rocrate.model import Entity
from rocrate.rocrate import ROCrate

from ganalyze.report.crate.code import WORKFLOW, Code
from ganalyze.report.crate.contents import Contents
from ganalyze.report.crate.entities import told
from ganalyze.report.crate.jobs import ENDS, Job

_ENGINE = "https://snakemake.github.io"


def day_and_time(seconds: float) -> str:
    """As crates write it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def add_run(
    crate: ROCrate,
    contents: Contents,
    code: Code,
    jobs: Sequence[Job],
    provenance: Mapping[str, Any],
    agent: list[Entity],
) -> None:
    """Add the workflow as it was meant to be run, and how it was run."""
    steps: dict[str, Entity] = {}
    actions, controls = [], []
    for number, job in enumerate(jobs, start=1):
        tool = contents.entity(job.script)
        if job.rule not in steps:
            position = str(len(steps) + 1)
            steps[job.rule] = told(
                crate, f"#step/{job.rule}", "HowToStep", name=job.rule, position=position, workExample=tool
            )
        action = told(
            crate,
            f"#job/{number}",
            "CreateAction",
            name=f"{job.rule}, for {Path(job.outputs[0]).name}",
            description=code.portable(job.command),
            instrument=tool,
            object=contents.inputs_of(job),
            result=list(map(contents.entity, job.outputs)),
            agent=agent,
            **_times(job.start, job.end),
        )
        controls.append(
            told(
                crate,
                f"#control/{number}",
                "ControlAction",
                name=f"Snakemake runs {job.rule}",
                instrument=steps[job.rule],
                object=action,
            )
        )
        actions.append(action)
    uncommitted = ", with changes that were not committed" if provenance["uncommitted_changes"] else ""
    run = told(
        crate,
        "#run",
        "CreateAction",
        name="The run",
        description=f"Finished at commit {provenance['git_commit']}{uncommitted}, on {provenance['platform']}, device "
        f"{provenance['device']}, Python {provenance['python']}.",
        instrument=contents.workflow,
        object=contents.given,
        result=contents.results,
        agent=agent,
        **_times(
            min((job.start for job in jobs if job.start), default=None),
            max((job.end for job in jobs if job.end), default=None),
        ),
    )
    engine = told(
        crate,
        _ENGINE,
        "SoftwareApplication",
        name="Snakemake",
        url=_ENGINE,
        softwareVersion=provenance["packages"]["snakemake"],
    )
    told(
        crate,
        "#engine",
        "OrganizeAction",
        name="Snakemake runs the workflow",
        instrument=engine,
        object=controls,
        result=run,
        agent=agent,
    )
    crate.root_dataset["mentions"] = [run, *actions]
    _describe_workflow(crate, contents, code, list(steps.values()), agent)


def _times(start: float | None, end: float | None) -> dict[str, str]:
    """What is known of them."""
    known = {"startTime": start, "endTime": end}
    return {name: day_and_time(seconds) for name, seconds in known.items() if seconds}


def _describe_workflow(
    crate: ROCrate, contents: Contents, code: Code, steps: list[Entity], authors: list[Entity]
) -> None:
    workflow = contents.workflow
    workflow["name"] = "GANalyze, reproduced"
    workflow["version"] = code.commit
    workflow["url"] = WORKFLOW
    workflow["license"] = "https://spdx.org/licenses/MIT"
    workflow["creator"] = authors
    workflow["conformsTo"] = _bioschemas(crate, "ComputationalWorkflow")
    workflow["step"] = steps
    workflow["hasPart"] = list({tool.id: tool for step in steps if (tool := step["workExample"])}.values())
    workflow["input"] = [_parameter(crate, "configuration", contents.configuration)]
    workflow["output"] = [_parameter(crate, Path(name).stem, contents.result(name)) for name in ENDS]


def _parameter(crate: ROCrate, name: str, file: Entity) -> Entity:
    parameter = told(
        crate,
        f"#parameter/{name}",
        "FormalParameter",
        name=name,
        additionalType="File",
        workExample=file,
        conformsTo=_bioschemas(crate, "FormalParameter"),
    )
    file["exampleOfWork"] = parameter
    return parameter


def _bioschemas(crate: ROCrate, name: str) -> Entity:
    profile = f"https://bioschemas.org/profiles/{name}/1.0-RELEASE"
    return told(crate, profile, "CreativeWork", name=f"Bioschemas {name}")
