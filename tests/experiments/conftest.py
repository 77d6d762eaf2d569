"""Small tracks made by hand, image sets for them, and really generated ones; the built page."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.networks import load_generator

from .hosting.hosts import built_page

ALPHAS = (-0.2, -0.1, 0.0, 0.1, 0.2)


def image_set(name: str, seeds: int, slope: float = 0.68, classes: int = 1) -> pd.DataFrame:
    """A manifest whose score is exactly 0.7 + slope · α."""
    rows = [
        [f"{name}_{seed:05d}_{alpha:+g}", name, seed, seed % classes, alpha, 0.7 + slope * alpha]
        for seed in range(seeds)
        for alpha in ALPHAS
    ]
    return pd.DataFrame(rows, columns=["image_id", "set", "seed_id", "class_id", "alpha", "score"])


def memory_tracks(slots: int, targets: int = 20, seed: int = 0, seeds: int = 160, classes: int = 1) -> pd.DataFrame:
    """One series a slot: targets, then vigilance pairs, then the targets again, fillers in between."""
    rng, rows = np.random.default_rng(seed), []
    test, filler = image_set("test", seeds, classes=classes), image_set("filler", 60, classes=classes)
    for slot in range(slots):
        chosen = _one_clone_each(test, targets, rng)
        others = _one_clone_each(filler, 15, rng)
        vigilance, fillers = others[:5], others[5:]
        order = [(t, "target", 0) for t in chosen]
        order += [(v, "vigilance", repeat) for v in vigilance for repeat in (0, 1)]
        order += [(f, "filler", 0) for f in fillers] + [(t, "target", 1) for t in chosen]
        first = {}
        for index, (image, role, repeat) in enumerate(order):
            lag = index - first[image.image_id] - 1 if repeat else None
            first.setdefault(image.image_id, index)
            rows.append(
                [
                    slot,
                    1,
                    f"{slot}-1",
                    index,
                    "main",
                    role,
                    image.image_id,
                    image.seed_id,
                    image.class_id,
                    image.alpha,
                    repeat,
                    lag,
                    None,
                    None,
                ]
            )
    return _tracks(rows)


def afc_tracks(slots: int, targets: int = 20, seed: int = 0) -> pd.DataFrame:
    """One series a slot: targets and five vigilance pairs."""
    rng, rows = np.random.default_rng(seed), []
    test, tails = image_set("test", 160), image_set("tails", 30)
    for slot in range(slots):
        pairs = [(image, "target") for image in _one_clone_each(test, targets, rng)]
        pairs += [(image, "vigilance") for image in _one_clone_each(tails, 5, rng)]
        for index, (image, role) in enumerate(pairs):
            rows.append(
                [
                    slot,
                    1,
                    f"{slot}-1",
                    index,
                    "main",
                    role,
                    image.image_id,
                    image.seed_id,
                    image.class_id,
                    image.alpha,
                    0,
                    None,
                    f"real_{index}",
                    ("left", "right")[rng.integers(2)],
                ]
            )
    return _tracks(rows)


def _one_clone_each(images: pd.DataFrame, count: int, rng: np.random.Generator) -> list:
    seeds = rng.choice(images.seed_id.unique(), size=count, replace=False)
    rows = [images[images.seed_id == seed].iloc[rng.integers(len(ALPHAS))] for seed in seeds]
    return rows


def _tracks(rows: list) -> pd.DataFrame:
    return pd.DataFrame(
        rows,
        columns=[
            "slot",
            "series",
            "track",
            "trial_index",
            "phase",
            "role",
            "image_id",
            "seed_id",
            "class_id",
            "alpha",
            "is_repeat",
            "lag",
            "foil_image_id",
            "fake_side",
        ],
    ).astype({"lag": "Int64"})


@pytest.fixture(scope="session")
def images() -> pd.DataFrame:
    return pd.concat([image_set("test", 160), image_set("filler", 60), image_set("tails", 30)], ignore_index=True)


@pytest.fixture(scope="session")
def generated(tmp_path_factory, weights_dir) -> dict[str, Path]:
    """Manifests of small sets of really generated images: test, filler, vigilance, and real (unmodified images that
    stand in for photographs)."""
    import torch

    from ganalyze.direction.generation import draw_seeds, generate_images
    from ganalyze.direction.settings import ImageSetSettings
    from ganalyze.direction.transformer import Transformer
    from ganalyze.models.compute import Compute

    threads = torch.get_num_threads()
    folder, compute = tmp_path_factory.mktemp("images"), Compute(device="cpu", threads=1).prepare()
    generator = load_generator("dcgan-digiface", weights_dir)
    theta = torch.randn(generator.z_dim, generator=torch.Generator().manual_seed(1))
    for name, seeds, alphas in (
        ("test", 160, (-0.2, 0.0, 0.2)),
        ("filler", 160, (0.0,)),
        ("vigilance", 40, (0.0,)),
        ("real", 40, (0.0,)),
    ):
        generate_images(
            generator,
            Transformer.along(theta),
            draw_seeds(ImageSetSettings(seeds_per_class=seeds), 1, seed=1),
            set_name=name,
            alphas=alphas,
            seed=1,
            batch_size=40,
            tails=name == "vigilance",
            compute=compute,
            folder=folder / name,
        )
    torch.set_num_threads(threads)  # on some processors sums depend on it: other tests have their own
    return {path.stem: path for path in folder.glob("*.csv")}


@pytest.fixture(scope="session")
def page() -> Path:
    return built_page()
