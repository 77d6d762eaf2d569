"""The experiments in the DAG: simulated observers until people's answers are there, which then take their place."""

import re
import shutil

import pandas as pd
import pytest

from ..experiments.hosting.hosts import Client, Host, answer
from .conftest import jobs, run_of, study

pytestmark = pytest.mark.slow

TRIALS = "results/tiny/memorability/trials"
REAL = "data/tiny/memorability/trials/memory_game.csv"
AFTER_TRIALS = {
    "prepare_trials": 1,
    "fit_trial_models": 1,
    "draw_figure": 2,  # rates, what explains hits
    "make_table1": 1,
    "judge_claims": 1,
    "write_provenance": 1,
    "write_report": 1,
}


def with_people() -> dict:
    """The quick assessor under a name that the paper has claims about."""
    values = study("memorability", "fer-valence", samples=32, batch_size=4, seeds=24)
    values["image_sets"] |= {
        "filler": {"classes": 1, "seeds_per_class": 12},
        "vigilance": {"classes": 1, "seeds_per_class": 6},
    }
    memory_game = {"participants": 30, "targets": 12, "vigilance": 4, "fillers": 8, "target_lags": [6, 20]}
    two_afc = {"participants": 20, "targets": 12, "vigilance": 4, "practice": 4}
    return run_of(values | {"experiments": {"memory_game": memory_game, "two_afc": two_afc}})


@pytest.fixture(scope="module")
def finished(make_checkout):
    checkout = make_checkout()
    checkout.configure(with_people())
    checkout.finish()
    return checkout


@pytest.fixture
def real(finished):
    """Where people's answers go; taken away again afterwards, with what was made of them."""
    results = finished.folder / "results"
    backup = finished.folder / "backup"
    shutil.copytree(results, backup, copy_function=shutil.copy2)
    path = finished.folder / REAL
    path.parent.mkdir(parents=True)
    yield path
    shutil.rmtree(finished.folder / "data")
    shutil.rmtree(results)
    backup.rename(results)


def as_people(checkout) -> str:
    return (checkout.folder / f"{TRIALS}/memory_game.simulated.csv").read_text().replace("simulated", "human")


def claims_of(checkout) -> pd.DataFrame:
    return pd.read_csv(checkout.folder / "results/tiny/claims.csv").set_index("id")


def test_without_people_everything_made_of_answers_says_simulated(finished):
    results = finished.folder / "results/tiny"
    claims = claims_of(finished)
    assert len(claims) == 18
    assert claims.verdict.notna().all()
    assert claims.reason.notna().all()
    answered = claims.loc[["fig5b.2afc.alpha", "fig7a.hit.alpha", "table1.brightness"]]
    assert (answered.data_source == "simulated").all()
    assert answered.reason.str.startswith("Simulated observers").all()
    for name in ("fig5b", "fig7a"):
        assert ">SIMULATED<" in (results / f"figures/{name}.svg").read_text()
    assert (pd.read_csv(results / "tables/table1.csv").data_source == "simulated").all()
    page = (results / "report.html").read_text()
    assert re.search(r"<h3>Table 1 <span[^>]*>SIMULATED", page)
    assert (pd.read_csv(finished.folder / f"{TRIALS}/two_afc.csv").data_source == "simulated").all()


def test_peoples_answers_take_their_place_and_only_what_depends_on_them_is_made_again(finished, real):
    real.write_text(as_people(finished))
    assert jobs(finished.snakemake("--cores", "1", "-n")) == AFTER_TRIALS
    finished.finish()
    claims = claims_of(finished)
    assert claims.data_source["fig7a.hit.alpha"] == "human"
    assert not claims.reason["fig7a.hit.alpha"].startswith("Simulated")
    assert claims.data_source["fig5b.2afc.alpha"] == "simulated"
    figures = finished.folder / "results/tiny/figures"
    assert "SIMULATED" not in (figures / "fig7a.svg").read_text()
    assert "SIMULATED" in (figures / "fig5b.svg").read_text()
    real.unlink()
    assert jobs(finished.snakemake("--cores", "1", "-n")) == AFTER_TRIALS  # the simulated observers come back


def test_what_the_server_exports_takes_their_place_as_it_is(finished, real, tmp_path):
    study = finished.folder / "results/tiny/memorability"
    # Fillers are shown to people alone, and made for them.
    made = finished.snakemake("--cores", "2", "results/tiny/memorability/images/filler")
    assert made.returncode == 0, made.stderr[-3000:]
    manifests = [study / f"images/{name}.unscored.csv" for name in ("test", "filler")]
    tracks = pd.read_csv(study / "tracks/memory_game.csv")
    responses = pd.read_csv(study / "trials/memory_game.simulated.csv").set_index(["track", "trial_index"]).response
    (tmp_path / "index.html").write_text("<!doctype html><title>no browser comes</title>")
    with Host(tmp_path / "host", manifests, tracks, tmp_path) as host:
        host.start()
        for number in range(tracks.slot.nunique()):
            person = Client(host, f"person-{number}")
            while person.enters()["status"] == "ready":
                pressed = responses.loc[f"{number:04d}-{person.series:02d}"]
                person.sends(*(answer(index, int(response)) for index, response in pressed.items()))
                assert person.finishes().ok
        real.write_bytes(host.export("trials.csv").content)
    finished.finish()
    assert claims_of(finished).data_source["fig7a.hit.alpha"] == "human"
    # The same answers as the simulated observers', so the same counts at every α.
    by_alpha = [
        pd.read_csv(folder / "memorability/trials/memory_game.by_alpha.csv").drop(columns="data_source")
        for folder in (finished.folder / "results/tiny", finished.folder / "backup/tiny")
    ]
    pd.testing.assert_frame_equal(*by_alpha)


def test_answers_with_a_fault_are_named_by_row_and_column_and_nothing_is_made_of_them(finished, real):
    lines = as_people(finished).splitlines()
    lines[4] = lines[4].replace(",main,", ",mian,")
    real.write_text("\n".join(lines))
    failed = finished.snakemake("--cores", "1")
    assert failed.returncode != 0
    said = failed.stdout + failed.stderr
    assert f"error: {REAL} has 1 fault: row 5, column phase: got 'mian'" in said
    assert "Traceback" not in said
    assert not (finished.folder / f"{TRIALS}/memory_game.data_points.csv").exists()
    assert claims_of(finished).data_source["fig7a.hit.alpha"] == "simulated"
