"""The report: one file that holds what was found, and says what is missing."""

import base64
import io
import json
import re
import shutil

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from ganalyze.figures.plan import figures_of
from ganalyze.figures.style import save
from ganalyze.images.image_sets import ImageSet
from ganalyze.report.claims import judge_claims, read_claims
from ganalyze.report.explorer import explorer_study
from ganalyze.report.page import SCREEN_PIXELS_PER_INCH, write_report
from ganalyze.report.table1 import table1
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY

EXPERIMENTS = {"memorability": ["memory_game"], "valence": []}
FIGURES = figures_of(["memorability", "valence"], realness=False, distilled=False, power=False, experiments=EXPERIMENTS)
CLAIMS = read_claims(REPOSITORY / "config/claims.csv")
REPORT = REPOSITORY / "src/ganalyze/report/templates"
STUDY = {
    "training": {"samples": 400, "alpha_max": 0.3, "gradients": "zeroed"},
    "transformer": {"kind": "one_direction", "rescaling": "none", "start": "zeros"},
    "image_sets": {"test": {"classes": 1, "seeds_per_class": 4}},
}
PROVENANCE = {
    "git_commit": "abc123",
    "uncommitted_changes": False,
    "device": "cpu",
    "platform": "Linux",
    "python": "3.11",
    "packages": {"torch": "2.0"},
    "weights": {"model.pt": "f" * 64},
    "config": {
        "run": "tiny",
        "seed": 7,
        "generator": "dcgan-digiface",
        "realness": None,
        "distillation": None,
        "segmenter": "unet",
        "power_data_sets": None,
        "studies": [
            {"name": "memorability", "assessor": "resmem", "experiments": {"memory_game": {}}, **STUDY},
            {"name": "valence", "assessor": "fer-valence", "experiments": {}, **STUDY},
        ],
    },
}


@pytest.fixture
def results(tmp_path):
    for study in ("memorability", "valence"):
        folder = tmp_path / study
        (folder / "images").mkdir(parents=True)
        rows = [[f"{s}_{a}", s, a, f"{s}.png", 0.5 + a * (1 if s else -1)] for s in range(4) for a in (-0.2, 0.0, 0.2)]
        columns = ["image_id", "seed_id", "alpha", "file", "score"]
        manifest = pd.DataFrame(rows, columns=columns).assign(class_name="face")
        manifest.to_csv(folder / "images/test.csv", index=False)
        ImageSet(manifest, folder).mean_scores().to_csv(folder / "scores.by_alpha.csv", index=False)
        for seed in range(4):
            Image.new("RGB", (8, 8), (60 * seed, 0, 0)).save(folder / f"images/{seed}.png")
        model = {"term": "alpha", "estimate": 0.68, "ci_low": 0.66, "ci_high": 0.7, "p": 1e-20, "engine": "lme <x>"}
        model |= {"std_error": 0.01, "statsmodels_estimate": 0.684, "statsmodels_std_error": 0.01}
        pd.DataFrame([model | {"formula": "score ~ alpha + (1|seed_id)"}]).to_csv(
            folder / "mixed_models.csv", index=False
        )
    write_trials(tmp_path, "simulated")
    (tmp_path / "figures").mkdir()
    for name in FIGURES:
        Image.new("RGB", (600, 300)).save(tmp_path / f"figures/{name}.png")
    return tmp_path


def write_trials(results, source):
    """The memory game of memorability: two series, one of them excluded; its models, claims and Table 1."""
    trials = results / "memorability/trials"
    trials.mkdir(exist_ok=True)
    series = pd.DataFrame({"participant": ["a", "b"], "series": 1, "kept": [1, 0], "reason": ["", "55% & <x>"]})
    series.to_csv(trials / "memory_game.series.csv", index=False)
    rates = pd.DataFrame({"alpha": [-0.2, 0.2], "data_points": [1200, 1300], "images": [400, 500]})
    rates.assign(data_source=source).to_csv(trials / "memory_game.by_alpha.csv", index=False)
    row = {"estimate": 0.68, "ci_low": 0.66, "ci_high": 0.7, "p": 0.02, "n": 2500, "converged": "yes", "tjur_d": 0.07}
    models = pd.DataFrame([row | {"model": f"hit ~ {x}", "term": x} for x in ("alpha", "brightness")])
    models["data_source"] = source
    score = pd.DataFrame([row | {"model": "score", "term": "alpha"}])
    tables = {("memorability", "score"): score, ("memorability", "memory_game"): models}
    judge_claims(CLAIMS, ["memorability", "valence"], tables).to_csv(results / "claims.csv", index=False)
    (results / "tables").mkdir(exist_ok=True)
    table1(models).to_csv(results / "tables/table1.csv", index=False)


def write(results, provenance=PROVENANCE):
    write_report(results, provenance, results / "report.html")
    return (results / "report.html").read_text()


def test_it_tells_slopes_means_and_the_share_of_seeds_that_rise(results):
    page = write(results)
    assert "0.68 [0.66, 0.70]" in page
    assert "0.40, 0.50, 0.60" in page
    assert "3 of 4 (75%)" in page
    assert "lme &lt;x&gt;" in page  # text is escaped


def test_a_figure_is_as_wide_on_the_screen_as_it_was_drawn(results):
    figure = plt.figure(figsize=(4, 2))
    figure.add_axes((0, 0, 1, 1), xticks=[], yticks=[])
    save(figure, results / "figures/fig4")
    shown = int(re.search(r'<img[^>]*width="(\d+)"', write(results).partition('id="fig4"')[2])[1])
    assert shown == pytest.approx(4 * SCREEN_PIXELS_PER_INCH, rel=0.03)


def test_methods_name_what_departs_from_the_papers_equation(results):
    assert "its own length back" not in write(results)
    valence = PROVENANCE["config"]["studies"][1]
    changed = valence | {
        "transformer": {"kind": "class_dependent", "rescaling": "per_seed", "start": "normal"},
        "training": valence["training"] | {"gradients": "accumulated"},
    }
    config = PROVENANCE["config"] | {"studies": [PROVENANCE["config"]["studies"][0], changed]}
    page = " ".join(write(results, PROVENANCE | {"config": config}).split())
    methods = page[page.index("<h2>Methods") : page.index("What this does")].partition("valence from")[2]
    for said in ("each class", "its own length back", "a normal distribution", "gradients adding up"):
        assert said in methods
    assert "Segmenter of the subject" in page


def test_a_model_that_did_not_converge_is_told_in_place_of_its_numbers(results):
    table = pd.read_csv(results / "valence/mixed_models.csv")
    table[["estimate", "ci_low", "ci_high", "p"]] = None
    table["converged"] = "no: it did not converge"
    table.to_csv(results / "valence/mixed_models.csv", index=False)
    page = write(results)
    assert "did not converge" in page
    assert "[nan" not in page


def claim_rows(page: str) -> dict[str, str]:
    """Each row of the claims table by what is claimed and where."""
    table = re.search(r'<table class="claims">(.*?)</table>', page, re.DOTALL)[1]
    rows = table.split("<tr>")[2:]
    return {re.sub("<.*?>", ", ", re.search("<td>(.*?)</span>", row)[1]): row for row in rows}


def test_claims_come_first_each_with_the_papers_number_ours_a_plot_and_a_verdict(results):
    page = write(results)
    assert page.index("Does it hold?") < page.index("Did the directions work?") < page.index("<h2>Figures")
    rows = claim_rows(page)
    assert len(rows) == len(CLAIMS)
    row = rows["MemNet score per alpha (memorability), Sec 3.1 / Fig 3A"]
    assert "0.68 [0.66, 0.70]" in row
    assert 'class="verdict agrees"' in row
    assert 'aria-label="paper 0.68 [0.66, 0.70], ours 0.68 [0.66, 0.70]"' in row
    not_run = rows["AestheticsNet score per alpha (aesthetics), Sec 4 / Fig 8B"]
    assert 'class="verdict not_run"' in not_run
    assert "This run has no study aesthetics." in not_run
    assert "3 of ours rest on simulated observers" in page


def test_a_forest_plot_keeps_the_numbers_in_order(results):
    row = claim_rows(write(results))[
        "memory hit (memorability), Sec 3.4 / Fig 7A"
    ]  # paper 1.92 [1.71, 2.12], ours 0.68 [0.66, 0.70]
    (theirs, ours) = (float(x) for x in re.findall(r'<circle cx="([\d.]+)"', row))
    zero = float(re.search(r'<path d="M([\d.]+) 2V', row)[1])
    assert zero < ours < theirs
    assert (ours - zero) / (theirs - zero) == pytest.approx(0.68 / 1.92, abs=0.01)


def test_what_simulated_observers_stand_behind_says_so_and_what_people_do_does_not(results):
    page = write(results)
    rows = claim_rows(page)
    assert "SIMULATED" in rows["memory hit (memorability), Sec 3.4 / Fig 7A"]
    assert "SIMULATED" not in rows["MemNet score per alpha (memorability), Sec 3.1 / Fig 3A"]
    assert re.search(r"<h2>Table 1 <span[^>]*>SIMULATED", page)
    assert re.search(r"memory game <span[^>]*>SIMULATED", page)
    write_trials(results, "human")
    assert "SIMULATED" not in write(results)


def test_it_tells_who_took_part_and_who_was_excluded_and_why(results):
    page = write(results)
    part = page[page.index("Who took part") : page.index("<h2>Table 1")]
    assert "1: 55% &amp; &lt;x&gt;" in part
    assert "2,500" in part
    assert "1,200 to 1,300" in part
    assert "2.78" in part


def test_methods_tell_how_it_was_done_with_the_runs_own_numbers(results):
    page = write(results)
    methods = page[page.index("<h2>Methods") : page.index("<h2>What this does")]
    assert "memorability from 400 z" in methods
    assert "Simulated observers: log odds" in methods
    write_trials(results, "human")
    assert "Simulated observers" not in write(results)


def test_table_1_has_our_row_and_the_papers(results):
    page = write(results)
    part = page[page.index("<h2>Table 1") : page.index("<h2>Figures")]
    brightness = part[part.index("Brightness") : part.index("Centeredness")]
    for words in ("0.68 [0.66, 0.70]", ".070", "0.28 [0.24, 0.32]", ".066"):
        assert words in brightness


def test_it_shows_every_figure_with_a_caption_and_the_rule_that_chose_the_rows(results):
    page = write(results)
    for name in FIGURES:
        assert re.search(rf'<figure id="{name}">.*?<figcaption>.+?</figcaption>', page, re.DOTALL)
    assert "evenly spaced ranks" in page
    assert "{rule}" not in page


def test_it_opens_offline(results):
    page = write(results)
    assert not re.findall(r'(?:src|href)="(?!data:|figures/|#)', page)
    assert not re.findall(r"url\(['\"]?https?:|fetch\(|import\(", page)


def test_the_explorer_has_every_seed_by_its_gain_with_its_scores_and_pictures(results):
    page = write(results)
    data = json.loads(re.search(r'id="explorer-data">(.*?)</script>', page, re.DOTALL)[1])
    assert [study["title"] for study in data] == ["Memorability", "Valence"]
    assert data[0]["alphas"] == [-0.2, 0.0, 0.2]
    assert [seed["id"] for seed in data[0]["seeds"]] == [1, 2, 3, 0]  # seed 0 falls
    assert data[0]["seeds"][3]["scores"] == [0.7, 0.5, 0.3]
    assert data[0]["means"] == [0.4, 0.5, 0.6]
    with Image.open(io.BytesIO(base64.b64decode(data[0]["sprite"].partition(",")[2]))) as sprite:
        assert sprite.size == (3 * 8, 4 * 8)
        reds = [sprite.convert("RGB").getpixel((4, 4 + 8 * row))[0] for row in range(4)]
    assert reds == pytest.approx([60, 120, 180, 0], abs=8)


def test_of_many_seeds_the_explorer_shows_some_at_evenly_spaced_ranks(results, monkeypatch):
    monkeypatch.setattr("ganalyze.report.explorer.SEEDS", 2)
    study = explorer_study(results / "memorability", "ResMem")
    assert [seed["rank"] for seed in study["seeds"]] == [2, 4]
    assert study["of"] == 4


@pytest.fixture
def page(results, browser):
    """The report in a browser without a network, and what it complained of."""
    write(results)
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto((results / "report.html").as_uri())
    yield page
    context.close()
    assert complaints == []


def test_dragging_alpha_changes_picture_and_score(page):
    told, image, alpha = (page.locator(f"#explorer-{part}") for part in ("told", "image", "alpha"))
    assert "0.50 at α = 0" in told.inner_text()
    before = page.locator("#explorer-image").evaluate("image => image.style.backgroundPosition")
    alpha.fill("2")
    assert "0.70 at α = +0.2" in told.inner_text()
    assert image.evaluate("image => image.style.backgroundPosition") != before
    alpha.press("ArrowLeft")
    assert "0.50 at α = 0" in told.inner_text()


def test_every_seed_of_every_study_can_be_chosen(page):
    rank, seed, image = (page.locator(f"#explorer-{part}") for part in ("rank", "seed", "image"))
    for study in ("0", "1"):
        page.select_option("#explorer-study", study)
        pictures = set()
        for number in ("1", "2", "3", "4"):
            seed.fill(number)
            assert f"seed {number} of 4" in rank.inner_text()
            pictures.add(image.screenshot())
        assert len(pictures) == 4


@pytest.mark.parametrize("width", [400, 1280, 1920])
def test_nothing_sticks_out_of_the_page(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_names_licences_provenance_and_the_limits(results):
    page = write(results)
    for words in ("ResMem Non-commercial License", "abc123", "f" * 64, "Nothing in it\nis a measure of a person"):
        assert words in page


def test_a_missing_figure_is_named_and_no_report_is_left(results):
    shutil.move(results / "figures/fig4.png", results / "elsewhere.png")
    with pytest.raises(GanalyzeError, match=r"fig4\.png not found: draw it first"):
        write(results)
    assert not (results / "report.html").exists()
