"""How core time and memory grow with the work: seeds ×1, ×4 and ×16 (by default up to the paper's 1,500), people ×1
and ×10, studies ×1, ×2 and ×4. Networks are left out: what they take grows with the images. Scores, answers and
features are drawn at random."""

import json
import math
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import yaml
from apart import run_apart
from factors import make_images
from mixed_models import memory_game_at_paper_scale
from pydantic import Field
from report import REPOSITORY, multiply, need_report, plan

from ganalyze.direction.generation import draw_seeds, generate_images, list_images
from ganalyze.direction.settings import ImageSetSettings
from ganalyze.direction.transformer import Transformer
from ganalyze.experiments.exclusions import by_alpha, data_points, judge_series
from ganalyze.experiments.hosting.answers import Answer
from ganalyze.experiments.hosting.hosted import AnswersRequest, FinishRequest, SessionRequest, open_experiment
from ganalyze.experiments.observers import Observers, simulate_trials
from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.experiments.tracks import build_tracks
from ganalyze.experiments.trials import read_trials, write_trials
from ganalyze.images.image_sets import ImageSet, write_manifest
from ganalyze.measures.factors import IMAGE_FACTORS, measure
from ganalyze.measures.realness.distances import Reference
from ganalyze.measures.realness.features import extract_features
from ganalyze.models.compute import Compute
from ganalyze.report.page import write_report
from ganalyze.statistics.explained import explain_changes
from ganalyze.statistics.formulas import robust_score_formulas, score_formula, trial_formula
from ganalyze.statistics.mixed_models import fit_mixed_model
from ganalyze.statistics.steps import step_changes
from ganalyze.support.arguments import run_command
from ganalyze.support.settings import Positive, Settings

_ALPHAS = (-0.2, -0.1, 0.0, 0.1, 0.2)
_GAME = EXPERIMENTS["memory_game"]


# --- what is measured: each function does the work of `size` in `folder`, after its preparation there -----------


class _Blots:
    """A generator that takes no time: soft blots of colour, as large as BigGAN's images."""

    z_dim, num_classes, class_names, image_size = 192, 1, ("blots",), 256

    def __call__(self, z: torch.Tensor, y: torch.Tensor, *residual: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.interpolate(z.view(-1, 3, 8, 8), scale_factor=32, mode="bilinear").clamp(-1, 1)


def images(folder: Path, size: int) -> None:
    """What image sets take beside the network, at one α: z, encoding, storing, and the manifest."""
    generate_images(
        _Blots(),
        Transformer.identity(_Blots.z_dim),
        draw_seeds(ImageSetSettings(classes=1, seeds_per_class=size), 1, seed=0),
        set_name="test",
        alphas=(0.0,),
        seed=0,
        batch_size=40,
        compute=Compute(threads=1).prepare(),
        folder=folder / "test",
    )


def make_pictures(folder: Path, size: int) -> None:
    """A manifest of every seed at every α; the pictures are a few, listed many times."""
    few = 50
    make_images(folder / "few.csv", folder / "twice.csv", few)
    files = pd.read_csv(folder / "few.csv").file
    count = size * len(_ALPHAS)
    write_manifest(
        pd.DataFrame({"image_id": np.arange(count), "file": files[np.arange(count) % few].to_numpy()}),
        folder / "test.csv",
    )


def factors(folder: Path, size: int) -> None:
    """Brightness, colorfulness, redness and entropy of every image."""
    measure(folder / "test.csv")


class _Means(torch.nn.Module):
    """Features that take no time: means over parts of the image."""

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (torch.nn.functional.adaptive_avg_pool2d(batch.float(), 8).flatten(1),)


def features(folder: Path, size: int) -> None:
    """What reading images for realness takes, beside the network."""
    compute = Compute(threads=1).prepare()
    extract_features(_Means(), ImageSet.open(folder / "test.csv"), (256, 256), 8, compute)  # type: ignore[arg-type]


def distances(folder: Path, size: int) -> None:
    """FID, IS, KID, precision and recall of one α against a reference as large, and of 50 halves."""
    rng = np.random.default_rng(0)
    drawn, reference = (torch.from_numpy(rng.normal(size=(size, 2048)).astype(np.float32)) for _ in range(2))
    halves = np.stack([rng.permutation(size)[: size // 2] for _ in range(50)])
    Reference(reference).measure(drawn, drawn[:, :1000], halves)


def make_manifests(folder: Path, size: int, people: int) -> None:
    """Scored sets of `size` seeds: targets, and fillers of the memory game. No image is made of them."""
    for name, seeds in (("test", size), ("filler", 200)):
        drawn = draw_seeds(ImageSetSettings(classes=1, seeds_per_class=seeds), 1, seed=0)
        manifest = list_images(drawn, name, _ALPHAS, ["face"], "png")
        score = manifest.alpha + np.random.default_rng(0).normal(size=len(manifest))
        write_manifest(manifest.assign(score=score), folder / f"{name}.csv")
        (folder / name).mkdir(exist_ok=True)
        for file in {file.rpartition("/")[0] for file in manifest.file}:
            (folder / file).touch()


def tracks(folder: Path, size: int, people: int) -> None:
    """One series of the memory game for each of some people."""
    manifests = [pd.read_csv(folder / f"{name}.csv") for name in ("test", "filler")]
    made = build_tracks(_GAME, _GAME.Settings(participants=people), manifests, seed=0)
    made.to_csv(folder / "tracks.csv", index=False)


def make_tracks(folder: Path, size: int, people: int) -> None:
    make_manifests(folder, size, people)
    tracks(folder, size, people)


def trials(folder: Path, size: int, people: int) -> None:
    """Observers answer; the table is written, read, checked, judged, and its data points are counted."""
    test = pd.read_csv(folder / "test.csv")
    shown = pd.concat([test, pd.read_csv(folder / "filler.csv")], ignore_index=True)
    dealt = pd.read_csv(folder / "tracks.csv").astype({"lag": "Int64"})
    answered = simulate_trials(dealt, test, _GAME.name, Observers(sensitivity=1.0), 0, "study")
    write_trials(answered, folder / "trials.csv")
    checked = read_trials(folder / "trials.csv", _GAME.name, shown)
    by_alpha(data_points(checked, judge_series(checked, _GAME.name), _GAME.name), _GAME.name)


def server(folder: Path, size: int, people: int) -> None:
    """Everyone comes, is dealt a series, answers it in parts of 50 and finishes; then all is exported."""
    hosted = open_experiment(
        REPOSITORY / "page/settings/memory_game.yaml",
        folder / "tracks.csv",
        [folder / "test.csv", folder / "filler.csv"],
        folder / "answers.sqlite",
    )
    when = "2026-01-01T00:00:00+00:00"
    for person in range(people):
        who = SessionRequest(platform="link", identifier=f"person{person}")
        hosted.arrive(who)
        dealt = hosted.enter(who)
        given = [
            Answer(
                trial_index=index,
                response=0,
                rt_ms=None,
                shown_at=when,  # type: ignore[arg-type]
                image_ms=600,
                blank_ms=800,
                frame_ms=16,
                hidden=False,
            )
            for index in range(len(dealt["trials"]))
        ]
        for start in range(0, len(given), 50):
            standing = hosted.store.holder(dealt["token"])
            assert standing
            hosted.add(standing, AnswersRequest(series=1, answers=given[start : start + 50]))
        standing = hosted.store.holder(dealt["token"])
        assert standing
        hosted.finish(standing, FinishRequest(series=1))
    hosted.export("trials.csv")
    hosted.store.close()


def scores(folder: Path, size: int) -> None:
    """The models of scores, linear, and what goes along with their changes."""
    rng = np.random.default_rng(0)
    seed = np.repeat(np.arange(size), len(_ALPHAS))
    data = pd.DataFrame({"seed_id": seed, "class_id": seed // 2, "alpha": np.tile(_ALPHAS, size)})
    for name in IMAGE_FACTORS:
        data[name] = data.alpha + rng.normal(size=len(data))
    slopes = 1 + 0.3 * rng.normal(size=size)[seed]
    data["score"] = slopes * data.alpha + rng.normal(size=size)[seed] + 0.1 * rng.normal(size=len(data))
    step_changes(data)
    explain_changes(data, IMAGE_FACTORS, seed=0, study="study")
    for formula in (score_formula(size), *robust_score_formulas(size).values()):
        fit_mixed_model(data, formula, "gaussian", "score")


def hits(folder: Path, size: int, people: int) -> None:
    """A logistic model of the memory game: 47 data points a person, as in the paper."""
    data = memory_game_at_paper_scale(47 * people, people, size)
    fit_mixed_model(data, trial_formula("hit", "alpha", size), "binomial", "hit")


def make_run(folder: Path, size: int) -> None:
    """The finished demo with as many seeds a study."""
    results = REPOSITORY / "results/demo"
    need_report(results)
    multiply(results, folder / "run", size)


def report(folder: Path, size: int) -> None:
    """The report, of figures and tables that are there."""
    provenance = json.loads((folder / "run/provenance.json").read_text(encoding="utf-8"))
    write_report(folder / "run", provenance, folder / "run/report.html")


def make_configuration(folder: Path, size: int) -> None:
    """The demo with copies of its studies until there are `size`."""
    run = yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text(encoding="utf-8"))
    own = run["studies"]
    run["studies"] = [own[i % len(own)] | {"name": f"study{i}"} for i in range(size)]
    for study in run["studies"]:
        for experiment in study.get("experiments", {}).values():
            experiment["sensitivity"] = 1.0  # the paper has none of a study by that name
    (folder / "config.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(run))), encoding="utf-8")


def planning(folder: Path, size: int) -> None:
    """snakemake --dry-run."""
    plan(str(folder / "config.yaml"))


# --- how it is measured ---------------------------------------------------------------------------------------


def nothing(folder: Path, *size: int) -> None:
    """What there is to prepare where nothing is, and what memory Python and its libraries take."""


class Piece(NamedTuple):
    """What is measured: of what grows, how many times more, and the arguments of both functions at each."""

    grows: str
    times: tuple[int, ...]
    prepare: Callable[..., None]
    work: Callable[..., None]
    sizes: list[tuple[int, ...]]


def pieces_of(seeds: int, people: int) -> list[Piece]:
    """All of them, from so many seeds and people on."""
    times = (1, 4, 16)
    alone = [(seeds * time,) for time in times]
    same_people = [(seeds * time, people) for time in times]
    with_people = [(seeds * time, people * time) for time in times]
    more_people = [(4 * seeds, people), (4 * seeds, 10 * people)]
    return [
        Piece("seeds", times, nothing, images, alone),
        Piece("seeds", times, make_pictures, factors, alone),
        Piece("seeds", times, make_pictures, features, alone),
        Piece("seeds", times, nothing, distances, alone),
        Piece("seeds", times, make_manifests, tracks, same_people),
        Piece("seeds and people", times, make_tracks, trials, with_people),
        Piece("seeds", times, nothing, scores, alone),
        Piece("seeds and people", times, nothing, hits, with_people),
        Piece("seeds", times, make_run, report, alone),
        Piece("people", (1, 10), make_manifests, tracks, more_people),
        Piece("people", (1, 10), make_tracks, server, more_people),
        Piece("people", (1, 10), make_tracks, trials, more_people),
        Piece("people", (1, 10), nothing, hits, more_people),
        Piece("studies", (1, 2, 4), make_configuration, planning, [(5,), (10,), (20,)]),
    ]


class Arguments(Settings):
    """What is measured, from where on."""

    pieces: tuple[str, ...] = Field(default=(), description="names of what is measured; default: all")
    seeds: Positive = Field(default=94, description="at ×1; at ×16 they are the paper's")
    people: Positive = Field(default=32, description="at ×1; at ×16 they are the paper's")


def main(arguments: Arguments) -> None:
    apart = partial(run_apart, start="fork")  # a new process for each would import torch eighty times
    empty = apart(nothing, Path()).peak
    print("| what | what grows | core s | exponent | memory, MiB |\n|---|---|---|---|---|")
    for piece in pieces_of(arguments.seeds, arguments.people):
        if arguments.pieces and piece.work.__name__ not in arguments.pieces:
            continue
        measured = []
        for size in piece.sizes:
            with tempfile.TemporaryDirectory() as folder:
                apart(piece.prepare, Path(folder), *size)
                measured.append(apart(piece.work, Path(folder), *size))
        cost, memory = [one.core_seconds for one in measured], [one.peak - empty for one in measured]
        # Of the last step: at the first, what is done once whatever the size still weighs.
        exponent = math.log(cost[-1] / cost[-2]) / math.log(piece.times[-1] / piece.times[-2])
        told = [piece.work.__name__, f"{piece.grows} ×{', ×'.join(map(str, piece.times))}"]
        told += [", ".join(f"{one:.3g}" for one in cost), f"{exponent:.2f}"]
        print("|", " | ".join([*told, ", ".join(f"{max(one, 0):.0f}" for one in memory)]), "|", flush=True)


if __name__ == "__main__":
    run_command(main)
