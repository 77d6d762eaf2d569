"""The experiments in Chromium, by real key events: what is stored is what was pressed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests
from PIL import Image

from ganalyze.experiments.hosting.rehearsal import Person
from ganalyze.experiments.observers import Observers, simulate_trials
from ganalyze.experiments.trials import read_trials, write_trials
from ganalyze.images.image_sets import read_manifest
from tests import REPOSITORY
from tests.experiments.designs import MemoryGame, TwoAfc, build_tracks

from .hosts import Host

# Where to keep pictures of every kind of page, to look at; by default with pytest's other files.
PICTURES = os.environ.get("GANALYZE_PICTURES")
SHORT_GAME = MemoryGame(targets=4, vigilance=3, fillers=4, target_lags=(3, 9))
SHORT_TASK = TwoAfc(targets=6, vigilance=2, practice=4)
# A little slower than hands and this test need on a busy machine.
QUICK_GAME = {"image_ms": 350, "blank_ms": 250, "feedback_ms": 250}
QUICK_TASK = {"pair_ms": 200, "gap_ms": 150, "break_every": 4}


@pytest.fixture
def sets(generated):
    return {name: read_manifest(path) for name, path in generated.items()}


def memory_game(folder, page, generated, sets, design=SHORT_GAME, series=2, **settings):
    tracks = build_tracks(design, sets["test"], sets["filler"], participants=3, series=series, seed=1)
    return Host(folder, [generated["test"], generated["filler"]], tracks, page, **settings)


def two_afc(folder, page, generated, sets, design=SHORT_TASK, series=2, **settings):
    tracks = build_tracks(design, sets["test"], sets["vigilance"], 3, series, seed=1, foils=sets["real"])
    return Host(folder, [generated[n] for n in ("test", "vigilance", "real")], tracks, page, **settings)


@pytest.fixture
def visit(browser, tmp_path):
    """Opens a window at an address, for one person; fails on errors and on requests to elsewhere."""
    contexts, complaints = [], []

    def open_window(host, query, width=1280, height=720, pictures="page", **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        window = context.new_page()
        window.on("pageerror", lambda error: complaints.append(str(error)))
        window.on("console", lambda message: complains(message) and complaints.append(message.text))
        window.on(
            "request",
            lambda r: (
                r.url.startswith((host.url, "data:", "blob:", "http://127.0.0.1"))
                or complaints.append(f"request to {r.url}")
            ),
        )
        folder = Path(PICTURES or tmp_path) / f"{pictures}-{width}x{height}"
        person = Person(window, folder)
        window.goto(f"{host.url}/{query}")
        return person

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


def complains(message):
    """Whether the console tells of a fault; that a request was refused or the server away is no fault of the page."""
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def stored_as_pressed(trials, pressed):
    """Whether a series' stored responses are `pressed`, by trial index."""
    stored = trials.set_index("trial_index").response.to_dict()
    return {k: str(v) for k, v in stored.items()} == {k: str(v) for k, v in pressed.items()}


def colour_of(person, name, x, y):
    with Image.open(next(person.pictures.glob(f"*-{name}.png"))) as picture:
        return picture.convert("RGB").getpixel((x, y))


# --- the memory game ----------------------------------------------------------------------------------------------


def test_two_series_of_the_memory_game_are_stored_as_they_were_pressed(tmp_path, page, generated, sets, visit):
    with memory_game(tmp_path, page, generated, sets, **QUICK_GAME) as host:
        host.start()
        person = visit(host, "?PROLIFIC_PID=5f0c1a2b3c4d5e6f70819203", pictures="memory-game")
        person.agrees()
        person.tries_out_the_memory_game()
        person.reads_on("Ready?", " ", "ready")
        first = host.trials_of(0, 1)
        # Some hits and misses, and one false alarm.
        new = first.index[first.is_repeat == 0]
        repeats = first.index[first.is_repeat == 1]
        pressed = dict.fromkeys(first.index, 0) | dict.fromkeys(repeats[1:], 1) | {new[3]: 1}
        person.plays_the_memory_game(pressed, {repeats[2]: "hit", new[3]: "false-alarm", new[0]: "image"})
        person.reads_on("do another series", " ", "end")
        person.reads_on("Ready?", " ")  # no instructions again
        second = host.trials_of(0, 2).is_repeat.to_dict()
        person.plays_the_memory_game(second)
        person.sees("You may close the window now")

        trials = host.trials()
        assert stored_as_pressed(trials[trials.series == 1], pressed)
        assert stored_as_pressed(trials[trials.series == 2], second)
        assert len(set(trials.participant)) == 1
        assert "5f0c1a2b3c4d5e6f70819203" not in (tmp_path / "exported.csv").read_text()
        assert b"5f0c1a2b3c4d5e6f70819203" not in (tmp_path / "data.sqlite").read_bytes()
        assert trials.rt_ms[trials.response == 1].between(0, 700).all()
        images = pd.concat([sets["test"], sets["filler"]])
        assert len(read_trials(tmp_path / "exported.csv", "memory_game", images)) == 2 * SHORT_GAME.settings().trials

    # The frame is 6 px around 400 + 2 · 6: look at the middle of its left side.
    left = 1280 // 2 - 200 - 6 - 3
    assert np.argmax(colour_of(person, "hit", left, 360)) == 1  # green
    assert np.argmax(colour_of(person, "false-alarm", left, 360)) == 0  # red
    assert np.ptp(colour_of(person, "image", left, 360)) < 10  # grey


@pytest.mark.slow
def test_who_misses_vigilance_is_told_so_kindly_and_gets_no_other_series(tmp_path, page, generated, sets, visit):
    with memory_game(tmp_path, page, generated, sets, **QUICK_GAME) as host:
        host.start()
        person = visit(host, "?participant=dreamer", pictures="failed")
        person.agrees()
        person.tries_out_the_memory_game()
        person.reads_on("Ready?")
        person.plays_the_memory_game(dict.fromkeys(host.trials_of(0, 1).index, 0))
        person.sees("That happens to many people")
        person.look("stopped")
        assert person.page.locator(".code").inner_text()  # they are paid for what they did
        assert not person.page.get_by_text("another series", exact=False).filter(has_text="do another").count()
        person.page.reload()
        person.agrees()
        person.sees("We will not offer you another series")
        person.look("blocked")
        assert len(host.trials()) == SHORT_GAME.settings().trials


@pytest.mark.slow
def test_a_closed_window_loses_at_most_the_trial_that_was_on(tmp_path, page, generated, sets, visit):
    with memory_game(tmp_path, page, generated, sets, **QUICK_GAME) as host:
        host.start()
        responses = host.trials_of(0, 1).is_repeat.to_dict()
        person = visit(host, "?PROLIFIC_PID=5f0c1a2b3c4d5e6f70819203")
        person.agrees()
        person.tries_out_the_memory_game()
        person.reads_on("Ready?")
        person.plays_the_memory_game({i: responses[i] for i in range(8)})
        person.on_trial(8)
        person.page.wait_for_timeout(200)
        person.page.close()
        assert len(host.trials()) == 8
        again = visit(host, "?PROLIFIC_PID=5f0c1a2b3c4d5e6f70819203", pictures="again")
        again.agrees()
        again.reads_on("Welcome back", " ", "welcome-back")
        again.reads_on("Ready?")
        again.plays_the_memory_game({i: responses[i] for i in range(8, len(responses))})
        again.sees("Thank you")
        assert stored_as_pressed(host.trials(), responses)


@pytest.mark.slow
def test_the_same_person_in_a_second_window_ends_the_first(tmp_path, page, generated, sets, visit):
    with memory_game(tmp_path, page, generated, sets, **QUICK_GAME) as host:
        host.start()
        query = "?PROLIFIC_PID=5f0c1a2b3c4d5e6f70819203"
        one = visit(host, query)
        one.agrees()
        one.tries_out_the_memory_game()
        one.sees("Ready?")
        two = visit(host, query)
        two.agrees()
        two.sees("What you will do")
        one.press(" ")
        one.sees("This window has stopped")
        one.look("stopped-window")
        one.page.wait_for_timeout(2000)
        one.sees("This window has stopped")  # and it stays so


@pytest.mark.slow
def test_a_server_that_is_away_for_a_while_loses_nothing(tmp_path, page, generated, sets, visit):
    with memory_game(tmp_path, page, generated, sets, **QUICK_GAME) as host:
        host.start()
        responses = host.trials_of(0, 1).is_repeat.to_dict()
        person = visit(host, "?participant=patient")
        person.agrees()
        person.tries_out_the_memory_game()
        person.reads_on("Ready?")
        person.plays_the_memory_game({i: responses[i] for i in range(7)})
        host.kill()
        person.plays_the_memory_game({i: responses[i] for i in range(7, len(responses))})
        person.sees("Your answers are being stored")
        host.start()
        person.sees("Thank you", timeout=40)
        assert stored_as_pressed(host.trials(), responses)


# --- the 2AFC task ------------------------------------------------------------------------------------------------


def test_two_series_of_the_2afc_task_with_practice_before_the_first_alone(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets, **QUICK_TASK) as host:
        host.start()
        person = visit(host, "?participant=judge", pictures="two-afc")
        person.agrees()
        person.reads_on("What you will do", " ", "instructions")
        person.reads_on("First 4 pairs to practise", " ", "practice")
        first = host.trials_of(0, 1).fake_side
        other = {"left": "right", "right": "left"}
        answers = first.to_dict() | {1: other[first[1]], 6: other[first[6]]}
        person.answers_pairs({i: answers[i] for i in range(4)}, {0: "practice-right", 1: "practice-wrong"})
        person.reads_on("From now on you are not told", " ", "begin")
        person.answers_pairs({i: answers[i] for i in range(4, 8)}, {5: "pair-answered"})
        person.reads_on("4 of 8 pairs", " ", "break")
        person.answers_pairs({i: answers[i] for i in range(8, 12)})
        person.reads_on("do another series", " ", "end")
        person.reads_on("From now on you are not told")  # no practice, no instructions
        second = host.trials_of(0, 2).fake_side.to_dict()
        person.answers_pairs({i: second[i] for i in range(4)})
        person.reads_on("4 of 8 pairs")
        person.answers_pairs({i: second[i] for i in range(4, 8)})
        person.sees("You may close the window now")

        trials = host.trials()
        assert stored_as_pressed(trials[trials.series == 1], answers)
        assert stored_as_pressed(trials[trials.series == 2], second)
        assert (trials[trials.series == 1].phase == "practice").sum() == 4
        assert (trials[trials.series == 2].phase == "main").all()
        images = pd.concat([sets["test"], sets["vigilance"]])
        assert len(read_trials(tmp_path / "exported.csv", "two_afc", images)) == 20
        timing = pd.read_csv(host_file(host, "timing.csv"))
        assert (timing.image_ms - 200).abs().max() <= timing.frame_ms.max() * 3

    left = 1280 // 2 - 28 - 2 * 6 - 320 - 2 * 6 + 3  # the left side of the left frame
    assert np.argmax(colour_of(person, "practice-right", left, 330)) == 1
    assert np.argmax(colour_of(person, "practice-wrong", left, 330)) == 0


def test_the_page_is_not_told_which_is_the_fake(tmp_path, page, generated, sets):
    with two_afc(tmp_path, page, generated, sets) as host:
        host.start()
        trials = requests.post(
            f"{host.url}/api/session", json={"platform": "link", "identifier": "curious"}, timeout=10
        ).json()["trials"]
        assert [sorted(t) for t in trials[:4]] == [["answer", "left", "practice", "right"]] * 4
        assert {tuple(sorted(t)) for t in trials[4:]} == {("left", "practice", "right")}
        names = {name for t in trials for name in (t["left"], t["right"])}
        assert all(len(name) == 24 and set(name) <= set("0123456789abcdef") for name in names)


def host_file(host, name):
    path = host.folder / name
    path.write_bytes(host.export(name).content)
    return path


# --- where people come from and go to ------------------------------------------------------------------------------


class Elsewhere:
    """Stands in for Prolific's and MTurk's addresses, and notes what reaches them."""

    def __init__(self):
        import threading
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        requests_seen = self.requests = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                if "favicon" not in self.path:
                    requests_seen.append((self.command, self.path, body))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"handed in")

            do_POST = do_GET

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def finish_a_short_task(person, host, slot):
    sides = host.trials_of(slot, 1).fake_side.to_dict()
    person.agrees()
    person.reads_on("What you will do")
    person.reads_on("to practise")
    person.answers_pairs({i: sides[i] for i in range(4)})
    person.reads_on("From now on you are not told")
    person.answers_pairs({i: sides[i] for i in range(4, 8)})
    person.reads_on("4 of 8 pairs")
    person.answers_pairs({i: sides[i] for i in range(8, 12)})
    person.sees("to hand it in")
    person.look("hand-in")


@pytest.mark.slow
def test_the_completion_code_reaches_prolific_and_mturk(tmp_path, page, generated, sets, visit):
    elsewhere = Elsewhere()
    settings = QUICK_TASK | {
        "return_url": f"{elsewhere.url}/submissions/complete?cc={{code}}",
        "mturk_hosts": [elsewhere.url],
    }
    with two_afc(tmp_path, page, generated, sets, **settings) as host:
        host.start()
        prolific = visit(host, "?PROLIFIC_PID=5f0c1a2b3c4d5e6f70819203&STUDY_ID=s&SESSION_ID=t", pictures="prolific")
        finish_a_short_task(prolific, host, 0)
        code = prolific.page.locator(".code").inner_text()
        prolific.press("Enter")
        prolific.sees("handed in")
        assert elsewhere.requests == [("GET", f"/submissions/complete?cc={code}", "")]

        query = f"?workerId=A1B2C3D4&assignmentId=3AAA&hitId=3HHH&turkSubmitTo={elsewhere.url}"
        worker = visit(host, query, pictures="mturk")
        finish_a_short_task(worker, host, 1)
        other_code = worker.page.locator(".code").inner_text()
        worker.press("Enter")
        worker.sees("handed in")
        assert elsewhere.requests[1:] == [
            ("POST", "/mturk/externalSubmit", f"assignmentId=3AAA&completion_code={other_code}")
        ]
        assert code != other_code


@pytest.mark.slow
def test_mturk_workers_see_what_it_is_before_they_accept(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets) as host:
        host.start()
        worker = visit(host, "?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=3HHH", pictures="mturk")
        worker.sees("Please accept the task first")
        worker.look("preview")


@pytest.mark.slow
def test_a_preview_stores_nothing(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets, **QUICK_TASK) as host:
        host.start()
        guest = visit(host, "?preview", pictures="preview")
        guest.agrees()
        guest.reads_on("What you will do")
        guest.reads_on("to practise")
        guest.answers_pairs(dict.fromkeys(range(4), "left"))
        guest.reads_on("From now on you are not told")
        guest.answers_pairs(dict.fromkeys(range(4, 8), "left"))
        guest.reads_on("4 of 8 pairs")
        guest.answers_pairs(dict.fromkeys(range(8, 12), "left"))
        guest.sees("PREVIEW")
        assert host.trials().empty
        assert (
            requests.post(
                f"{host.url}/api/session", json={"platform": "link", "identifier": "first"}, timeout=10
            ).json()["series"]
            == 1
        )


# --- rehearsals ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("experiment", ["memory_game", "two_afc"])
def test_a_rehearsal_gives_the_simulated_table_from_a_real_browser(
    tmp_path, page, generated, sets, browser, experiment
):
    make, quick = {"memory_game": (memory_game, QUICK_GAME), "two_afc": (two_afc, QUICK_TASK)}[experiment]
    with make(tmp_path, page, generated, sets, **quick) as host:
        host.start("--simulated")
        scored = sets["test"].assign(score=0.5)
        observers = Observers(sensitivity=1.0, careless=0, false_alarms=0.01, vigilance=9, lapses=0)
        planned = simulate_trials(host.tracks[host.tracks.slot == 0], scored, experiment, observers, 1, "m")
        assert planned.series.max() == 2
        write_trials(planned, tmp_path / "planned.csv")
        # In a process of its own: this one has Playwright running already.
        done = subprocess.run(
            [
                sys.executable,
                "scripts/rehearse_experiment.py",
                "--url",
                host.url,
                "--experiment",
                experiment,
                "--trials",
                tmp_path / "planned.csv",
            ],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        trials = host.trials()
        same = ["series", "track", "trial_index", "phase", "role", "image_id", "is_repeat", "correct", "data_source"]
        pd.testing.assert_frame_equal(trials[same], planned[same].reset_index(drop=True), check_dtype=False)
        assert trials.response.astype(str).tolist() == planned.response.astype(str).tolist()
        assert set(trials.data_source) == {"simulated"}


# --- screens ------------------------------------------------------------------------------------------------------


def test_a_small_window_is_asked_to_grow_and_goes_on_when_it_has(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets) as host:
        host.start()
        person = visit(host, "", width=700, height=500, pictures="small")
        person.sees("Please make the window larger")
        person.look("small")
        person.page.set_viewport_size({"width": 1280, "height": 720})
        person.sees("agree and take part")


def test_a_touch_only_screen_is_sent_to_a_computer(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets) as host:
        host.start()
        person = visit(host, "", width=412, height=915, pictures="touch", has_touch=True, is_mobile=True)
        person.sees("Please use a computer with a keyboard")
        person.look("touch")


# --- a whole series, and its timing -------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_whole_memory_game_keeps_time(tmp_path, page, generated, sets, visit):
    with memory_game(tmp_path, page, generated, sets, MemoryGame(), series=1) as host:
        host.start()
        person = visit(host, "?participant=steady", 1920, 1080, pictures="memory-game")
        person.agrees()
        person.tries_out_the_memory_game()
        person.reads_on("Ready?", " ", "ready")
        responses = host.trials_of(0, 1).is_repeat.to_dict()
        person.plays_the_memory_game(responses, {0: "image"})
        person.sees("Thank you")
        person.look("end")
        assert stored_as_pressed(host.trials(), responses)
        timing = pd.read_csv(host_file(host, "timing.csv"))
        print(told(timing, image_ms=600, blank_ms=800))
        assert within_a_frame(timing, "image_ms", 600) >= 0.99
        assert within_a_frame(timing, "blank_ms", 800) >= 0.99


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_whole_2afc_task_keeps_time(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets, TwoAfc(), series=1) as host:
        host.start()
        person = visit(host, "?participant=steady", 1920, 1080, pictures="two-afc")
        sides = host.trials_of(0, 1).fake_side.to_dict()
        person.agrees()
        person.reads_on("What you will do", " ", "instructions")
        person.reads_on("First 20 pairs", " ", "practice")
        person.answers_pairs({i: sides[i] for i in range(20)}, {0: "practice-right"})
        person.reads_on("From now on you are not told", " ", "begin")
        person.answers_pairs({i: sides[i] for i in range(20, 70)})
        person.reads_on("50 of 100 pairs", " ", "break")
        person.page.wait_for_timeout(1500)
        person.look("pair")
        person.answers_pairs({i: sides[i] for i in range(70, 120)})
        person.sees("Thank you")
        assert stored_as_pressed(host.trials(), sides)
        timing = pd.read_csv(host_file(host, "timing.csv"))
        print(told(timing, image_ms=1600))
        assert within_a_frame(timing, "image_ms", 1600) >= 0.99


def within_a_frame(timing, column, meant):
    shown = timing[column].dropna()
    return ((shown - meant).abs() <= timing.frame_ms.reindex(shown.index) + 0.1).mean()


def told(timing, **meant):
    return "; ".join(
        f"{column} {ms}: {within_a_frame(timing, column, ms):.1%} within a frame of {timing.frame_ms.median()} ms, "
        f"{timing[column].min()} to {timing[column].max()}, n {timing[column].count()}"
        for column, ms in meant.items()
    )
