"""The same page on JATOS and on any host of files, and the way of its answers into the analysis."""

import functools
import json
import subprocess
import sys
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest

from ganalyze.experiments.exclusions import judge_series
from ganalyze.experiments.hosting.answers import trial_table
from ganalyze.experiments.hosting.bundle import files_of, read_answers, write_zip
from ganalyze.experiments.hosting.rehearsal import Person
from ganalyze.experiments.hosting.settings import Settings, load_settings
from ganalyze.experiments.hosting.stimuli import Stimuli
from ganalyze.experiments.trials import read_trials
from ganalyze.images.image_sets import read_manifest
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY
from tests.experiments.designs import MemoryGame, TwoAfc, build_tracks

GAME = MemoryGame(targets=4, vigilance=3, fillers=4, target_lags=(3, 9))
TASK = TwoAfc(targets=6, vigilance=2, practice=4)
QUICK = {"image_ms": 350, "blank_ms": 250, "pair_ms": 200, "gap_ms": 150, "break_every": 0}

# What JATOS puts at jatos.js, as far as the page uses it; results and the batch session stay in this browser.
JATOS = """
const kept = (name) => JSON.parse(localStorage.getItem(name) ?? "null");
const keep = (name, value) => localStorage.setItem(name, JSON.stringify(value));
window.jatos = {
  workerId: 12,
  onLoad: (then) => setTimeout(then, 10),
  appendResultData: async (text) => keep("results", (kept("results") ?? "") + text),
  batchSession: {
    get: (name) => (kept("batch") ?? {})[name],
    getAll: () => kept("batch") ?? {},
    setAll: async (values) => keep("batch", values),
  },
  endStudy: () => (document.body.textContent = "the study has ended"),
};
"""


@pytest.fixture
def sets(generated):
    return {name: read_manifest(path) for name, path in generated.items()}


@pytest.fixture
def pack(tmp_path, generated, sets):
    """Makes a bundle of a short experiment, unpacked; with its tracks."""

    def packed(experiment, backend, page):
        words = load_settings(REPOSITORY / f"page/settings/{experiment}.yaml").model_dump(exclude_unset=True)
        settings = Settings(**words | QUICK)
        if experiment == "memory_game":
            tracks = build_tracks(GAME, sets["test"], sets["filler"], 3, 2, 1)
            names = ["test", "filler"]
        else:
            tracks = build_tracks(TASK, sets["test"], sets["vigilance"], 3, 2, 1, sets["real"])
            names = ["test", "vigilance", "real"]
        stimuli = Stimuli([generated[name] for name in names], b"key")
        path = tmp_path / "bundle.zip"
        write_zip(path, files_of(settings, tracks, stimuli, page, backend), settings, backend)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "bundle")
        tracks.to_csv(tmp_path / "tracks.csv", index=False)
        return tracks

    return packed


@pytest.fixture
def served(tmp_path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path / "bundle"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def stand_in_page(tmp_path):
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_bytes((REPOSITORY / "page/src/index.html").read_bytes())
    return folder


def gather(tmp_path, results, *options):
    return subprocess.run(
        [
            sys.executable,
            "scripts/gather_answers.py",
            results,
            "--tracks",
            tmp_path / "tracks.csv",
            "--output",
            tmp_path / "data/trials.csv",
            *options,
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )


def test_a_jatos_archive_is_what_jatos_imports(tmp_path, pack, stand_in_page):
    tracks = pack("memory_game", "jatos", stand_in_page)
    names = zipfile.ZipFile(tmp_path / "bundle.zip").namelist()
    [about] = [name for name in names if name.endswith(".jas")]
    study = json.loads((tmp_path / "bundle" / about).read_text())
    assert study["version"] == "3"
    folder = study["data"]["dirName"]
    assert "/" not in about
    assert all(name == about or name.startswith(f"{folder}/") for name in names)
    assert f"{folder}/{study['data']['componentList'][0]['htmlFilePath']}" in names
    assert len([name for name in names if name.startswith(f"{folder}/tracks/")]) == tracks.track.nunique()
    page = (tmp_path / "bundle" / folder / "index.html").read_text()
    assert page.index('src="jatos.js"') < page.index("experiment.js")
    assert 'content="jatos"' in page


def test_a_bundle_has_every_image_once_under_a_name_that_tells_nothing(tmp_path, pack, stand_in_page, sets):
    tracks = pack("two_afc", "files", stand_in_page)
    images = list((tmp_path / "bundle/images").iterdir())
    assert len(images) == tracks.image_id.nunique() + tracks.foil_image_id.nunique()
    everything = "".join(path.read_text() for path in (tmp_path / "bundle").rglob("*.json"))
    assert not any(name in everything for name in tracks.image_id)


def line(track="0000-01", trial_index=0, response=0, rt_ms=None, **changes):
    return json.dumps(
        {
            "participant": "worker-1",
            "track": track,
            "trial_index": trial_index,
            "response": response,
            "rt_ms": rt_ms,
            "shown_at": "2026-01-05T10:00:00.000Z",
            "image_ms": 600.0,
            "blank_ms": None,
            "frame_ms": 16.7,
            "hidden": False,
        }
        | changes
    )


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("{", "line 2: no answer"),
        ("[]", "line 2: no answer"),
        (line(response=7), "line 2: response: Input should be 0, 1, 'left' or 'right'"),
        (line(participant="Zoë"), "line 2: participant: Value error, a participant is named by 1 to 64"),
        ('{"response": 0}', "line 2: trial_index: Field required"),
        (line(trial_index=0, response=1, rt_ms=5.0), "line 2: trial 0 of worker-1 was answered differently before"),
    ],
)
def test_a_results_file_with_a_fault_is_refused_by_its_line(tmp_path, second, words):
    (tmp_path / "results.txt").write_text(f"{line()}\n{second}\n")
    with pytest.raises(GanalyzeError, match=words):
        read_answers([tmp_path / "results.txt"])


def test_a_results_file_that_is_no_text_is_refused_by_its_name(tmp_path):
    (tmp_path / "results.txt").write_text(line(), encoding="utf-16")
    with pytest.raises(GanalyzeError, match="is no text in UTF-8"):
        read_answers([tmp_path / "results.txt"])


def test_answers_that_are_there_twice_count_once_and_unknown_tracks_are_refused(tmp_path, sets):
    tracks = build_tracks(GAME, sets["test"], sets["filler"], 1, 1, 1)
    (tmp_path / "a.txt").write_text(f"{line()}\n\n{line(trial_index=1)}\n")
    (tmp_path / "b.txt").write_text(f"{line()}\n")
    answers = read_answers([tmp_path / "a.txt", tmp_path / "b.txt"])
    assert len(trial_table(answers, tracks, "human")) == 2
    with pytest.raises(GanalyzeError, match="first 0009-01"):
        trial_table([*answers, answers[0] | {"track": "0009-01"}], tracks, "human")


def jatos_results():
    """What JATOS exports of two workers: a folder a component result."""
    return {
        "study_result_7/comp-result_8/data.txt": f"{line()}\n{line(trial_index=1)}\n",
        "study_result_9/comp-result_10/data.txt": f"{line(participant='worker-2')}\r\n",
        "study_result_9/comp-result_11/data.txt": "",
        "metadata.json": '{"data": []}',
        "__MACOSX/study_result_7/comp-result_8/._data.txt": "\0",
    }


def pack_results(folder, kind, bom=""):
    files = jatos_results()
    if kind == "text":
        (folder / "jatos_results.txt").write_text(
            bom + "".join(text for name, text in files.items() if "/data" in name)
        )
        return folder / "jatos_results.txt"
    if kind == "folder":
        for name, text in files.items():
            (folder / "results" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "results" / name).write_text(bom + text)
        return folder / "results"
    with zipfile.ZipFile(folder / f"jatos_results.{kind}", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, bom + text)
    return folder / f"jatos_results.{kind}"


@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["plain", "with BOM"])
@pytest.mark.parametrize("kind", ["text", "folder", "zip", "jrzip"])
def test_whatever_jatos_exports_is_read(tmp_path, kind, bom):
    answers = read_answers([pack_results(tmp_path, kind, bom)])
    assert [(a["participant"], a["trial_index"]) for a in answers] == [
        ("worker-1", 0),
        ("worker-1", 1),
        ("worker-2", 0),
    ]


def test_an_archive_becomes_a_trial_table(tmp_path, sets):
    build_tracks(GAME, sets["test"], sets["filler"], 1, 1, 1).to_csv(tmp_path / "tracks.csv", index=False)
    gathered = gather(tmp_path, pack_results(tmp_path, "jrzip"))
    assert gathered.returncode == 0, gathered.stderr
    trials = pd.read_csv(tmp_path / "data/trials.csv")
    assert trials.participant.tolist() == ["worker-1", "worker-1", "worker-2"]
    assert set(trials.planned) == {GAME.settings().trials}


def test_what_holds_no_results_is_refused_by_its_name_and_faults_in_an_archive_by_their_place(tmp_path):
    with zipfile.ZipFile(tmp_path / "study.jzip", "w") as archive:
        archive.writestr("ganalyze.jas", "{}")
    with pytest.raises(GanalyzeError, match=r"study\.jzip holds no results"):
        read_answers([tmp_path / "study.jzip"])
    with pytest.raises(GanalyzeError, match="nowhere not found"):
        read_answers([tmp_path / "nowhere"])
    with zipfile.ZipFile(tmp_path / "results.zip", "w") as archive:
        archive.writestr("a/data.txt", f"{line()}\nnothing\n")
    with pytest.raises(GanalyzeError, match=r"results\.zip, a/data\.txt, line 2: no answer"):
        read_answers([tmp_path / "results.zip"])


@pytest.mark.slow
def test_a_series_on_plain_files_comes_back_as_a_file_and_becomes_a_trial_table(
    tmp_path, page, pack, served, browser, sets
):
    tracks = pack("two_afc", "files", page)
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    person = Person(context.new_page())
    person.page.goto(f"{served}/?slot=1&series=2&participant=anna")
    person.agrees()
    person.reads_on("From now on you are not told")
    sides = tracks[tracks.track == "0001-02"].set_index("trial_index").fake_side.to_dict()
    with person.page.expect_download() as download:
        person.answers_pairs(sides)
    download.value.save_as(tmp_path / "results.jsonl")
    person.sees("Thank you")
    person.page.reload()
    person.sees("Your last series is complete")
    with person.page.expect_download() as again:
        person.press("Enter")
    assert again.value.path().read_text() == (tmp_path / "results.jsonl").read_text()
    context.close()
    gathered = gather(tmp_path, tmp_path / "results.jsonl")
    assert gathered.returncode == 0, gathered.stderr
    trials = read_trials(tmp_path / "data/trials.csv", "two_afc", pd.concat([sets["test"], sets["vigilance"]]))
    assert trials.response.tolist() == list(sides.values())
    assert trials.participant.unique().tolist() == ["anna"]


@pytest.mark.slow
def test_on_jatos_who_fails_is_blocked_as_on_the_server(tmp_path, page, pack, served, browser, sets):
    tracks = pack("memory_game", "jatos", page)
    (tmp_path / "bundle/ganalyze/jatos.js").write_text(JATOS)
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    person = Person(context.new_page())
    person.page.goto(f"{served}/ganalyze/index.html")
    person.agrees()
    person.tries_out_the_memory_game()
    person.reads_on("Ready?")
    first = tracks[tracks.track == "0000-01"].set_index("trial_index").is_repeat.to_dict()
    person.plays_the_memory_game(first)
    person.reads_on("to hand it in", "Enter")
    person.sees("the study has ended")
    person.page.reload()  # the worker comes again
    person.agrees()
    person.reads_on("Ready?")
    second = tracks[tracks.track == "0000-02"].set_index("trial_index").is_repeat.to_dict()
    person.plays_the_memory_game(dict.fromkeys(second, 0))
    person.reads_on("That happens to many people", "Enter")
    person.page.reload()
    person.agrees()
    person.sees("We will not offer you another series")
    (tmp_path / "results.txt").write_text(json.loads(person.page.evaluate("localStorage.getItem('results')")))
    context.close()
    gathered = gather(tmp_path, tmp_path / "results.txt", "--simulated")
    assert gathered.returncode == 0, gathered.stderr
    trials = read_trials(tmp_path / "data/trials.csv", "memory_game", pd.concat([sets["test"], sets["filler"]]))
    assert trials[trials.series == 1].response.tolist() == list(first.values())
    assert set(trials.data_source) == {"simulated"}
    assert judge_series(trials, "memory_game").kept.tolist() == [1, 0]
