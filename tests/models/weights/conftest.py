"""A web server with faults, and a catalogue of what it serves."""

import hashlib
import random
import re
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from ganalyze.models.weights.catalogue import load_catalogue
from ganalyze.models.weights.files import fetch
from tests import REPOSITORY

CONTENT = random.Random(0).randbytes(1_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = (2, 0.5)  # seconds to connect and to read


@dataclass
class Page:
    body: bytes = CONTENT
    status: int = 200
    etag: str | None = '"1"'
    ranges: bool = True
    type: str = "application/octet-stream"
    to: str | None = None  # redirect
    cuts: list[int] = field(default_factory=list)  # offsets where this and the next connections break
    hang_at: int | None = None  # offset where the server falls silent
    seconds: float = 0  # before it answers
    asked: list[str | None] = field(default_factory=list)  # the Range of every request


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        page = self.server.pages[self.path]
        asked = self.headers.get("Range")
        page.asked.append(asked)
        time.sleep(page.seconds)
        start = 0
        if asked and page.ranges and self.headers.get("If-Range", page.etag) == page.etag:
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
        if start > len(page.body) or (start and start == len(page.body)):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(page.body)}")
            self.end_headers()
            return
        self.send_response(206 if start else page.status)
        if page.to:
            self.send_header("Location", page.to)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(page.body) - 1}/{len(page.body)}")
        if page.etag:
            self.send_header("ETag", page.etag)
        self.send_header("Content-Type", page.type)
        self.send_header("Content-Length", str(len(page.body) - start))
        self.end_headers()
        end = page.cuts.pop(0) if page.cuts else page.hang_at if page.hang_at is not None else len(page.body)
        self.wfile.write(page.body[start:end])
        self.wfile.flush()
        if page.hang_at is not None:
            self.server.released.wait(30)

    def log_message(self, *_):
        pass


class Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Page] = {}
        self.released = threading.Event()

    def serve(self, path: str, **page) -> str:
        self.pages[path] = Page(**page)
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, *_):
        pass  # clients leave early on purpose


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Site()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def catalogue_of(tmp_path):
    """Write a catalogue with the one entry `net.bin` and return its path."""

    def write(*sources: str | dict, **known) -> Path:
        sources = [{"url": source} if isinstance(source, str) else source for source in sources]
        entry = {"origin": "a test", "licence": "MIT", "reference": "none", "sources": sources} | known
        path = tmp_path / "catalogue.yaml"
        path.write_text(yaml.safe_dump({"net.bin": entry}))
        return path

    return write


@pytest.fixture
def get(tmp_path, catalogue_of):
    """Fetch `net.bin` from the given sources into tmp_path/weights."""

    def run(*sources, **known) -> Path:
        return fetch("net.bin", load_catalogue(catalogue_of(*sources, **known)), tmp_path / "weights", QUICK)

    return run


def closed_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/net.bin"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def command(catalogue: Path, folder: Path, *names: str) -> list[str]:
    script = str(REPOSITORY / "scripts/fetch_weights.py")
    return [sys.executable, script, *names, "--catalogue", str(catalogue), "--weights-dir", str(folder)]
