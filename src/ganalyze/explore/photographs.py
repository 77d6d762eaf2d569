"""Photographs that the page was given: aligned and inverted one after the other, kept in memory as long as the server
runs, and nowhere else."""

import queue
import secrets
import threading
from dataclasses import dataclass, field

import numpy as np

from ganalyze.direction.faces import align_face
from ganalyze.direction.inversion import Inversion, invert, likeliest_classes
from ganalyze.explore.explorer import Explorer
from ganalyze.images.reading import decode
from ganalyze.support.errors import GanalyzeError

MOST = 8  # that wait or are kept; the oldest goes first


@dataclass
class Upload:
    """A photograph on its way. state: waiting, inverting, done or refused, and why."""

    pixels: np.ndarray  # aligned
    words: str = ""
    state: str = "waiting"
    step: int = 0
    steps: int = 0
    reason: str = ""
    poor: bool = False
    stop: threading.Event = field(default_factory=threading.Event)


class Stopped(Exception):
    """The photograph is no longer wanted."""


class Photographs:
    """Inverts what it is given in a thread of its own, letting pictures of the page go first between two steps."""

    def __init__(self, explorer: Explorer, settings: Inversion):
        self.explorer, self.settings = explorer, settings
        self.uploads: dict[str, Upload] = {}
        self._waiting: queue.Queue[str] = queue.Queue()
        self._keeping = threading.Lock()  # so that none is kept that has just made room
        threading.Thread(target=self._work, daemon=True).start()

    def add(self, content: bytes) -> str:
        """Take a photograph in; return its name. Raises GanalyzeError where it cannot be read or has no face."""
        networks = self.explorer.networks
        photograph = decode(content, "the photograph")
        with self.explorer.machine:
            pixels, words = align_face(photograph, networks.generator.image_size, networks.detector)
        name = secrets.token_urlsafe(12)
        self.uploads[name] = Upload(pixels, words, steps=self.settings.steps)
        with self._keeping:
            for old in list(self.uploads)[:-MOST]:
                self.uploads.pop(old).stop.set()
                self.explorer.photographs.pop(old, None)
        self._waiting.put(name)
        return name

    def _work(self) -> None:
        while True:
            name = self._waiting.get()
            if (upload := self.uploads.get(name)) is None:
                continue
            try:
                self._invert(name, upload)
            except Stopped:
                continue
            except Exception as error:
                expected = isinstance(error, GanalyzeError)
                upload.state, upload.reason = "refused", str(error) if expected else "the inversion failed"

    def _invert(self, name: str, upload: Upload) -> None:
        explorer, networks = self.explorer, self.explorer.networks

        def on_step(step: int) -> None:
            upload.step = step
            explorer.machine.release()  # whoever waits for a picture goes first
            if upload.stop.is_set():
                explorer.machine.acquire()
                raise Stopped
            threading.Event().wait(0.002)
            explorer.machine.acquire()

        upload.state = "inverting"
        with explorer.machine:
            classes = likeliest_classes(upload.pixels, networks.extractor, networks.generator.num_classes)
            found = invert(
                networks.generator,
                upload.pixels,
                networks.extractor,
                self.settings,
                seed=explorer.seed,
                classes=classes,
                label="photograph",
                on_step=on_step,
            )
        with self._keeping:
            if upload.stop.is_set():
                raise Stopped
            explorer.photographs[name] = found.inverted
        upload.poor, upload.state = found.is_poor, "done"
