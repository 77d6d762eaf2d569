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

from ganalyze.experiments.exclusions import data_points, judge_series
from ganalyze.experiments.hosting.rehearsal import Person
from ganalyze.experiments.observers import Observers, simulate_trials
from ganalyze.experiments.trial import PARTICIPANT_RULE
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

    def open_window(host, query, width=1280, height=720, pictures="page", before="", **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.add_init_script(before)
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
    of_no_concern = ("Failed to load resource", "The Cross-Origin-Opener-Policy header has been ignored")  # plain http
    return message.type == "error" and not message.text.startswith(of_no_concern)


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
        code = person.page.locator(".code").inner_text()
        person.page.reload()
        person.sees("We will not offer you another series")
        person.look("blocked")
        assert person.page.locator(".code").inner_text() == code
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
        assert f"{len(planned)}/{len(planned)}" in done.stderr  # progress, trial by trial
        trials = host.trials()
        same = ["series", "track", "trial_index", "phase", "role", "image_id", "is_repeat", "correct", "data_source"]
        pd.testing.assert_frame_equal(trials[same], planned[same].reset_index(drop=True), check_dtype=False)
        assert trials.response.astype(str).tolist() == planned.response.astype(str).tolist()
        assert set(trials.data_source) == {"simulated"}


# --- screens ------------------------------------------------------------------------------------------------------


def test_a_small_window_is_offered_the_full_screen_and_measured_in_it(tmp_path, page, generated, sets, visit):
    """1280 × 560 points are what a browser's window has on a 1080p screen at 150 %, and 1280 × 720 the full screen."""
    with two_afc(tmp_path, page, generated, sets) as host:
        host.start()
        person = visit(host, "", width=1280, height=560, pictures="small", device_scale_factor=1.5)
        person.agrees()
        person.page.wait_for_function("document.fullscreenElement")
        # The browser of this test has no screen to fill: its window gets the size now that a screen would give it.
        person.page.set_viewport_size({"width": 1280, "height": 720})
        person.sees("What you will do")


def test_a_screen_that_is_too_small_is_told_what_helps_and_goes_on_once_it_has(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets) as host:
        host.start()
        person = visit(host, "", width=911, height=512, pictures="small")  # 1366 × 768 at 150 %
        person.agrees()
        person.sees("Please make the window larger")
        person.look("small")
        text = person.page.locator("main").inner_text()
        assert "needs 1000 × 600 points; the window has 911 × 512" in text
        assert "hold Ctrl" in text
        assert "e-mail@example.org" in text
        person.page.evaluate("document.exitFullscreen()")
        person.press(" ")
        person.page.wait_for_function("document.fullscreenElement")
        person.page.set_viewport_size({"width": 1093, "height": 614})  # zoomed out
        person.sees("What you will do")


@pytest.mark.slow
@pytest.mark.parametrize("zoom", [1.25, 1.5, 1.75])
@pytest.mark.parametrize("experiment", ["memory_game", "two_afc"])
def test_on_a_zoomed_screen_all_of_a_trial_is_in_view(tmp_path, page, generated, sets, visit, experiment, zoom):
    make = {"memory_game": memory_game, "two_afc": two_afc}[experiment]
    width, height = int(1920 / zoom), int(1080 / zoom)
    with make(tmp_path, page, generated, sets, image_ms=2000, pair_ms=2000) as host:
        host.start()
        person = visit(host, "?preview", width, height, f"zoom-{experiment}", device_scale_factor=zoom)
        person.agrees()
        person.reads_on("What you will do")
        if experiment == "two_afc":
            person.reads_on("to practise")
        else:
            person.reads_on("The frame")
        frames = person.page.locator(".frame canvas")
        frames.last.wait_for()
        person.page.wait_for_timeout(1000)
        person.look("trial")
        for frame in frames.all():
            box = frame.bounding_box()
            assert box["x"] >= 0
            assert box["y"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height
            # Every pixel of the screen is used.
            assert frame.evaluate("c => c.width") == round(box["width"] * zoom)


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


# --- whatever the keyboard, or none -------------------------------------------------------------------------------

# What the keys of an English keyboard's F, J and K send.
LAYOUTS = {
    "Cyrillic": ("\u0430", "\u043e", "\u043b"),
    "Greek": ("\u03c6", "\u03be", "\u03ba"),
    "AZERTY": ("f", "j", "k"),
    "Dvorak": ("u", "h", "t"),
    "Hebrew": ("\u05db", "\u05d7", "\u05dc"),
}


def types(person, key, code):
    """Press a key as a keyboard of some layout does."""
    session = person.page.context.new_cdp_session(person.page)
    for kind in ("keyDown", "keyUp"):
        session.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": code, "text": key[:1]})


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_pairs_are_answered_on_every_keyboard_and_a_key_that_does_nothing_gets_a_hint(
    tmp_path, page, generated, sets, visit, layout
):
    left, right, other = LAYOUTS[layout]
    with two_afc(tmp_path, page, generated, sets, **QUICK_TASK) as host:
        host.start()
        person = visit(host, f"?participant={layout}", pictures="layouts")
        person.agrees()
        person.reads_on("What you will do")
        person.reads_on("to practise")
        person.on_trial(0)
        types(person, other, "KeyK")
        person.sees("for the left one")
        person.look(layout)
        pressed = {0: "left", 1: "right", 2: "right", 3: "left"}
        for index, side in pressed.items():
            person.on_trial(index)
            types(person, *((left, "KeyF") if side == "left" else (right, "KeyJ")))
        person.sees("From now on you are not told")
        assert stored_as_pressed(host.trials(), pressed)


@pytest.mark.slow
def test_the_memory_game_says_which_key_there_is_and_takes_any_layouts_letters(tmp_path, page, generated, sets, visit):
    with memory_game(tmp_path, page, generated, sets, **QUICK_GAME) as host:
        host.start()
        person = visit(host, "?participant=Japanese", pictures="layouts")
        person.agrees()
        person.reads_on("that is new")
        person.reads_on("The frame")
        person.on_trial(2)
        types(person, "Enter", "Enter")
        person.sees("for a picture that was there before")
        person.look("memory-hint")
        person.sees("Almost")
        types(person, "\u043a", "KeyR")  # R, on a Cyrillic layout
        for index in range(9):
            person.on_trial(index)
            if index in (3, 5, 8):
                types(person, "\u3000", "Space")
        person.sees("Well done")


@pytest.mark.slow
@pytest.mark.parametrize("touch", [False, True])
def test_every_key_that_is_drawn_to_go_on_can_be_clicked_or_tapped(tmp_path, page, generated, sets, visit, touch):
    with two_afc(tmp_path, page, generated, sets, **QUICK_TASK) as host:
        host.start()
        # A laptop with a touch screen, which emulation would make a telephone.
        laptop = "const media = matchMedia; matchMedia = (query) => media(query.includes('any-') ? 'not all' : query);"
        person = visit(host, "?participant=clicks", pictures="clicks", has_touch=touch, before=laptop if touch else "")

        def goes_on(text, key):
            person.sees(text)
            button = person.page.get_by_role("button", name=key, exact=True)
            button.tap() if touch else button.click()

        goes_on("agree and take part", "Enter")
        goes_on("The experiment fills your screen", "Space")
        goes_on("What you will do", "Space")
        goes_on("to practise", "Space")
        person.answers_pairs(dict.fromkeys(range(4), "left"))
        goes_on("From now on you are not told", "Space")
        person.answers_pairs(dict.fromkeys(range(4, 8), "left"))
        goes_on("4 of 8 pairs", "Space")
        person.answers_pairs(dict.fromkeys(range(8, 12), "left"))
        person.sees("is complete")
        assert len(host.trials()) == 12


# --- coming again -------------------------------------------------------------------------------------------------

COMES_FROM = {
    "Prolific": "?PROLIFIC_PID=5f0c1a2b3c4d5e6f70819203&STUDY_ID=s&SESSION_ID=t",
    "MTurk": "?workerId=A1B2C3D4&assignmentId=3AAA&hitId=3HHH&turkSubmitTo={elsewhere}",
    "a link": "?participant=7",
    "nowhere": "",
}


@pytest.mark.parametrize("origin", COMES_FROM)
def test_a_finished_series_can_be_handed_in_again_after_every_reload(tmp_path, page, generated, sets, visit, origin):
    elsewhere = Elsewhere()
    settings = QUICK_TASK | {"break_every": 0, "mturk_hosts": [elsewhere.url]}
    if origin == "Prolific":
        settings["return_url"] = f"{elsewhere.url}/submissions/complete?cc={{code}}"
    with two_afc(tmp_path, page, generated, sets, **settings) as host:
        host.start()
        person = visit(host, COMES_FROM[origin].format(elsewhere=elsewhere.url), pictures="again")
        sides = host.trials_of(0, 1).fake_side.to_dict()
        person.agrees()
        person.reads_on("What you will do")
        person.reads_on("to practise")
        person.answers_pairs({i: sides[i] for i in range(4)})
        person.reads_on("From now on you are not told")
        person.answers_pairs({i: sides[i] for i in range(4, 12)})
        person.sees("This series is complete")
        code = person.page.locator(".code").inner_text()
        for _ in range(2):
            person.page.reload()
            person.sees("Your last series is complete")
            assert person.page.locator(".code").inner_text() == code
        person.look("again")
        if origin in ("Prolific", "MTurk"):
            person.press("Enter")
            person.sees("handed in")
            assert code in "".join(elsewhere.requests[0])
            person.page.goto(f"{host.url}/{COMES_FROM[origin].format(elsewhere=elsewhere.url)}")
        # Another is begun by mistake; the first can still be handed in.
        person.reads_on("do another series")
        person.agrees()
        person.sees("From now on you are not told")
        person.page.reload()
        person.sees("Your last series is complete")
        assert person.page.locator(".code").inner_text() == code
        assert len(host.trials()) == 12


@pytest.mark.slow
def test_reloading_every_page_of_a_series_loses_and_doubles_nothing(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets, **QUICK_TASK) as host:
        host.start()
        person = visit(host, "?participant=restless")
        sides = host.trials_of(0, 1).fake_side.to_dict()

        def reloads_on(text, *before):
            """Reload the page with a text, and go on to it again by the pages before it."""
            person.sees(text)
            person.page.reload()
            person.agrees()
            for one in before:
                person.reads_on(one)
            person.reads_on(text)

        person.sees("agree and take part")
        person.page.reload()
        person.reads_on("agree and take part", "Enter")
        person.sees("The experiment fills your screen")
        person.page.reload()
        person.agrees()
        reloads_on("What you will do")
        reloads_on("to practise", "What you will do")
        person.answers_pairs({i: sides[i] for i in range(2)})
        person.on_trial(2)
        person.page.reload()
        person.agrees()
        person.reads_on("Welcome back")
        person.answers_pairs({i: sides[i] for i in (2, 3)})
        reloads_on("From now on you are not told", "Welcome back")
        person.answers_pairs({i: sides[i] for i in range(4, 8)})
        person.sees("4 of 8 pairs")
        person.page.reload()
        person.agrees()
        person.reads_on("Welcome back")
        person.answers_pairs({i: sides[i] for i in range(8, 12)})
        person.sees("This series is complete")
        assert stored_as_pressed(host.trials(), sides)
        assert not host.trials().duplicated(["series", "trial_index"]).any()


@pytest.mark.slow
def test_reloading_every_page_of_a_memory_game_loses_and_doubles_nothing(tmp_path, page, generated, sets, visit):
    with memory_game(tmp_path, page, generated, sets, **QUICK_GAME) as host:
        host.start()
        person = visit(host, "?participant=restless")
        responses = host.trials_of(0, 1).is_repeat.to_dict()
        person.sees("agree and take part")
        person.page.reload()
        person.reads_on("agree and take part", "Enter")
        person.sees("The experiment fills your screen")
        for text, *before in [("that is new",), ("The frame", "that is new")]:
            person.page.reload()
            person.agrees()
            for one in before:
                person.reads_on(one)
            person.sees(text)
        # The try-out is no series: it begins anew.
        person.press(" ")
        person.on_trial(1)
        person.page.reload()
        person.agrees()
        person.tries_out_the_memory_game()
        person.sees("Ready?")
        person.page.reload()
        person.agrees()
        person.tries_out_the_memory_game()
        person.reads_on("Ready?")
        # While a picture is shown, and between two.
        person.plays_the_memory_game({i: responses[i] for i in range(5)})
        person.on_trial(5)
        person.page.reload()
        person.agrees()
        person.sees("Welcome back")
        person.page.reload()
        person.agrees()
        person.reads_on("Welcome back")
        person.reads_on("Ready?")
        person.plays_the_memory_game({i: responses[i] for i in range(5, 9)})
        person.page.reload()
        person.agrees()
        person.reads_on("Welcome back")
        person.reads_on("Ready?")
        person.plays_the_memory_game({i: responses[i] for i in range(9, len(responses))})
        person.sees("This series is complete")
        for _ in range(2):
            person.page.reload()
            person.sees("Your last series is complete")
        assert stored_as_pressed(host.trials(), responses)
        assert not host.trials().duplicated(["series", "trial_index"]).any()


# --- trials not seen as intended ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_trials_of_a_hidden_window_and_of_a_browser_that_stood_still_are_no_data_points(
    tmp_path, page, generated, sets, visit
):
    # Slower than elsewhere: what a busy machine delays should stay within a quarter.
    with memory_game(tmp_path, page, generated, sets, series=1, image_ms=1000, blank_ms=600) as host:
        host.start()
        person = visit(host, "?participant=distracted")
        person.agrees()
        person.tries_out_the_memory_game()
        person.reads_on("Ready?")
        responses = host.trials_of(0, 1).is_repeat.to_dict()
        repeats = host.trials_of(0, 1).query("role == 'target' and is_repeat == 1").index
        for index, response in responses.items():
            person.plays_the_memory_game({index: response})
            if index == repeats[0]:
                # Headless windows are never hidden; the page hears what it would hear.
                person.page.evaluate(
                    """() => {
                      Object.defineProperty(document, "hidden", { value: true, configurable: true });
                      document.dispatchEvent(new Event("visibilitychange"));
                      delete document.hidden;
                    }"""
                )
            if index == repeats[2]:
                person.page.evaluate("() => { for (const end = performance.now() + 3000; performance.now() < end; ); }")
        person.sees("This series is complete")
        host.trials()
    trials = read_trials(tmp_path / "exported.csv", "memory_game", pd.concat([sets["test"], sets["filler"]]))
    assert stored_as_pressed(trials, responses)
    assert trials.trial_index[trials.hidden == 1].tolist() == [repeats[0]]
    left = data_points(trials, judge_series(trials, "memory_game"), "memory_game")
    assert left.image_id.tolist() == trials.image_id[[repeats[1], repeats[3]]].tolist()


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["participant=Zo%C3%AB", "participant=a%40b.org", "PROLIFIC_PID=%7B%7BPID%7D%7D"])
def test_a_link_with_a_name_against_the_rule_is_refused_at_once_in_words(tmp_path, page, generated, sets, visit, query):
    with two_afc(tmp_path, page, generated, sets) as host:
        host.start()
        person = visit(host, f"?{query}", pictures="names")
        person.sees(f"a participant is named by {PARTICIPANT_RULE}")
        person.look("misnamed")
        person.sees("e-mail@example.org")


# --- hosts, connections and browsers that are not at their best ------------------------------------------------------

NO_STORAGE = """for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
  Object.defineProperty(window, name, { get: () => { throw new DOMException("blocked", "SecurityError"); } });
}"""


@pytest.mark.slow
def test_a_browser_that_may_store_nothing_goes_on_after_a_reload(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets, **QUICK_TASK) as host:
        host.start()
        person = visit(host, "", before=NO_STORAGE)
        person.agrees()
        person.reads_on("What you will do")
        person.reads_on("to practise")
        person.answers_pairs(dict.fromkeys(range(3), "left"))
        person.on_trial(3)
        person.page.reload()
        person.agrees()
        person.reads_on("Welcome back")
        person.answers_pairs({3: "right"})
        person.sees("From now on you are not told")
        assert stored_as_pressed(host.trials(), {0: "left", 1: "left", 2: "left", 3: "right"})


@pytest.mark.slow
def test_on_plain_http_a_link_without_a_name_works(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets, **QUICK_TASK) as host:
        host.start()
        host.url = host.url.replace("127.0.0.1", "study.example")  # no browser trusts plain http to another machine
        person = visit(host, "")
        assert not person.page.evaluate("isSecureContext")
        person.agrees()
        person.reads_on("What you will do")
        person.reads_on("to practise")
        person.answers_pairs({0: "left"})
        person.on_trial(1)
        host.url = host.url.replace("study.example", "127.0.0.1")
        assert stored_as_pressed(host.trials(), {0: "left"})


@pytest.mark.slow
def test_being_offline_at_any_moment_of_a_series_loses_nothing(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets, **QUICK_TASK) as host:
        host.start()
        sides = host.trials_of(0, 1).fake_side.to_dict()
        person = visit(host, "?participant=train", pictures="offline")
        offline = person.page.context.set_offline
        person.reads_on("agree and take part", "Enter")
        offline(True)  # before the series is asked for
        person.reads_on("The experiment fills your screen")
        person.sees("The experiment cannot be reached")
        person.look("away")
        # While the pictures are on their way.
        shown = []
        person.page.route("**/images/*.png", lambda route: shown.append(1) or route.abort("internetdisconnected"))
        offline(False)
        person.page.wait_for_timeout(3000)
        assert shown
        person.sees("The experiment cannot be reached")
        person.page.unroute("**/images/*.png")
        offline_at = {
            "What you will do": {},
            "to practise": {i: sides[i] for i in range(2)},
            "": {i: sides[i] for i in (2, 3)},
            "From now on you are not told": {i: sides[i] for i in range(4, 8)},
            "4 of 8 pairs": {i: sides[i] for i in range(8, 12)},
        }
        for number, (text, answers) in enumerate(offline_at.items()):
            if text:
                person.sees(text)
            offline(number % 2 == 0)
            if text:
                person.press(" ")
            person.answers_pairs(answers)
        offline(True)
        person.sees("Your answers are being stored")
        offline(False)
        person.sees("This series is complete", timeout=40)
        assert stored_as_pressed(host.trials(), sides)


@pytest.mark.parametrize("query", ["?preview", "?participant=7"])
def test_a_picture_that_is_not_there_is_told_to_the_experimenter_and_kindly_to_a_participant(
    tmp_path, page, generated, sets, visit, query
):
    with two_afc(tmp_path, page, generated, sets) as host:
        host.start()
        person = visit(host, "?participant=none", pictures="missing")
        first = []  # one is missing, the others come, and some of them later

        def reply(route):
            first.append(route.request.url)
            if first[0] == route.request.url:
                route.fulfill(status=404, body="{}")
            else:
                route.continue_()

        person.page.route("**/images/*.png", reply)
        person.page.goto(f"{host.url}/{query}")
        person.agrees()
        person.sees("Something went wrong")
        person.page.wait_for_timeout(1000)
        person.look("missing")
        text = person.page.locator("main").inner_text()
        assert "e-mail@example.org" in text
        assert (".png: Not Found" in text) == (query == "?preview")


def test_a_server_that_fails_is_told_to_the_experimenter(tmp_path, page, generated, sets, visit):
    with two_afc(tmp_path, page, generated, sets) as host:
        host.start()
        person = visit(host, "?preview")
        person.page.route("**/api/preview", lambda route: route.fulfill(status=500, body="{}"))
        person.agrees()
        person.sees("For the experimenter: api/preview: the host fails (500)")
