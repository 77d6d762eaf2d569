"""The documentation as a site: it builds without a warning, has all pages, and loads nothing from elsewhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from tests import REPOSITORY
from tests.test_rooms import ROOMS

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}  # tag → what it loads


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=REPOSITORY,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder


def loaded(page) -> list[str]:
    """Addresses that a page makes the browser load."""
    found = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append(dict(attrs).get(LOADS.get(tag)) or "")

    Parser().feed(page.read_text())
    return [address for address in found if address]


def test_no_page_and_no_style_loads_anything_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        assert not [address for address in loaded(page) if re.match(r"(\w+:)?//", address)], page
    for style in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", style.read_text()), style


@pytest.mark.parametrize("page", ["index.html", "docs/architecture.html", "api/library.html"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_opens_it_from_the_disk_and_asks_no_other_host(site, browser, page, width):
    window = browser.new_page(viewport={"width": width, "height": 900})
    asked = []
    window.on("request", lambda request: asked.append(request.url))
    window.goto((site / page).as_uri())
    window.wait_for_load_state("networkidle")
    assert asked
    assert not [address for address in asked if not address.startswith(("file:", "data:", "blob:"))]
    assert window.evaluate("document.documentElement.scrollWidth") <= width
    window.close()


def test_every_room_has_its_page_with_what_its_settings_mean(site):
    assert {path.stem for path in (site / "api").glob("*.html")} == {"index", *ROOMS}
    assert "z vectors seen in all (400,000)" in (site / "api/direction.html").read_text()


def test_a_link_to_a_file_of_the_repository_holds_on_the_site(site):
    for path in ("config/weights.yaml", "docs/notebook.py", "LICENSE", "docs/memorability.jpg"):
        assert (site / path).read_bytes() == (REPOSITORY / path).read_bytes()


def test_the_diagram_is_drawn(site):
    page = (site / "docs/architecture.html").read_text()
    assert "train_direction" in page[page.index("<svg id=") :]
    assert "```mermaid" not in page
    assert "flowchart TD" not in page
