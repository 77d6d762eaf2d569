"""The server keeps what it confirmed, refuses what it must, and tells no one what is not theirs."""

import json
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
import requests

from ganalyze.experiments.exclusions import judge_series
from ganalyze.experiments.hosting.hosted import open_experiment
from ganalyze.experiments.hosting.secrets import Secrets
from ganalyze.experiments.hosting.settings import load_settings
from ganalyze.experiments.trial import AS_IT_WENT, COLUMNS, PARTICIPANT_RULE
from ganalyze.experiments.trials import read_trials
from ganalyze.images.image_sets import read_manifest
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY
from tests.experiments.designs import MemoryGame, TwoAfc, build_tracks

from .hosts import Client, Host, answer

SETTINGS = REPOSITORY / "page/settings"
DESIGN = MemoryGame(targets=5, vigilance=4, fillers=4, target_lags=(3, 12))


@pytest.fixture(scope="module")
def sets(generated):
    return {name: read_manifest(path) for name, path in generated.items()}


@pytest.fixture(scope="module")
def stand_in_page(tmp_path_factory):
    """The server hands out any page; these tests need none that works."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "experiment.js").write_text("//")
    return folder


def memory_game(folder, generated, sets, page, participants=40, series=3, design=DESIGN, **settings):
    tracks = build_tracks(design, sets["test"], sets["filler"], participants, series, seed=1)
    return Host(folder, [generated["test"], generated["filler"]], tracks, page, **settings)


@pytest.fixture(scope="module")
def host(tmp_path_factory, generated, sets, stand_in_page):
    with memory_game(tmp_path_factory.mktemp("host"), generated, sets, stand_in_page, max_series=2) as running:
        yield running.start()


def right_answers(host, slot, series):
    return [answer(index, int(trial.is_repeat)) for index, trial in host.trials_of(slot, series).iterrows()]


# --- a participant's way ------------------------------------------------------------------------------------------


def test_a_series_is_given_stored_finished_and_followed_by_the_next_up_to_the_maximum(host):
    person = Client(host, "diligent")
    codes = []
    for number in (1, 2):
        entered = person.enters()
        assert (entered["status"], entered["series"], entered["answered"]) == ("ready", number, 0)
        slot = slot_of(host, person)
        answers = right_answers(host, slot, number)
        assert len(entered["trials"]) == len(answers)
        assert person.sends(*answers[:10]).json() == {"answered": 10}
        assert person.enters()["answered"] == 10  # the window was closed and opened again
        assert person.sends(*answers[10:]).json() == {"answered": len(answers)}
        finished = person.finishes().json()
        assert finished["passed"]
        assert finished["more"] == (number == 1)
        assert person.finishes().json() == finished
        codes.append(finished["code"])
    assert codes[0] != codes[1]
    assert person.enters() == {"status": "done"}  # a third is prepared, but two are the maximum


@pytest.mark.parametrize(
    ("respond", "reason"),
    [
        (lambda trial: 0, "more than 55% of vigilance trials failed"),
        (lambda trial: 1, "more than 30% false alarms"),
    ],
)
def test_who_fails_is_blocked_by_the_papers_rules(host, respond, reason):
    person = Client(host, f"careless-{respond(None)}")
    person.enters()
    slot = slot_of(host, person)
    person.sends(*(answer(i, respond(trial)) for i, trial in host.trials_of(slot, 1).iterrows()))
    finished = person.finishes().json()
    assert not finished["passed"]
    assert not finished["more"]
    assert finished["code"]
    assert person.enters() == {"status": "blocked"}
    trials = host.trials()
    mine = trials[trials.track == f"{slot:04d}-01"]
    assert judge_series(mine, "memory_game").reason.tolist() == [reason]


def test_a_finished_series_is_told_of_at_every_arrival_and_stays_so_while_the_next_is_under_way(host):
    person = Client(host, "comes-again")
    assert person.arrives() == {"finished": None, "full": False}
    person.enters()
    slot = slot_of(host, person)
    first, second = right_answers(host, slot, 1), right_answers(host, slot, 2)
    person.sends(*first[:-1])
    assert person.arrives()["finished"] is None
    person.sends(first[-1])
    # The window was closed before it heard that the series is complete.
    finished = person.arrives()["finished"]
    assert finished["passed"]
    assert finished["more"]
    assert person.finishes().json() == finished
    person.enters()
    person.sends(*second[:3])
    before = everything(host)
    assert person.arrives() == {"finished": finished, "full": False}
    assert everything(host) == before
    person.sends(*second[3:])
    last = person.arrives()["finished"]
    assert last["code"] != finished["code"]
    assert not last["more"]


def test_who_failed_can_hand_in_at_every_arrival_and_is_offered_no_more(host):
    person = Client(host, "fails-and-comes-again")
    person.enters()
    person.sends(*(answer(i, 0) for i, _ in host.trials_of(slot_of(host, person), 1).iterrows()))
    finished = person.arrives()["finished"]
    assert finished["code"]
    assert not finished["passed"]
    assert not finished["more"]
    assert person.enters() == {"status": "blocked"}


def test_who_only_looks_takes_no_place_and_who_has_one_keeps_it(tmp_path, generated, sets, stand_in_page):
    with memory_game(tmp_path, generated, sets, stand_in_page, participants=1) as host:
        host.start()
        one, two = Client(host, "one"), Client(host, "two")
        assert not one.arrives()["full"]
        assert not two.arrives()["full"]
        two.enters()
        assert one.arrives() == {"finished": None, "full": True}
        assert two.arrives() == {"finished": None, "full": False}


@pytest.mark.parametrize("name", ["7", "-", "A1B2C3D4E5F6G7", "5f0c1a2b3c4d5e6f70819203", "a" * 64])
def test_names_by_the_rule_are_taken_and_the_page_is_told_the_rule(host, name):
    assert Client(host, name).arrives()["finished"] is None
    study = requests.get(f"{host.url}/api/study", timeout=10).json()
    assert re.fullmatch(study["participant_pattern"], name)
    assert not re.fullmatch(study["participant_pattern"], f"{name}é")
    assert study["participant_rule"] == PARTICIPANT_RULE
    assert PARTICIPANT_RULE in Client(host, f"{name}é").post("arrival", {"platform": "link", "identifier": "é"}).text


def test_the_same_answer_again_changes_nothing_and_another_is_refused(host):
    person = Client(host, "repeats")
    person.enters()
    first = [answer(0), answer(1), answer(2)]
    assert person.sends(*first).json() == {"answered": 3}
    before = host.export("trials.csv").content
    assert person.sends(*first).json() == {"answered": 3}
    assert person.sends(answer(1)).json() == {"answered": 3}
    refused = person.sends(answer(1, 1))
    assert refused.status_code == 409
    assert refused.json() == {"error": "trial 1 is stored with another answer"}
    assert host.export("trials.csv").content == before


def test_no_more_participants_than_slots(tmp_path, generated, sets, stand_in_page):
    with memory_game(tmp_path, generated, sets, stand_in_page, participants=2) as host:
        host.start()
        assert [Client(host, f"person-{n}").enters()["status"] for n in range(3)] == ["ready", "ready", "full"]


def test_the_page_gets_images_by_names_that_tell_nothing(host, sets):
    trials = Client(host, "looks").enters()["trials"]
    assert all(set(trial) == {"image", "repeat"} for trial in trials)
    reply = requests.get(f"{host.url}/images/{trials[0]['image']}.png", timeout=10)
    assert reply.headers["content-type"] == "image/png"
    assert reply.content.startswith(b"\x89PNG")
    for name in (sets["test"].image_id[0], "0" * 24, "..%2fdata.sqlite"):
        assert requests.get(f"{host.url}/images/{name}.png", timeout=10).status_code == 404


def slot_of(host, person):
    """By the database, since the page is not told."""
    with sqlite3.connect(host.folder / "data.sqlite") as db:
        name = Secrets.load(host.folder / "data.secrets.json").pseudonym(**person.identity)
        return db.execute("SELECT slot FROM participants WHERE participant = ?", [name]).fetchone()[0]


# --- what is refused ----------------------------------------------------------------------------------------------

JSON = {"Content-Type": "application/json"}
GOOD = {"series": 1, "answers": [answer(3)]}


def with_answer(**changes):
    return json.dumps({"series": 1, "answers": [answer(3) | changes]})


def without(name):
    return json.dumps({"series": 1, "answers": [{k: v for k, v in answer(3).items() if k != name}]})


REFUSED = {
    # malformed
    "no body": ("POST", "/api/answers", "", JSON, 422),
    "no JSON": ("POST", "/api/answers", "{", JSON, 422),
    "JSON of another kind": ("POST", "/api/answers", "[]", JSON, 422),
    "no UTF-8": ("POST", "/api/answers", b'{"series": 1, "answers": "\xff"}', JSON, 422),
    "a form": ("POST", "/api/answers", "series=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "no content type": ("POST", "/api/answers", json.dumps(GOOD), {"Content-Type": ""}, 415),
    "no series": ("POST", "/api/answers", json.dumps({"answers": [answer(3)]}), JSON, 422),
    "no answers": ("POST", "/api/answers", json.dumps({"series": 1, "answers": []}), JSON, 422),
    "answers of another kind": ("POST", "/api/answers", json.dumps({"series": 1, "answers": {}}), JSON, 422),
    "an unknown key": ("POST", "/api/answers", json.dumps(GOOD | {"participant": "p"}), JSON, 422),
    "an unknown key in an answer": ("POST", "/api/answers", with_answer(correct=1), JSON, 422),
    "no response": ("POST", "/api/answers", without("response"), JSON, 422),
    "no time": ("POST", "/api/answers", without("shown_at"), JSON, 422),
    "a response out of range": ("POST", "/api/answers", with_answer(response=2), JSON, 422),
    "a response of another kind": ("POST", "/api/answers", with_answer(response="1"), JSON, 422),
    "a response of the other experiment": ("POST", "/api/answers", with_answer(response="left", rt_ms=5.0), JSON, 409),
    "a response without its time": ("POST", "/api/answers", with_answer(response=1), JSON, 422),
    "a time without a response": ("POST", "/api/answers", with_answer(rt_ms=300.0), JSON, 422),
    "a negative time": ("POST", "/api/answers", with_answer(response=1, rt_ms=-1.0), JSON, 422),
    "an endless time": ("POST", "/api/answers", with_answer(response=1, rt_ms=1e308 * 10), JSON, 422),
    "a time that is no number": ("POST", "/api/answers", with_answer(image_ms="600"), JSON, 422),
    "a date that is none": ("POST", "/api/answers", with_answer(shown_at="yesterday"), JSON, 422),
    "a date without its zone": ("POST", "/api/answers", with_answer(shown_at="2026-01-05T10:00:00"), JSON, 422),
    "a negative trial": ("POST", "/api/answers", with_answer(trial_index=-1), JSON, 422),
    "half a trial": ("POST", "/api/answers", with_answer(trial_index=3.5), JSON, 422),
    "no name": ("POST", "/api/session", json.dumps({"platform": "link", "identifier": ""}), JSON, 422),
    "a name beyond ASCII": ("POST", "/api/session", json.dumps({"platform": "link", "identifier": "Zoë"}), JSON, 422),
    "a name with a line's end": (
        "POST",
        "/api/session",
        json.dumps({"platform": "link", "identifier": "a\n"}),
        JSON,
        422,
    ),
    "an address": ("POST", "/api/arrival", json.dumps({"platform": "link", "identifier": "a@b.org"}), JSON, 422),
    "a name with a path": ("POST", "/api/session", json.dumps({"platform": "link", "identifier": "../../"}), JSON, 422),
    "a name that is a query": (
        "POST",
        "/api/session",
        json.dumps({"platform": "link", "identifier": "x' OR 1=1 --"}),
        JSON,
        422,
    ),
    "an unknown platform": ("POST", "/api/session", json.dumps({"platform": "x", "identifier": "abcd"}), JSON, 422),
    # oversized
    "a body too large": ("POST", "/api/answers", " " * 300_000 + json.dumps(GOOD), JSON, 413),
    "a name too long": ("POST", "/api/session", json.dumps({"platform": "link", "identifier": "a" * 65}), JSON, 422),
    "too many answers": (
        "POST",
        "/api/answers",
        json.dumps({"series": 1, "answers": [answer(3)] * 501}),
        JSON,
        422,
    ),
    # out of order
    "a trial too early": ("POST", "/api/answers", with_answer(trial_index=4), JSON, 409),
    "a trial far too early": ("POST", "/api/answers", with_answer(trial_index=99_999), JSON, 409),
    "a trial of another series": ("POST", "/api/answers", json.dumps(GOOD | {"series": 2}), JSON, 409),
    "the end before the end": ("POST", "/api/finish", json.dumps({"series": 1}), JSON, 409),
    "the end of another series": ("POST", "/api/finish", json.dumps({"series": 2}), JSON, 409),
    "a mixture of good and bad": (
        "POST",
        "/api/answers",
        json.dumps({"series": 1, "answers": [answer(3), answer(5)]}),
        JSON,
        409,
    ),
    # replayed
    "a trial again with another answer": (
        "POST",
        "/api/answers",
        with_answer(trial_index=1, response=1, rt_ms=9.0),
        JSON,
        409,
    ),
    # not theirs
    "no token": ("POST", "/api/answers", json.dumps(GOOD), JSON | {"Authorization": ""}, 401),
    "a guessed token": ("POST", "/api/answers", json.dumps(GOOD), JSON | {"Authorization": "Bearer AAAA"}, 401),
    "a token with a quote": ("POST", "/api/answers", json.dumps(GOOD), JSON | {"Authorization": "Bearer ' OR 1"}, 401),
    "no token at the end": ("POST", "/api/finish", json.dumps({"series": 1}), JSON | {"Authorization": ""}, 401),
    "an export without a token": ("GET", "/export/trials.csv", None, {"Authorization": ""}, 401),
    "an export with a participant's token": ("GET", "/export/trials.csv", None, {}, 401),
    "an export with a guess": ("GET", "/export/psych-ds.zip", None, {"Authorization": "Bearer x"}, 401),
    # not there
    "a path that climbs": ("GET", "/../data.sqlite", None, {}, 404),
    "a path that climbs, encoded": ("GET", "/%2e%2e/%2e%2e/etc/passwd", None, {}, 404),
    "a path that climbs, twice encoded": ("GET", "/%252e%252e/data.sqlite", None, {}, 404),
    "an absolute path": ("GET", "//etc/passwd", None, {}, 404),
    "the database": ("GET", "/data.sqlite", None, {}, 404),
    "the secrets": ("GET", "/data.secrets.json", None, {}, 404),
    "an unknown export": ("GET", "/export/data.sqlite", None, {}, 401),
    "another method": ("DELETE", "/api/answers", None, {}, 405),
    "a list of sessions": ("GET", "/api/session", None, {}, 404),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_request_is_refused_and_changes_nothing(host, victim, case):
    method, path, body, headers, status = REFUSED[case]
    before = everything(host)
    request = requests.Request(
        method, host.url, data=body, headers={"Authorization": f"Bearer {victim.token}"} | headers
    ).prepare()
    request.url = host.url + path  # as it is: requests would tidy it
    reply = victim.http.send(request, timeout=10)
    assert reply.status_code == status, reply.text
    if method == "POST":
        assert reply.json()["error"]
    assert "Traceback" not in reply.text
    assert everything(host) == before


@pytest.fixture(scope="module")
def victim(host):
    person = Client(host, "victim")
    person.enters()
    assert person.sends(answer(0), answer(1), answer(2)).status_code == 200
    return person


def everything(host):
    with sqlite3.connect(f"file:{host.folder / 'data.sqlite'}?mode=ro", uri=True) as db:
        return [
            db.execute(f"SELECT * FROM {t} ORDER BY 1, 2, 3").fetchall() for t in ("participants", "series", "answers")
        ]


def test_there_are_enough_bad_requests():
    assert len(REFUSED) >= 40


def test_one_participant_cannot_write_in_anothers_name(host, victim):
    other = Client(host, "other-one")
    other.enters()
    before = [row for row in everything(host)[2] if '"trial_index": 0' in row[3]]
    other.sends(answer(0, 1))
    after = everything(host)[2]
    assert all(row in after for row in before)
    mine = Secrets.load(host.folder / "data.secrets.json").pseudonym("link", "other-one")
    assert [row[0] for row in after if row[0] == mine] == [mine]


def test_a_token_ends_when_its_owner_enters_again(host):
    person = Client(host, "two-windows")
    person.enters()
    old = person.token
    person.enters()
    person.token, new = old, person.token
    assert person.sends(answer(0)).status_code == 401
    person.token = new
    assert person.sends(answer(0)).status_code == 200


def test_the_same_identifier_on_two_platforms_is_two_people(host):
    one, two = Client(host, "same-name", "prolific"), Client(host, "same-name", "mturk")
    one.enters()
    two.enters()
    assert slot_of(host, one) != slot_of(host, two)


def test_codes_and_pseudonyms_cannot_be_worked_out_without_the_key(tmp_path):
    ours, theirs = Secrets.load(tmp_path / "a.json"), Secrets.load(tmp_path / "b.json")
    assert ours.completion_code("p1", 1) != theirs.completion_code("p1", 1)
    assert ours.pseudonym("link", "abcd") != theirs.pseudonym("link", "abcd")
    assert Secrets.load(tmp_path / "a.json") == ours
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o600
    assert len({ours.completion_code("p1", n) for n in range(1000)}) == 1000


@pytest.mark.parametrize("path", ["/", "/experiment.js", "/api/study", "/nothing", "/api/session"])
def test_every_response_has_security_headers(host, path):
    headers = requests.get(host.url + path, timeout=10).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "server" not in headers


def test_the_page_is_told_no_completion_code_before_the_end(tmp_path, generated, sets, stand_in_page):
    with memory_game(tmp_path, generated, sets, stand_in_page, completion_code="C0DE-1234") as host:
        host.start()
        told = requests.get(f"{host.url}/api/study", timeout=10).text
        person = Client(host, "honest")
        assert "C0DE" not in told + json.dumps(person.enters())
        person.sends(*right_answers(host, 0, 1))
        assert person.finishes().json()["code"] == "C0DE-1234"


# --- exports ------------------------------------------------------------------------------------------------------


def test_an_export_passes_the_checks_of_the_analysis(host, sets, tmp_path):
    (tmp_path / "trials.csv").write_bytes(host.export("trials.csv").content)
    trials = read_trials(tmp_path / "trials.csv", "memory_game", pd.concat([sets["test"], sets["filler"]]))
    assert set(trials.data_source) == {"human"}
    assert list(trials.columns) == [*COLUMNS, *AS_IT_WENT]
    assert (trials.planned == DESIGN.settings().trials).all()
    assert (trials.image_ms == 600).all()
    assert (trials.hidden == 0).all()


def test_an_export_goes_through_the_workflows_own_command(host, generated, tmp_path):
    (tmp_path / "trials.csv").write_bytes(host.export("trials.csv").content)
    done = subprocess.run(
        [
            sys.executable,
            "scripts/prepare_trials.py",
            "--trials",
            tmp_path / "trials.csv",
            "--experiment",
            "memory_game",
            "--manifests",
            generated["test"],
            generated["filler"],
            "--output",
            tmp_path / "out/memory_game.csv",
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "HUMAN" in done.stdout
    assert "more than 55% of vigilance trials failed" in done.stdout
    assert len(pd.read_csv(tmp_path / "out/memory_game.data_points.csv")) >= 2 * DESIGN.settings().targets


def test_an_export_of_the_2afc_task_does_too_and_says_when_it_is_simulated(tmp_path, generated, sets, stand_in_page):
    tracks = build_tracks(
        TwoAfc(targets=5, vigilance=2, practice=4),
        sets["test"],
        sets["vigilance"],
        2,
        1,
        1,
        foils=sets["real"],
    )
    manifests = [generated[name] for name in ("test", "vigilance", "real")]
    with Host(tmp_path, manifests, tracks, stand_in_page) as host:
        host.start("--simulated")
        person = Client(host, "machine")
        person.enters()
        sides = host.trials_of(0, 1).fake_side
        person.sends(*(answer(i, side) for i, side in sides.items()))
        assert person.finishes().json()["passed"]
        trials = host.trials()
        read = read_trials(tmp_path / "exported.csv", "two_afc", pd.concat([sets["test"], sets["vigilance"]]))
        assert len(read) == len(trials) == 11
        assert set(trials.data_source) == {"simulated"}
        assert trials.correct.all()
        folder = zipfile.ZipFile(BytesIO(host.export("psych-ds.zip").content))
        about = json.loads(folder.read("dataset_description.json"))
        assert about["name"].startswith("SIMULATED")


def test_a_psych_ds_folder_describes_every_column(host):
    folder = zipfile.ZipFile(BytesIO(host.export("psych-ds.zip").content))
    about = json.loads(folder.read("dataset_description.json"))
    assert {"@context", "@type", "name", "description", "variableMeasured"} <= set(about)
    described = {variable["name"] for variable in about["variableMeasured"]}
    tables = [name for name in folder.namelist() if name.startswith("data/")]
    assert len(tables) == 2
    for name in tables:
        assert name.endswith("_data.csv")
        assert set(pd.read_csv(folder.open(name)).columns) <= described


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("psychds-validator"), reason="needs npm install -g psychds-validator")
def test_the_validator_of_psych_ds_has_nothing_against_the_folder(tmp_path, host):
    person = Client(host, "described")
    person.enters()
    person.sends(*(answer(index) for index in range(5)))
    zipfile.ZipFile(BytesIO(host.export("psych-ds.zip").content)).extractall(tmp_path)

    def judge():
        return json.loads(subprocess.check_output(["psychds-validator", "--json", tmp_path], text=True))

    judgement = judge()
    assert judgement["valid"]
    assert {issue["severity"] for issue in judgement["issues"]} == {"warning"}  # files that it would like besides
    table = next(tmp_path.glob("data/*trials_data.csv"))
    table.write_text(table.read_text().replace("seed_id", "undescribed", 1))
    assert not judge()["valid"]


def test_secrets_are_for_their_owner_alone_and_are_not_made_anew_where_they_are_damaged(tmp_path):
    path = tmp_path / "data.secrets.json"
    made = Secrets.load(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Secrets.load(path) == made
    path.write_text("")
    with pytest.raises(GanalyzeError, match="put its backup back"):
        Secrets.load(path)


# --- starting it --------------------------------------------------------------------------------------------------


@pytest.fixture
def begun(tmp_path, generated, sets):
    """An experiment that was opened before, and files that do not fit it."""
    tables = {
        "tracks": build_tracks(DESIGN, sets["test"], sets["filler"], 2, 1, seed=1),
        "other": build_tracks(DESIGN, sets["test"], sets["filler"], 2, 1, seed=9),
        "afc": build_tracks(TwoAfc(targets=5, vigilance=2, practice=4), sets["test"], sets["vigilance"], 2, 1, seed=1),
    }
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    (tmp_path / "typo.yaml").write_text((SETTINGS / "memory_game.yaml").read_text() + "imagems: 3\n")
    (tmp_path / "text.sqlite").write_text("no database " * 100)
    files = {
        "settings_file": SETTINGS / "memory_game.yaml",
        "tracks_file": tmp_path / "tracks.csv",
        "manifests": [generated["test"], generated["filler"]],
        "database": tmp_path / "data.sqlite",
    }
    open_experiment(**files).store.close()
    return files


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tracks_file": "other.csv"}, "was begun with other tracks"),
        ({"tracks_file": "afc.csv"}, "does not hold tracks of the experiment memory_game"),
        ({"tracks_file": "none.csv"}, "prepare it first"),
        ({"tracks_file": "text.sqlite"}, "is no track table"),
        ({"simulated": True}, "was begun with data_source human"),
        ({"settings_file": "typo.yaml"}, "imagems: unknown key, did you mean image_ms"),
        ({"manifests": ["test"]}, "of the tracks' images are in no manifest"),
        ({"manifests": ["test", "filler", "test"]}, "is in another manifest too"),
        ({"database": "text.sqlite"}, "cannot be used as the experiment's database"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(begun, generated, tmp_path, changes, words):
    changes = {k: tmp_path / v if isinstance(v, str) else v for k, v in changes.items()}
    if "manifests" in changes:
        changes["manifests"] = [generated[name] for name in changes["manifests"]]
    with pytest.raises(GanalyzeError, match=words):
        open_experiment(**begun | changes)


def test_manifests_whose_images_are_not_there_are_refused_before_anyone_is_shown_one(begun, generated, tmp_path):
    """As after `make pull`, which leaves out the filler images."""
    alone = tmp_path / "filler.csv"
    alone.write_bytes(generated["filler"].read_bytes())
    with pytest.raises(GanalyzeError, match=r"of manifest .*filler.csv, not found: generate the images again"):
        open_experiment(**begun | {"manifests": [generated["test"], alone]})


def test_photographs_that_were_not_given_are_asked_for(begun, generated, tmp_path):
    afc = {
        "settings_file": SETTINGS / "two_afc.yaml",
        "tracks_file": tmp_path / "afc.csv",
        "manifests": [generated["test"], generated["vigilance"]],
        "database": tmp_path / "b.sqlite",
    }
    with pytest.raises(GanalyzeError, match=r"first real_0_\d \(photographs: give their manifest with --manifests"):
        open_experiment(**afc)


def test_a_page_that_is_not_built_is_said_in_one_line(begun, tmp_path):
    command = [
        sys.executable,
        "scripts/serve_experiment.py",
        "--settings",
        begun["settings_file"],
        "--tracks",
        begun["tracks_file"],
        "--manifests",
        *begun["manifests"],
        "--database",
        begun["database"],
        "--page",
        tmp_path,
    ]
    failed = subprocess.run(list(map(str, command)), cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert failed.returncode == 1
    assert failed.stderr == f"error: {tmp_path} has no built page: run make page\n"


@pytest.mark.parametrize("experiment", ["memory_game", "two_afc"])
def test_the_settings_that_come_along_have_the_papers_durations(experiment):
    settings = load_settings(SETTINGS / f"{experiment}.yaml")
    assert (settings.image_ms, settings.blank_ms, settings.pair_ms) == (600, 800, 1600)
    assert settings.series_allowed == {"memory_game": 25, "two_afc": 17}[experiment]
    assert "replace it" in settings.consent


# --- many people, and a server that is killed -----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_1000_people_300_at_once_and_20_kills_lose_nothing_and_store_nothing_twice(
    tmp_path, generated, sets, stand_in_page
):
    people, at_once, waits = 1000, 300, []
    host = memory_game(tmp_path, generated, sets, stand_in_page, participants=people, series=1)

    def patient(request):
        """Ask until there is an answer, as the page does; note how long the answered ones took."""
        while True:
            try:
                began = time.monotonic()
                reply = request()
                if reply.status_code < 500:
                    waits.append(time.monotonic() - began)
                    return reply
            except requests.RequestException:
                pass
            time.sleep(0.2)

    def takes_part(number):
        rng, person = np.random.default_rng(number), Client(host, f"person-{number:03d}")
        confirmed = {}
        time.sleep(rng.uniform(0, 3))

        def enter():
            reply = person.post("session", person.identity)
            if reply.ok:
                person.token, person.series = reply.json()["token"], reply.json()["series"]
            return reply

        trials = patient(enter).json()["trials"]
        for index, trial in enumerate(trials):
            response = int(trial["repeat"]) if rng.random() < 0.9 else 0
            given = answer(index, response, rt_ms=round(rng.uniform(1, 1400), 1) if response else None)
            reply = patient(lambda: person.sends(given))  # noqa: B023
            assert reply.json() == {"answered": index + 1}, reply.text
            confirmed[index] = given
            time.sleep(rng.uniform(0.7, 1.4))
        return person, confirmed, patient(person.finishes).json()

    with host:
        host.start()
        done = threading.Event()
        kills = []

        def kill_now_and_then():
            while len(kills) < 20 and not done.is_set():
                time.sleep(1)
                host.kill()
                kills.append(time.monotonic())
                host.start()

        killer = threading.Thread(target=kill_now_and_then)
        killer.start()
        began = time.monotonic()
        with ThreadPoolExecutor(at_once) as pool:
            results = list(pool.map(takes_part, range(people)))
        lasted = time.monotonic() - began
        done.set()
        killer.join()
        assert len(kills) == 20

        trials = host.trials()
        timing = pd.read_csv(BytesIO(host.export("timing.csv").content))
        secrets = Secrets.load(host.folder / "data.secrets.json")
        read_trials(tmp_path / "exported.csv", "memory_game", pd.concat([sets["test"], sets["filler"]]))
        assert len(trials) == len(timing) == people * DESIGN.settings().trials
        assert not trials.duplicated(["track", "trial_index"]).any()
        assert trials.groupby("participant").track.unique().map(len).eq(1).all()
        assert len(set(trials.track)) == people
        of_participant = dict(iter(trials.groupby("participant")))
        for person, confirmed, finished in results:
            mine = of_participant[secrets.pseudonym(**person.identity)].set_index("trial_index")
            assert mine.response.to_dict() == {i: given["response"] for i, given in confirmed.items()}
            assert mine.rt_ms.dropna().to_dict() == {i: g["rt_ms"] for i, g in confirmed.items() if g["rt_ms"]}
            assert finished["code"] == secrets.completion_code(secrets.pseudonym(**person.identity), 1)
        quantiles = np.quantile(waits, [0.5, 0.95, 0.99, 1]) * 1000
        print(
            f"{len(waits)} requests of {people} people, {at_once} at once, {len(kills)} kills, {lasted:.0f} s: "
            f"median {quantiles[0]:.0f} ms, 95 % "
            f"{quantiles[1]:.0f} ms, 99 % {quantiles[2]:.0f} ms, longest {quantiles[3]:.0f} ms"
        )
