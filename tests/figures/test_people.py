"""What people did, drawn from tables alone: simulated answers cannot be shown without saying so."""

import subprocess
import sys

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from ganalyze.experiments.registry import EXPERIMENTS
from ganalyze.figures.hits_explained import draw_hits_explained
from ganalyze.figures.power import draw_power
from ganalyze.figures.rates import draw_rates
from tests import REPOSITORY

GAME = EXPERIMENTS["memory_game"]
RATES = pd.DataFrame(
    {
        "alpha": [-0.2, 0.0, 0.2],
        "data_points": [900, 910, 905],
        "rate": [0.5, 0.6, 0.7],
        "ci_low": [0.45, 0.55, 0.65],
        "ci_high": [0.55, 0.65, 0.75],
        "data_source": "simulated",
    }
)
MODEL = pd.DataFrame(
    {
        "model": "hit ~ alpha",
        "term": ["(Intercept)", "alpha"],
        "estimate": [0.5, 1.92],
        "ci_low": [0.4, 1.71],
        "ci_high": [0.6, 2.12],
        "p": [0.0, 1e-9],
    }
)
POWER = pd.DataFrame(
    {
        "experiment": ["memory_game"] * 4 + ["two_afc"] * 2,
        "study": "memorability",
        "beta": [1.92] * 4 + [0.0] * 2,
        "varies": ["participants", "participants", "images", "images", "participants", "participants"],
        "participants": [10, 20, 10, 10, 40, 80],
        "images": [1500, 1500, 80, 1500, 1500, 1500],
        "power": [0.7, 0.9, None, None, 0.4, 0.7],
        "power_low": [0.6, 0.6, None, None, None, None],
        "power_high": [0.95, 0.95, None, None, None, None],
        "needed": [12.0, 12.0, None, None, 111.0, 111.0],
        "needed_low": 10.0,
        "needed_high": 14.0,
        "share": [0.5, 1.0, 0.4, 0.5, 0.4, 0.6],
        "share_low": 0.3,
        "share_high": 1.0,
    }
)
HITS = pd.DataFrame(
    {
        "factor": ["brightness", "all", "alpha"],
        "share": [0.01, 0.02, 0.015],
        "share_ci_low": [0.005, 0.01, 0.01],
        "share_ci_high": [0.02, 0.04, 0.03],
        "chance": 0.001,
        "n": 1200,
        "seeds": 36,
        "data_source": "simulated",
    }
)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def texts(figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(plt.Text))


@pytest.mark.parametrize("experiment", ["memory_game", "two_afc"])
def test_rates_are_drawn_at_every_alpha_with_their_intervals_and_the_slope_above(experiment):
    figure = draw_rates(RATES, MODEL, EXPERIMENTS[experiment], "memorability")
    (ax,) = figure.axes
    line = ax.containers[0].lines[0]
    assert list(line.get_xdata()) == [-0.2, 0.0, 0.2]
    assert list(line.get_ydata()) == [0.5, 0.6, 0.7]
    (bars,) = ax.containers[0].lines[2]
    assert bars.get_segments()[0][:, 1] == pytest.approx([0.45, 0.55])
    assert "β = 1.92 [1.71, 2.12], p < .001" in texts(figure)
    assert f"{EXPERIMENTS[experiment].title} along memorability" in texts(figure)
    assert "2,715 data points, 900 to 910 an α" in texts(figure)
    assert ("guessing" in texts(figure)) == (experiment == "two_afc")


def test_simulated_answers_say_so_and_peoples_do_not():
    assert "SIMULATED" in texts(draw_rates(RATES, MODEL, GAME, "memorability"))
    assert "SIMULATED" not in texts(draw_rates(RATES.assign(data_source="human"), MODEL, GAME, "memorability"))
    assert "SIMULATED" in texts(draw_power(POWER))
    assert "SIMULATED" in texts(draw_hits_explained(HITS))
    assert "SIMULATED" not in texts(draw_hits_explained(HITS.assign(data_source="human")))


def test_shares_of_hits_are_drawn_in_percent_with_their_intervals():
    (ax,) = draw_hits_explained(HITS).axes
    assert list(ax.lines[0].get_xdata()) == [0.5, 2]
    assert list(ax.lines[1].get_xdata()) == [1]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["brightness", "all factors together", "α alone"]
    assert "nothing to explain" in texts(draw_hits_explained(HITS[1:2].assign(share=float("nan"))))


def test_where_no_model_could_be_had_the_rates_are_drawn_without_a_slope():
    without = pd.DataFrame({"term": ["alpha"], "estimate": [float("nan")]})
    assert "β" not in texts(draw_rates(RATES, without, GAME, "memorability"))


def test_where_no_series_counts_the_figure_says_so():
    assert "no series counts" in texts(draw_rates(RATES[:0], MODEL[:0], GAME, "memorability"))


def test_power_is_drawn_with_its_band_and_the_number_for_80_percent():
    figure = draw_power(POWER)
    assert "hits, memorability, β = 1.92: 12 [10, 14]" in texts(figure)
    assert "2AFC, no difference shown: 111" in texts(figure)


def test_power_is_drawn_against_images_too():
    _, images = draw_power(POWER).axes
    assert list(images.containers[0].lines[0].get_ydata()) == [0.4, 0.5]
    assert "memorability, 10 participants" in [text.get_text() for text in images.get_legend().get_texts()]


def test_figures_and_table_1_come_from_their_tables_without_torch(tmp_path):
    """The commands themselves, in an environment where importing torch fails."""
    (tmp_path / "torch.py").write_text("raise ImportError('torch was imported')\n")
    trials = tmp_path / "memorability/trials"
    trials.mkdir(parents=True)
    RATES.to_csv(trials / "memory_game.by_alpha.csv", index=False)
    POWER.to_csv(tmp_path / "power.csv", index=False)
    rows = [{"model": "hit ~ alpha", "term": "alpha", "estimate": 1.9, "converged": "yes", "data_source": "human"}]
    columns = [
        "model",
        "term",
        "estimate",
        "ci_low",
        "ci_high",
        "p",
        "p_holm",
        "n",
        "tjur_d",
        "converged",
        "data_source",
    ]
    models = trials / "memory_game.models.csv"
    pd.DataFrame(rows, columns=columns).to_csv(models, index=False)
    points = [["a1", 1, -0.1, 0], ["a2", 1, 0.1, 1], ["b1", 2, -0.1, 1], ["b2", 2, 0.1, 1]]
    points = pd.DataFrame(points, columns=["image_id", "seed_id", "alpha", "hit"]).assign(data_source="human")
    points.to_csv(trials / "memory_game.data_points.csv", index=False)
    factors = dict.fromkeys(["colorfulness", "redness", "entropy", "object_size", "centeredness", "squareness"], 0.5)
    points[["image_id"]].assign(brightness=[0.1, 0.2, 0.3, 0.2], **factors).to_csv(
        tmp_path / "factors.csv", index=False
    )
    claims = ["--claims", REPOSITORY / "config/claims.csv", "--results", ".", "--studies", "memorability"]
    commands = [
        ["draw_figure.py", "memory_game", "--results", ".", "--studies", "memorability", "--output", "fig7a"],
        ["draw_figure.py", "power", "--results", ".", "--output", "power"],
        [
            *("make_table1.py", "--models", models, "--data-points", trials / "memory_game.data_points.csv"),
            *("--factors", tmp_path / "factors.csv", "--seed", "1", "--output", "table1.csv"),
            *("--explained", "hits_explained.csv"),
        ],
        [
            "judge_claims.py",
            *claims,
            "--tables",
            "memorability/trials/memory_game.models.csv",
            "--output",
            "claims.csv",
        ],
    ]
    for script, *arguments in commands:
        done = subprocess.run(
            [sys.executable, REPOSITORY / "scripts" / script, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={
                "PYTHONPATH": f"{tmp_path}:{REPOSITORY / 'src'}",
                "PATH": "/usr/bin:/bin",
                "MPLCONFIGDIR": str(tmp_path),
            },
        )
        assert done.returncode == 0, done.stderr
    assert {"fig7a.svg", "fig7a.png", "power.svg", "table1.csv", "hits_explained.csv", "claims.csv"} <= {
        p.name for p in tmp_path.iterdir()
    }
    assert ">SIMULATED<" in (tmp_path / "fig7a.svg").read_text()
