"""The report of a photograph, from files such as the scripts write."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganalyze.images.image_sets import write_manifest
from ganalyze.images.notes import save_png
from ganalyze.images.shards import Shard
from ganalyze.report.photograph import report_photograph
from ganalyze.support.tables import write_table

ALPHAS = np.linspace(-0.4, 0.4, 9).round(3)
STUDIES = {"memorability_fine": "resmem", "valence": "fer-valence"}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "me"
    rng = np.random.default_rng(0)
    own, made = (rng.integers(0, 255, (32, 32, 3), dtype=np.uint8) for _ in range(2))
    save_png(own, folder / "photograph.png", "A photograph, aligned.")
    save_png(made, folder / "reconstruction.png")
    quality = {
        "pixel_error": 0.05,
        "feature_distance": 1.2,
        "feature_distance_of_z_alone": 2.3,
        "poor": 0,
        "class_id": 0,
    }
    write_table(pd.DataFrame([quality]), folder / "inverted.csv")
    for study, slope in zip(STUDIES, (0.1, -0.2), strict=True):
        rows = [{"image_id": "photograph", "file": "photograph.png", "score": 0.9}]
        with Shard(folder / f"{study}.zip") as shard:
            for alpha in ALPHAS:
                name = f"photograph_00000_{alpha:+g}"
                shard.add(f"{name}.png", made if alpha == 0 else np.roll(made, int(alpha * 20), axis=1))
                rows.append(
                    {"image_id": name, "alpha": alpha, "file": f"{study}.zip/{name}.png", "score": 0.5 + slope * alpha}
                )
        write_manifest(pd.DataFrame(rows), folder / f"{study}.csv")
    return folder


def test_it_shows_the_photograph_its_reconstruction_and_a_row_for_each_direction(folder):
    report_photograph(folder, STUDIES, "mobilestylegan-ffhq")
    page = (folder / "report.html").read_text()
    assert page.index("the photograph, aligned") < page.index("Memorability fine") < page.index("Valence")
    assert page.count('<div class="seed">') == 2
    assert "from 0.46 at the smallest α to 0.54 at the largest; of the photograph itself 0.90" in page
    assert page.count("It does not rise") == 1
    assert "never what the person in" in page
    assert "poor</strong>" not in page
    assert "http" not in page.partition("<h2>Made with")[0].replace("http://www.w3.org", "")


def test_strips_and_films_lie_beside_it_and_say_that_they_are_generated(folder):
    report_photograph(folder, STUDIES, "mobilestylegan-ffhq")
    for study in STUDIES:
        with Image.open(folder / f"{study}.png") as strip:
            assert strip.size == (5 * 32, 32)
            assert "not a photograph" in strip.text["Description"]
        with Image.open(folder / f"{study}.gif") as film:
            assert film.n_frames == 16
            assert b"not a photograph" in film.info["comment"]


def test_a_poor_reconstruction_is_said_first(folder):
    quality = pd.read_csv(folder / "inverted.csv")
    write_table(quality.assign(poor=1), folder / "inverted.csv")
    report_photograph(folder, STUDIES, "mobilestylegan-ffhq")
    page = (folder / "report.html").read_text()
    assert page.index("The reconstruction is poor") < page.index("the photograph, aligned")
