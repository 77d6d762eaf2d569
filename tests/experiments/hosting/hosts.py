"""A hosted experiment for tests: the real server as a process of its own, and a client that answers it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import requests
import yaml

from tests import REPOSITORY

PAGE = REPOSITORY / "page/dist"


def built_page() -> Path:
    """The page, built by npm from what is there now."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed (apt-get install npm)")
    folder = REPOSITORY / "page"
    if not (folder / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--silent"], cwd=folder, check=True, capture_output=True)
    subprocess.run(["npm", "run", "build", "--silent"], cwd=folder, check=True, capture_output=True)
    return PAGE


class Host:
    """One experiment on a port of its own: settings and tracks in files, the server started from its script."""

    def __init__(self, folder: Path, manifests: list[Path], tracks: pd.DataFrame, page: Path, **settings):
        self.folder, self.tracks, self.manifests, self.page = folder, tracks, manifests, page
        folder.mkdir(parents=True, exist_ok=True)
        experiment = "two_afc" if tracks.fake_side.notna().all() else "memory_game"
        words = yaml.safe_load((REPOSITORY / f"page/settings/{experiment}.yaml").read_text())
        (folder / "settings.yaml").write_text(yaml.safe_dump(words | settings))
        tracks.to_csv(folder / "tracks.csv", index=False)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self, *options: str) -> "Host":
        log = (self.folder / "server.log").open("a")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "scripts/serve_experiment.py",
                "--settings",
                self.folder / "settings.yaml",
                "--tracks",
                self.folder / "tracks.csv",
                "--manifests",
                *self.manifests,
                "--database",
                self.folder / "data.sqlite",
                "--page",
                self.page,
                "--port",
                str(self.port),
                *options,
            ],
            cwd=REPOSITORY,
            stdout=log,
            stderr=log,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "server.log").read_text())
            try:
                requests.get(f"{self.url}/api/study", timeout=5)
                return self
            except requests.ConnectionError:
                time.sleep(0.05)
        raise RuntimeError("the server does not answer")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> "Host":
        return self

    def __exit__(self, *exc) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    @property
    def export_token(self) -> str:
        return json.loads((self.folder / "data.secrets.json").read_text())["exports"]

    def export(self, name: str) -> requests.Response:
        return requests.get(
            f"{self.url}/export/{name}", headers={"Authorization": f"Bearer {self.export_token}"}, timeout=60
        )

    def trials(self) -> pd.DataFrame:
        path = self.folder / "exported.csv"
        path.write_bytes(self.export("trials.csv").content)
        return pd.read_csv(path)

    def trials_of(self, slot: int, series: int) -> pd.DataFrame:
        chosen = self.tracks[(self.tracks.slot == slot) & (self.tracks.series == series)]
        return chosen.set_index("trial_index")


class Client:
    """What the page does, without a browser. Waits for a server that is away, as the page does."""

    def __init__(self, host, name, platform="link"):
        self.host, self.identity = host, {"platform": platform, "identifier": name}
        self.http = requests.Session()
        self.token = self.series = None

    def post(self, path, body, **options):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.http.post(f"{self.host.url}/api/{path}", json=body, headers=headers | options, timeout=30)

    def arrives(self):
        return self.post("arrival", self.identity).json()

    def enters(self):
        reply = self.post("session", self.identity).json()
        self.token, self.series = reply.get("token"), reply.get("series")
        return reply

    def sends(self, *answers):
        return self.post("answers", {"series": self.series, "answers": list(answers)})

    def finishes(self):
        return self.post("finish", {"series": self.series})


def answer(index, response=0, **changes):
    given = {
        "trial_index": index,
        "response": response,
        "rt_ms": 512.5 if response != 0 else None,
        "shown_at": f"2026-01-05T10:00:{index % 60:02d}.000Z",
        "image_ms": 600.0,
        "blank_ms": 800.0,
        "frame_ms": 16.7,
        "hidden": False,
    }
    return given | changes
