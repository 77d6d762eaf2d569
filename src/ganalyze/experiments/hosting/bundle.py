"""The same page without our server: a JATOS study archive, or plain files for any host.

A bundle has the built page, the words and rules as study.json, each track as a file, and the images under names that
tell nothing. What the server would judge, the page judges (page/src/backends/static.js); who takes part can
read the answers out of the page's files, so that the 2AFC task is safer on our server.

The answers come back as lines of JSON; `read_answers` makes them what the trial table is made of.
"""

import json
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path, PurePath, PurePosixPath

import pandas as pd
from pydantic import ValidationError

from ganalyze.experiments.hosting.answers import Answer
from ganalyze.experiments.hosting.settings import Settings
from ganalyze.experiments.hosting.stimuli import Stimuli, for_page
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.trial import Participant
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole

_JATOS_FOLDER = "ganalyze"


def files_of(
    settings: Settings, tracks: pd.DataFrame, stimuli: Stimuli, page: Path, backend: str
) -> Iterator[tuple[str, bytes]]:
    """The bundle's files, name and content. backend: jatos or files (page/src/backends)."""
    if not (page / "index.html").is_file():
        raise GanalyzeError(f"{page} has no built page: run make page")
    for path in sorted(path for path in page.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.name == "index.html":
            content = content.replace(b'content="server"', f'content="{backend}"'.encode())
            if backend == "jatos":
                content = content.replace(b"<script", b'<script src="jatos.js"></script>\n    <script', 1)
        yield path.relative_to(page).as_posix(), content

    series = min(settings.series_allowed, int(tracks.series.max()))
    study = {
        "settings": settings.for_page() | {"data_source": "human"},
        "rules": asdict(EXPERIMENTS[settings.experiment].rules),
        "slots": int(tracks.slot.max()) + 1,
        "series": series,
    }
    yield "study.json", json.dumps(study, ensure_ascii=False).encode()
    used = tracks[tracks.series <= series]
    for (slot, number, track), trials in used.groupby(["slot", "series", "track"]):
        page_trials = for_page(trials, stimuli)
        for one, trial in zip(page_trials, trials.itertuples(), strict=True):
            one["check"] = trial.phase == "main" and trial.role == "vigilance" and one.get("repeat", True)
            if isinstance(trial.fake_side, str):
                one["side"] = trial.fake_side
        yield f"tracks/{slot}-{number}.json", json.dumps({"track": track, "trials": page_trials}).encode()
    for image_id in pd.unique(pd.concat([used.image_id, used.foil_image_id.dropna()])):
        name = stimuli.name(image_id)
        image = stimuli.read(name)
        assert image is not None  # the tracks were checked
        yield f"images/{name}.png", image


def write_zip(path: Path, files: Iterator[tuple[str, bytes]], settings: Settings, backend: str) -> int:
    """Write the bundle as a zip: for JATOS its study archive (.jzip), else the plain files. Returns how many."""
    count = 0
    with written_whole(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            place = f"{_JATOS_FOLDER}/{name}" if backend == "jatos" else name
            archive.writestr(zipfile.ZipInfo(place), content, zipfile.ZIP_DEFLATED)
            count += 1
        if backend == "jatos":
            archive.writestr(zipfile.ZipInfo(f"{_JATOS_FOLDER}.jas"), json.dumps(_jatos_study(settings)))
    return count


def _jatos_study(settings: Settings) -> dict:
    """What JATOS must know of the study (format of JATOS' study archives, version 3)."""

    def name(part: str) -> str:
        # The same archive again is the same study to JATOS, which then offers to replace it.
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"ganalyze/{settings.experiment}/{part}"))

    component = {
        "uuid": name("component"),
        "title": settings.title,
        "htmlFilePath": "index.html",
        "reloadable": False,
        "active": True,
        "comments": "",
        "jsonData": None,
    }
    batch = {
        "uuid": name("batch"),
        "title": "Default",
        "active": True,
        "maxActiveMembers": None,
        "maxTotalMembers": None,
        "maxTotalWorkers": None,
        "comments": None,
        "jsonData": None,
        "allowedWorkerTypes": ["Jatos", "PersonalSingle", "PersonalMultiple", "GeneralSingle", "GeneralMultiple", "MT"],
    }
    study = {
        "uuid": name("study"),
        "title": settings.title,
        "description": "",
        "active": True,
        "groupStudy": False,
        "linearStudy": False,
        "allowPreview": False,
        "dirName": _JATOS_FOLDER,
        "comments": "",
        "jsonData": None,
        "endRedirectUrl": (settings.return_url or "").replace("{code}", settings.completion_code or ""),
        "componentList": [component],
        "batchList": [batch],
    }
    return {"version": "3", "data": study}


class _Line(Answer):
    """A line of a results file."""

    participant: Participant
    track: str


def read_answers(paths: list[Path]) -> list[dict]:
    """Answers from what JATOS or plain files brought, one a line, each with its participant and track; an answer that
    is there twice counts once.

    paths: text files, zips of them (as JATOS' results archive, .jrzip, is) and folders. In zips and folders every
    NAME.txt (JATOS: data.txt) and NAME.jsonl is read.

    Raises GanalyzeError that names file and line of one that cannot be read.
    """
    found: dict[tuple, dict] = {}
    for name, content in (results for path in paths for results in _results_in(path)):
        try:
            lines = content.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise GanalyzeError(f"{name} is no text in UTF-8: export the answers again") from None
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                answer = _Line.model_validate_json(line).model_dump(mode="json")
            except ValidationError as error:
                fault = error.errors()[0]
                place = f"{fault['loc'][0]}: {fault['msg']}" if fault["loc"] else f"no answer ({fault['msg']})"
                raise GanalyzeError(f"{name}, line {number}: {place}") from None
            key = (answer["participant"], answer["track"], answer["trial_index"])
            if found.setdefault(key, answer) != answer:
                raise GanalyzeError(
                    f"{name}, line {number}: trial {key[2]} of {key[0]} was answered differently before"
                )
    return list(found.values())


def _results_in(path: Path) -> list[tuple[str, bytes]]:
    """The results files in a path, by a name for messages."""
    if path.is_dir():
        files = [
            file for file in sorted(path.rglob("*")) if file.is_file() and _may_hold_results(file.relative_to(path))
        ]
        found = [(str(file), file.read_bytes()) for file in files]
    elif not path.is_file():
        raise GanalyzeError(f"{path} not found")
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if _may_hold_results(PurePosixPath(name))]
            found = [(f"{path}, {name}", archive.read(name)) for name in members]
    else:
        return [(str(path), path.read_bytes())]
    if not found:
        raise GanalyzeError(f"{path} holds no results: no data.txt of JATOS, no NAME.jsonl of plain files")
    return found


def _may_hold_results(place: PurePath) -> bool:
    # Names with a dot in front, and __MACOSX, are of operating systems.
    return place.suffix in (".txt", ".jsonl") and not any(part.startswith((".", "__")) for part in place.parts)
