"""Tables as people have them: joined by image, with names that look like numbers."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ganalyze.statistics.model_tables import correct_together, join_by_image, read_observations
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY

SCRIPT = REPOSITORY / "scripts" / "fit_mixed_models.py"


def trials() -> pd.DataFrame:
    return pd.DataFrame({"image_id": ["1", "01", "NA", "1"], "alpha": [0.1, 0.2, 0.3, 0.1], "hit": [0, 1, 1, 1]})


def images(**columns) -> pd.DataFrame:
    return pd.DataFrame({"image_id": ["NA", "1", "01", "7"], **columns})


def test_names_of_images_and_groups_are_text_and_predictors_are_numbers(tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text("image_id,person,day,alpha\n1,007,1,NA\n01,7,2,0.1\nNA,NA,1,0.2\n,,,\n")
    data = read_observations(path, ["hit ~ alpha + day + (1|person) + (1|day)"])
    assert list(data.image_id[:3]) == ["1", "01", "NA"]
    assert list(data.person[:3]) == ["007", "7", "NA"]
    assert data.loc[3].isna().all()
    assert data.alpha.isna().tolist() == [True, False, False, True]
    assert data.day[:3].tolist() == [1, 2, 1]


def test_a_formula_that_cannot_be_read_is_left_to_its_model(tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text("image_id,alpha\n1,0.1\n")
    assert len(read_observations(path, ["hit ~ (", "hit ~ alpha + (1|alpha)"])) == 1


def test_images_are_joined_whatever_their_names_look_like():
    joined = join_by_image(trials(), images(redness=[30.0, 10.0, 20.0, 70.0]))
    assert joined.redness.tolist() == [10, 20, 30, 10]
    assert joined[["image_id", "alpha", "hit"]].equals(trials())


def test_a_column_of_both_tables_stays_and_its_gaps_are_filled():
    data = trials().assign(score=[np.nan, 0.2, 0.3, 0.1], note=["a", "b", None, "a"])
    other = images(alpha=[0.3, 0.1, 0.2, 0.7], score=[0.3, 0.1, 0.2, 0.9], note=["c", "a", "b", "d"])
    joined = join_by_image(data, other)
    assert joined.columns.tolist() == data.columns.tolist()
    assert joined.score.tolist() == [0.1, 0.2, 0.3, 0.1]
    assert joined.note.tolist() == ["a", "b", "c", "a"]
    assert joined.alpha.equals(data.alpha)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (images(alpha=[0.3, 0.1, 0.5, 0.7]), "both tables have a column alpha, with 0.2 and 0.5 for image_id 01: "),
        (images(hit=["1", "0", "1", "1"]), "both tables have a column hit"),
        (pd.concat([images(redness=1.0)] * 2), "image_id NA is twice in the joined table"),
        (images(redness=1.0).assign(image_id=["a", "b", "c", "d"]), "none of the images, such as 1, but such as a"),
        (images(redness=1.0)[:0], "none of the images, such as 1, but such as none"),
        (images(redness=1.0).rename(columns={"image_id": "id"}), "both tables need a column image_id"),
    ],
)
def test_tables_that_do_not_fit_together_are_refused_in_one_line(other, message):
    with pytest.raises(GanalyzeError, match=message) as refusal:
        join_by_image(trials(), other)
    assert "\n" not in str(refusal.value)


def test_numbers_are_normalised_and_text_is_left_as_it_is():
    other = images(redness=[1.0, 2.0, 3.0, 6.0], place=["in", "out", "in", "in"], alpha=[0.3, 0.1, 0.2, 9.0], same=4)
    joined = join_by_image(trials(), other, normalise=True)
    z = (other.redness - other.redness.mean()) / other.redness.std()
    np.testing.assert_allclose(joined.redness, z[[1, 2, 0, 1]])
    assert joined.place.tolist() == ["out", "in", "in", "out"]
    assert joined.alpha.equals(trials().alpha)
    assert (joined.same == 0).all()


def manifest(rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"image_id": [f"{i:03d}" for i in range(rows)], "seed_id": np.arange(rows) // 5})
    data["alpha"] = np.tile([-0.2, -0.1, 0, 0.1, 0.2], rows // 5)
    data["scene"] = rng.choice(["in", "out"], rows)
    data["score"] = 0.5 + data.alpha + 0.2 * (data.scene == "out") + rng.normal(0, 0.1, rows)
    return data


def run(folder, data, other, formula, *more):
    data.to_csv(folder / "data.csv", index=False)
    other.to_csv(folder / "other.csv", index=False)
    words = ["--data", folder / "data.csv", "--join", folder / "other.csv", "--formula", formula, *more]
    words += ["--family", "gaussian", "--output", folder / "models.csv"]
    return subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True)


@pytest.mark.parametrize("more", [[], ["--normalise"]])
def test_the_command_joins_a_manifest_scored_by_oneself(tmp_path, more):
    ours = manifest()
    done = run(tmp_path, ours.drop(columns=["score", "scene"]), ours, "score ~ alpha + scene + (1|seed_id)", *more)
    assert done.returncode == 0, done.stderr
    models = pd.read_csv(tmp_path / "models.csv").set_index("term")
    assert models.index[:3].tolist() == ["(Intercept)", "alpha", "scene[out]"]
    assert (models.n == 60).all()
    unit = ours.score.std() if more else 1
    assert models.estimate["alpha"] * unit == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 0.3}, "error: both tables have a column alpha, with -0.2 and 0.3 for image_id 000"),
        ({"scene": np.nan}, "error: no row has a value in column scene of the formula"),
        ({"scene": "in"}, "error: column scene has the same value in in all 60 rows"),
    ],
)
def test_the_command_refuses_a_join_in_one_line(tmp_path, change, message):
    ours = manifest()
    other = ours.assign(**change)
    done = run(tmp_path, ours.drop(columns=["score", "scene"]), other, "score ~ alpha + scene + (1|seed_id)")
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "models.csv").exists()


def test_p_of_questions_asked_together_are_corrected_by_holm_and_others_are_not():
    terms = ["alpha", "(Intercept)", "alpha", "alpha", "alpha", "alpha", "alpha"]
    p = [0.01, 0.001, 0.02, 0.03, 0.03, 0.5, np.nan]
    corrected = correct_together(pd.DataFrame({"term": terms, "p": p}), ["alpha"]).p_holm
    # R: p.adjust(c(0.01, 0.02, 0.03, 0.03, 0.5), "holm")
    np.testing.assert_allclose(corrected, [0.05, np.nan, 0.08, 0.09, 0.09, 0.5, np.nan])
    assert correct_together(pd.DataFrame({"term": terms, "p": p}), ["redness"]).p_holm.isna().all()
