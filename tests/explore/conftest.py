"""A small run to explore: the DCGAN's faces, an assessor of brightness, two directions."""

import socket
import threading
import time

import numpy as np
import pytest
import torch
import uvicorn

from ganalyze.direction.inversion import Inversion
from ganalyze.direction.likeness import EXTRACTOR
from ganalyze.direction.transformer import Transformer
from ganalyze.explore.explorer import Direction, Explorer, Networks
from ganalyze.explore.photographs import Photographs
from ganalyze.explore.server import build_app
from ganalyze.models.extractors import EXTRACTORS
from tests.networks import CPU, load_generator, weights_in

TOKEN = "a-token-of-the-link"


def brightness(images):
    return images.mean(dim=(1, 2, 3)) / 2 + 0.5


def middle(images):
    """Soft masks of a disc, larger where the image is brighter."""
    rows, columns = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in images.shape[-2:]), indexing="ij")
    size = 0.3 + 0.5 * brightness(images)[:, None, None]
    return ((rows**2 + columns**2).sqrt() < size).float()


def theta(seed):
    return Transformer.along(torch.from_numpy(np.random.default_rng(seed).standard_normal(100).astype("float32")))


@pytest.fixture(scope="session")
def networks(weights_dir):
    generator = load_generator("dcgan-digiface", weights_dir)
    generator.z_parts = {"first": slice(0, 50), "second": slice(50, 100)}
    extractor = EXTRACTORS.load(EXTRACTOR, weights_in(weights_dir), CPU)
    return Networks(generator, {"brightness (0–1)": brightness}, middle, None, extractor)


@pytest.fixture
def explorer(networks):
    directions = {name: Direction(theta(i), "brightness (0–1)", -0.4, 0.4) for i, name in enumerate(("one", "other"))}
    return Explorer(networks, directions, CPU, seed=5)


@pytest.fixture
def photographs(explorer):
    return Photographs(explorer, Inversion(steps=6, z_steps=4, starts=2))


@pytest.fixture
def app(explorer, photographs):
    about = {
        "title": "small",
        "generator": "DCGAN",
        "note": "",
        "directions": {name: {"title": name, "note": ""} for name in explorer.directions},
    }
    return build_app(explorer, photographs, about, TOKEN)


@pytest.fixture
def address(app):
    """Of the running server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
