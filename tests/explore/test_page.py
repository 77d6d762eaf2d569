"""The page driven in Chromium: picture and numbers never out of step, links bring states back, photographs go in."""

import json
import random

import pytest

from .conftest import TOKEN


@pytest.fixture
def opened(browser, address):
    """Opens the page, and counts what it complains of."""
    pages = []

    def open_page(link=f"/?token={TOKEN}", **options):
        page = browser.new_page(**options)
        page.complaints = []
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(link if link.startswith("http") else address + link)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()


def settled(page):
    page.wait_for_selector("body[data-shown]:not([data-busy])", timeout=20_000)
    return json.loads(page.evaluate("document.body.dataset.shown"))


def in_link(page):
    return json.loads(page.evaluate("decodeURIComponent(location.hash.slice(1))"))


def set_slider(page, name, value):
    page.evaluate(
        """([name, value]) => {
          const slider = document.getElementById(`alpha-${name}`);
          slider.value = value;
          slider.dispatchEvent(new Event("input"));
          slider.dispatchEvent(new Event("change"));
        }""",
        [name, value],
    )


def brightness_seen(page):
    return page.evaluate(
        """() => {
          const image = document.getElementById("picture");
          const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0, 64, 64);
          const data = context.getImageData(0, 0, 64, 64).data;
          let sum = 0;
          for (let i = 0; i < data.length; i += 1) if (i % 4 !== 3) sum += data[i];
          return sum / (64 * 64 * 3 * 255);
        }"""
    )


def test_twenty_random_actions_never_leave_picture_and_numbers_out_of_step(opened):
    page, rng = opened(), random.Random(4)
    settled(page)
    actions = [
        lambda: page.click("#new"),
        lambda: page.click("#reset"),
        lambda: page.click("#undo") if page.is_enabled("#undo") else None,
        lambda: page.click("#part-first"),
        lambda: page.click("#before"),
        lambda: [set_slider(page, rng.choice(["one", "other"]), rng.uniform(-0.4, 0.4)) for _ in range(5)],
    ]
    for _ in range(20):
        rng.choice(actions)()
        if rng.random() < 0.5:
            continue  # the next one comes before the answer
        assert settled(page) == in_link(page)
        told = page.inner_text('#scores .bar[data-name="brightness (0–1)"] span:nth-child(2)').split()[0]
        assert float(told) == pytest.approx(brightness_seen(page), abs=0.015)
    assert settled(page) == in_link(page)
    assert page.complaints == []


def test_a_reload_and_another_window_bring_the_same_picture(opened):
    page = opened()
    settled(page)
    set_slider(page, "one", 0.2)
    state, source = settled(page), page.get_attribute("#picture", "src")
    page.reload()
    assert settled(page) == state
    assert page.get_attribute("#picture", "src") == source
    other = opened(page.url)
    assert settled(other) == state
    set_slider(other, "one", -0.4)
    set_slider(page, "other", 0.4)
    assert settled(other)["alphas"] == {"one": -0.4}
    assert settled(page)["alphas"] == {"one": 0.2, "other": 0.4}


def test_undo_goes_back_step_by_step(opened):
    page = opened()
    states = [settled(page)]
    for name, value in (("one", 0.2), ("other", -0.2), ("one", 0.4)):
        set_slider(page, name, value)
        states.append(settled(page))
    for state in states[-2::-1]:
        page.click("#undo")
        assert settled(page) == state
    assert page.is_disabled("#undo")


def test_sliders_go_by_keys_and_say_what_they_are(opened):
    page = opened()
    settled(page)
    page.focus("#alpha-one")
    page.keyboard.press("ArrowRight")
    assert settled(page)["alphas"]["one"] == pytest.approx(0.02)
    assert page.locator("label[for=alpha-one]").inner_text() == "one"
    assert "one +0.02" in page.inner_text("#told")
    assert "one +0.02" in page.get_attribute("#picture", "alt")


def test_a_photograph_is_taken_in_and_a_text_refused(opened, tmp_path):
    page = opened()
    settled(page)
    (tmp_path / "me.jpg").write_text("a face, described in words")
    page.set_input_files("#upload", tmp_path / "me.jpg")
    page.wait_for_selector("#photograph.refused")
    assert "not a readable image" in page.inner_text("#photograph")
    from .test_server import photograph

    (tmp_path / "me.png").write_bytes(photograph())
    page.set_input_files("#upload", tmp_path / "me.png")
    page.wait_for_selector("""body[data-shown*='"photograph":"']""", timeout=20_000)
    assert settled(page)["photograph"]
    assert "from a photograph" in page.inner_text("#told")


def test_files_are_saved_and_a_strip_is_shown(opened):
    page = opened()
    settled(page)
    for button, suffix in (("#save-png", ".png"), ("#save-strip", ".png"), ("#save-gif", ".gif")):
        with page.expect_download() as download:
            page.click(button)
        assert download.value.suggested_filename.endswith(suffix)
    page.click("#show-strip")
    page.wait_for_selector("#strip img")
    assert page.locator("#strip img").count() == 5


def test_a_link_without_the_token_shows_why_nothing_comes(opened):
    page = opened("/")
    page.wait_for_selector("#told.refused")
    assert "token" in page.inner_text("#told")


@pytest.mark.parametrize("width", [390, 820, 1280, 1920])
def test_the_page_fits_its_window(opened, width):
    page = opened(viewport={"width": width, "height": 900})
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
