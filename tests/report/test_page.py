"""The report: one file that holds what was found, and says what is missing."""

import base64
import io
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from ganalyze.figures.plan import figures_of
from ganalyze.figures.style import save
from ganalyze.images.image_sets import ImageSet
from ganalyze.report.claims import judge_claims, read_claims
from ganalyze.report.explorer import SEEDS, THUMBNAIL, explorer_study
from ganalyze.report.page import SCREEN_PIXELS_PER_INCH, write_report
from ganalyze.report.table1 import table1
from ganalyze.statistics.steps import step_changes
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY

EXPERIMENTS = {"memorability": ["memory_game"], "valence": []}
STUDIES = ["memorability", "valence"]
FIGURES = figures_of(
    STUDIES, realness=False, distilled=False, power=False, experiments=EXPERIMENTS, null_directions=True
)
FACTORS = {"brightness": -1.4, "redness": 0.1, "object_size": 0.8}  # change, in standard deviations
CLAIMS = read_claims(REPOSITORY / "config/claims.csv")
REPORT = REPOSITORY / "src/ganalyze/report/templates"
STUDY = {
    "training": {"samples": 400, "alpha_max": 0.3, "gradients": "zeroed"},
    "replicates": 0,
    "judges": [],
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
        "detector": None,
        "power_data_sets": None,
        "equivalence": {"margin": 0.2},
        "null_directions": {"directions": 19, "null_seeds": 4},
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
        manifest = pd.DataFrame(rows, columns=columns).assign(class_name="face", class_id=0)
        manifest.to_csv(folder / "images/test.csv", index=False)
        ImageSet(manifest, folder).mean_scores().to_csv(folder / "scores.by_alpha.csv", index=False)
        for seed in range(4):
            Image.new("RGB", (8, 8), (60 * seed, 0, 0)).save(folder / f"images/{seed}.png")
        write_factors(folder, manifest)
        step_changes(manifest).to_csv(folder / "steps.csv", index=False)
        robust = {"model": ["own slopes", "levels off"], "term": ["alpha", "I(alpha^2)"], "estimate": [0.67, -0.3]}
        robust |= {"ci_low": [0.6, -0.4], "ci_high": [0.74, -0.2]}
        pd.DataFrame(robust).to_csv(folder / "robust_models.csv", index=False)
        slopes = {"analysis": ["the paper's model", "sign test"], "estimate": [0.68, 0.6], "ci_low": [0.66, -0.2]}
        slopes |= {"ci_high": [0.7, 1.4], "note": [None, "3 of 4 seeds rise"]}
        pd.DataFrame(slopes).to_csv(folder / "robustness.csv", index=False)
        shares = {"factor": [*FACTORS, "all"], "share": [0.5, 0.01, 0.1, 0.61]}
        explained = pd.DataFrame(shares).assign(share_ci_low=0.5, share_ci_high=0.7)
        explained.to_csv(folder / "explained.csv", index=False)
        null = pd.DataFrame({"direction": ["learnt", "0", "1"], "slope": [0.68, -0.1, 0.2], "p": [1 / 3, None, None]})
        null.to_csv(folder / "null_directions.csv", index=False)
        model = {"term": "alpha", "estimate": 0.68, "ci_low": 0.66, "ci_high": 0.7, "p": 1e-20, "engine": "lme <x>"}
        model |= {"std_error": 0.01, "statsmodels_estimate": 0.684, "statsmodels_std_error": 0.01}
        pd.DataFrame([model | {"formula": "score ~ alpha + (1|seed_id)"}]).to_csv(
            folder / "mixed_models.csv", index=False
        )
    pairs = [(one, other, 0.0 if one == other else -0.75) for one in STUDIES for other in STUDIES]
    alignment = pd.DataFrame(pairs, columns=["direction", "assessor", "change"])
    alignment.assign(change_ci_low=-1, change_ci_high=-0.5).to_csv(tmp_path / "alignment.csv", index=False)
    write_trials(tmp_path, "simulated")
    (tmp_path / "figures").mkdir()
    for name in FIGURES:
        Image.new("RGB", (600, 300)).save(tmp_path / f"figures/{name}.png")
    return tmp_path


def write_factors(folder, manifest):
    values = manifest[["image_id"]].assign(**dict.fromkeys(FACTORS, manifest.alpha))
    values.to_csv(folder / "factors.csv", index=False)
    rows = [[factor, a, change * a / 0.4] for factor, change in FACTORS.items() for a in (-0.2, 0.0, 0.2)]
    pd.DataFrame(rows, columns=["factor", "alpha", "mean_z"]).to_csv(folder / "factors.by_alpha.csv", index=False)
    models = pd.DataFrame({"model": [f"{factor} ~ alpha" for factor in FACTORS], "term": "alpha"})
    slopes = pd.Series(FACTORS).to_numpy()
    models.assign(ci_low=slopes - 0.05, ci_high=slopes + 0.05).to_csv(folder / "factor_models.csv", index=False)


def write_trials(results, source):
    """The memory game of memorability: two series, one of them excluded; its models, claims and Table 1."""
    trials = results / "memorability/trials"
    trials.mkdir(exist_ok=True)
    series = pd.DataFrame(
        {"participant": ["a", "b"], "series": 1, "kept": [1, 0], "unseen": [3, 0], "reason": ["", "55% & <x>"]}
    )
    series.to_csv(trials / "memory_game.series.csv", index=False)
    rates = pd.DataFrame({"alpha": [-0.2, 0.2], "data_points": [1200, 1300], "images": [400, 500]})
    rates.assign(data_source=source).to_csv(trials / "memory_game.by_alpha.csv", index=False)
    row = {
        "estimate": 0.68,
        "ci_low": 0.66,
        "ci_high": 0.7,
        "p": 0.02,
        "p_holm": 0.14,
        "n": 2500,
        "converged": "yes",
        "tjur_d": 0.07,
    }
    models = pd.DataFrame([row | {"model": f"hit ~ {x}", "term": x} for x in ("alpha", "brightness")])
    models["data_source"] = source
    score = pd.DataFrame([row | {"model": "score", "term": "alpha"}])
    tables = {("memorability", "score"): score, ("memorability", "memory_game"): models}
    judge_claims(CLAIMS, ["memorability", "valence"], tables).to_csv(results / "claims.csv", index=False)
    (results / "tables").mkdir(exist_ok=True)
    shares = {"factor": ["brightness", "redness", "all", "alpha"], "share": [0.012, 0.001, 0.013, 0.02]}
    shares |= {"share_ci_low": 0.004, "share_ci_high": 0.03, "chance": 0.0005, "data_source": source}
    pd.DataFrame(shares).to_csv(results / "tables/hits_explained.csv", index=False)
    table1(models).to_csv(results / "tables/table1.csv", index=False)


def write(results, provenance=PROVENANCE):
    write_report(results, provenance, results / "report.html")
    return (results / "report.html").read_text()


def text_of(page: str) -> str:
    """The words of a page, without pictures, marks and line breaks."""
    page = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<.*?>", "", page).split())


def test_it_opens_with_the_question_faces_and_the_finding_in_words(results):
    page = write(results)
    head = page[page.index("<h1>") : page.index("</header>")]
    assert "What does memorability look like" in head
    assert head.count("<img") == 3  # the median seed at every α
    assert 'alt="generated face, seed' in head
    words = text_of(head)
    assert "As α rises, faces come out darker and larger in the frame; redness hardly changes." in words
    assert "goes from 0.40 to 0.60: 3 of 4 rise, 1 falls." in words
    assert "Along with it moves what the others score: valence (−0.75 SD)." in words


def test_pictures_come_before_statistics_and_people(results):
    page = write(results)
    places = [page.index(f'id="{part}"') for part in ("move", "changed", "directions", "people", "claims", "methods")]
    assert places == sorted(places)
    contents = page[page.index("<nav") : page.index("</nav>")]
    for target in re.findall(r'href="#(\w[\w-]*)"', contents):
        assert f'id="{target}"' in page


def test_it_tells_slopes_and_who_fitted_them(results):
    page = write(results)
    assert "memorability β = 0.68 [0.66, 0.70], p &lt; .001" in page
    assert "lme &lt;x&gt;" in page  # text is escaped


@pytest.mark.parametrize("sentence", ["hardly changes", "hardly change"])
def test_what_does_not_change_is_said_too(results, sentence):
    if sentence == "hardly change":
        table = pd.read_csv(results / "memorability/factors.by_alpha.csv")
        table.loc[table.factor == "object_size", "mean_z"] = 0.0
        table.to_csv(results / "memorability/factors.by_alpha.csv", index=False)
    assert sentence in write(results)


def test_a_score_that_peaks_before_the_end_says_so(results):
    table = pd.read_csv(results / "memorability/scores.by_alpha.csv")
    table.loc[1, "mean"] = 0.9
    table.to_csv(results / "memorability/scores.by_alpha.csv", index=False)
    assert "It is highest at α = 0 (0.90)." in text_of(write(results))


def test_changes_of_factors_stand_side_by_side_with_pictures_at_the_ends(results):
    page = write(results)
    part = page[page.index('<table class="changes">') :].partition("</table>")[0]
    assert part.count("<img") == 4
    rows = [text_of(row) for row in part.split("<tr>")[2:]]
    assert rows == ["brightness−1.40−1.40", "redness+0.10+0.10", "object size+0.80+0.80"]
    assert part.count('class="faint"') == 2


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
    methods = page[page.index('id="methods"') : page.index("What this does")].partition("valence from")[2]
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


def test_a_study_that_holds_scores_tells_how_they_change_along_it_and_without_it(results):
    """Brightness falls along the plain study and stays along the one that holds it, where the score rises less."""
    plain, name = PROVENANCE["config"]["studies"][0], "memorability_held"
    held = plain | {"name": name, "experiments": {}, "hold": [{"assessor": "brightness", "weight": 4.0}]}
    shutil.copytree(results / "memorability", results / name)
    manifest = pd.read_csv(results / name / "images/test.csv")
    manifest.assign(score=0.5 + manifest.alpha / 2).to_csv(results / name / "images/test.csv", index=False)
    (results / name / "held").mkdir()
    ends = manifest[manifest.alpha != 0][["image_id", "seed_id", "alpha"]]
    brightness = [
        ends.assign(study=study, score=0.5 + slope * ends.alpha)
        for study, slope in ((name, 0.0125), ("memorability", -0.5))
    ]
    pd.concat(brightness).to_csv(results / name / "held/0.csv", index=False)
    for figure in figures_of(
        ["memorability", name], realness=False, distilled=False, power=False, experiments={}, null_directions=True
    ):
        Image.new("RGB", (600, 300)).save(results / f"figures/{figure}.png")
    pairs = pd.read_csv(results / "alignment.csv").replace("valence", name)
    pairs.to_csv(results / "alignment.csv", index=False)
    config = PROVENANCE["config"] | {"studies": [plain, held]}
    page = write(results, PROVENANCE | {"config": config})
    words = text_of(page)
    assert (
        "It was learnt to raise the score and to hold brightness (weight 4). "
        "From the smallest α to the largest brightness changes by 0.005 [0.005, 0.005] and the score by "
        "0.200 [0.200, 0.200]. "
        "From the smallest α to the largest along memorability, which holds nothing, brightness changes by "
        "−0.200 [−0.200, −0.200] and the score by 0.200 [−0.192, 0.592]."
    ) in words
    assert words.count("It was learnt to raise") == 1
    assert "Held along memorability held, weight 4Brightness (mean grey, 0–1)" in words
    assert "squared change of each, in its own unit, is added to the loss" in words
    assert "is added to the loss" not in text_of(write(results))


MEMORY_HIT = "memory hit (memorability), Sec 3.4 / Fig 7A and Table 1"


def claim_rows(page: str) -> dict[str, str]:
    """Each row of the claims table by what is claimed and where."""
    table = re.search(r'<table class="claims">(.*?)</table>', page, re.DOTALL)[1]
    rows = table.split("<tr>")[2:]
    return {re.sub("<.*?>", ", ", re.search("<td>(.*?)</span>", row)[1]): row for row in rows}


def test_claims_of_this_run_have_the_papers_number_ours_a_plot_and_a_verdict(results):
    page = write(results)
    rows = claim_rows(page)
    assert len(rows) < len(CLAIMS)
    row = rows["MemNet score per alpha (memorability), Sec 3.1 / Fig 3A"]
    assert "0.68 [0.66, 0.70]" in row
    assert 'class="verdict agrees"' in row
    assert 'aria-label="paper 0.68 [0.66, 0.70], ours 0.68 [0.66, 0.70]"' in row
    assert "AestheticsNet" not in page[page.index('id="claims"') : page.index('id="methods"')]
    assert "not run" not in text_of(page[page.index('id="claims"') : page.index("How verdicts are given")])


def test_no_claim_stands_twice(results):
    rows = claim_rows(write(results))
    assert len({row.partition(",")[0] for row in rows}) == len(rows)


def test_a_run_of_which_the_paper_claims_nothing_has_no_claims(results):
    claims = pd.read_csv(results / "claims.csv")
    claims.assign(verdict="not_run").to_csv(results / "claims.csv", index=False)
    page = write(results)
    assert 'id="claims"' not in page
    assert "#claims" not in page


def test_a_forest_plot_keeps_the_numbers_in_order(results):
    row = claim_rows(write(results))[MEMORY_HIT]  # paper 1.92 [1.71, 2.12], ours 0.68 [0.66, 0.70]
    (theirs, ours) = (float(x) for x in re.findall(r'<circle cx="([\d.]+)"', row))
    zero = float(re.search(r'<path d="M([\d.]+) 2V', row)[1])
    assert zero < ours < theirs
    assert (ours - zero) / (theirs - zero) == pytest.approx(0.68 / 1.92, abs=0.01)


def test_what_simulated_observers_stand_behind_says_so_and_what_people_do_does_not(results):
    page = write(results)
    rows = claim_rows(page)
    assert "SIMULATED" in rows[MEMORY_HIT]
    assert "SIMULATED" not in rows["MemNet score per alpha (memorability), Sec 3.1 / Fig 3A"]
    assert re.search(r"<h3>Table 1 <span[^>]*>SIMULATED", page)
    assert "Nobody took part" in page
    assert re.search(r"memory game <span[^>]*>SIMULATED", page)
    write_trials(results, "human")
    assert "SIMULATED" not in write(results)


def test_it_tells_who_took_part_and_who_was_excluded_and_why(results):
    page = write(results)
    part = page[page.index('id="people"') : page.index("<h3>Table 1")]
    assert "1: 55% &amp; &lt;x&gt;; 3 trials not seen as intended" in part
    assert "2,500" in part
    assert "1,200 to 1,300" in part
    assert "2.78" in part


def test_methods_tell_how_it_was_done_with_the_runs_own_numbers(results):
    page = write(results)
    methods = page[page.index('id="methods"') : page.index('id="limits"')]
    assert "memorability from 400 z" in methods
    assert "Simulated observers: log odds" in methods
    write_trials(results, "human")
    assert "Simulated observers" not in write(results)


def test_table_1_has_our_row_and_the_papers(results):
    page = write(results)
    part = page[page.index("<h3>Table 1") : page.index('id="claims"')]
    brightness = part[part.index("Brightness") : part.index("Centeredness")]
    for words in ("0.68 [0.66, 0.70]", ".020", ".140", ".070", "0.28 [0.24, 0.32]", ".066"):
        assert words in brightness


def test_beside_table_1_it_says_what_goes_along_with_hits(results):
    page = write(results)
    part = page[page.index("<h3>What goes along with hits") : page.index('id="claims"')]
    assert part.startswith('<h3>What goes along with hits <span class="simulated">SIMULATED')
    assert (
        "all image factors explain 1.3% [0.4%, 3.0%] (by chance it would be 0.1%), most of it brightness, 1.2%" in part
    )
    assert "α alone explains 2.0%" in part
    assert part.index("all image factors explain") < part.index("<figure") < part.index("<table")
    nothing = pd.read_csv(results / "tables/hits_explained.csv")[2:3].assign(share=None)
    nothing.to_csv(results / "tables/hits_explained.csv", index=False)
    assert "There is nothing to explain" in write(results)


def test_it_shows_every_figure_with_a_caption_and_the_rule_that_chose_the_rows(results):
    page = write(results)
    for name in FIGURES:
        figure = re.search(rf'<figure id="{name}">(.*?)</figure>', page, re.DOTALL)[1]
        assert re.search(r"<figcaption><b>[^<]{10,}</b> .+</figcaption>", figure, re.DOTALL)
        assert len(re.search(r'alt="(.*?)"', figure)[1]) > 30
    assert "evenly spaced ranks" in page
    assert "{rule}" not in page


def test_a_hundred_times_as_many_seeds_make_no_larger_a_report(results):
    few = len(write(results))
    for study in STUDIES:
        manifest = pd.read_csv(results / study / "images/test.csv")
        many = [manifest.assign(seed_id=manifest.seed_id + 4 * time) for time in range(100)]
        many = pd.concat(many, ignore_index=True)
        many = many.assign(image_id=[f"{row.seed_id}_{row.alpha}" for row in many.itertuples()])
        many.to_csv(results / study / "images/test.csv", index=False)
        write_factors(results / study, many)
    page = write(results)
    assert [len(study["seeds"]) for study in explorer_of(page)] == [SEEDS] * 2
    assert len(page) < 2 * few  # of 4 seeds all are shown, of more than 12 an even choice


def test_it_opens_offline(results):
    page = write(results)
    assert not re.findall(r'(?:src|href)="(?!data:|figures/|#)', page)
    assert not re.findall(r"url\(['\"]?https?:|fetch\(|import\(", page)


def explorer_of(page: str) -> list[dict]:
    return json.loads(re.search(r'id="explorer-data">(.*?)</script>', page, re.DOTALL)[1])


def opened(data: str) -> Image.Image:
    with Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))) as image:
        return image.convert("RGB")


def test_the_explorer_has_seeds_with_their_scores_factors_and_pictures(results):
    data = explorer_of(write(results))
    assert [study["title"] for study in data] == ["Memorability", "Valence"]
    assert data[0]["alphas"] == [-0.2, 0.0, 0.2]
    assert data[0]["measured"] == [0, 1, 2]
    assert data[0]["means"] == [0.4, 0.5, 0.6]
    assert [seed["id"] for seed in data[0]["seeds"]] == [0, 1, 2, 3]
    assert data[0]["seeds"][0]["scores"] == [0.7, 0.5, 0.3]
    assert data[0]["seeds"][0]["factors"]["brightness"] == [-0.2, 0.0, 0.2]
    strips = [opened(seed["strip"]) for seed in data[0]["seeds"]]
    assert {strip.size for strip in strips} == {(3 * 8, 8)}
    assert [strip.getpixel((4, 4))[0] for strip in strips] == pytest.approx([0, 60, 120, 180], abs=8)
    assert opened(data[0]["thumbnails"]).size == (4 * THUMBNAIL, THUMBNAIL)


def test_a_strip_chooses_the_seeds_and_fills_in_between(results):
    folder = results / "memorability/images"
    rows = [[f"3_{a}", 3, a, "2.png", "face"] for a in (-0.1, 0.1)]
    strip = pd.DataFrame(rows, columns=["image_id", "seed_id", "alpha", "file", "class_name"])
    strip.to_csv(folder / "strip.csv", index=False)
    study = explorer_study(results / "memorability")
    assert [seed["id"] for seed in study["seeds"]] == [3]
    assert study["alphas"] == [-0.2, -0.1, 0.0, 0.1, 0.2]
    assert study["measured"] == [0, 2, 4]
    pictures = opened(study["seeds"][0]["strip"])
    reds = [pictures.getpixel((4 + 8 * column, 4))[0] for column in range(5)]
    assert reds == pytest.approx([180, 120, 180, 120, 180], abs=8)


def test_of_many_seeds_the_explorer_shows_some_at_even_spaces(results, monkeypatch):
    monkeypatch.setattr("ganalyze.report.explorer.SEEDS", 2)
    study = explorer_study(results / "memorability")
    assert [seed["id"] for seed in study["seeds"]] == [1, 3]


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


def test_alpha_moves_by_slider_keys_and_dragging_the_picture(page):
    told, image = page.locator(".told").first, page.locator(".large").first
    assert told.inner_text() == "α = 0 ResMem memorability 0.50"
    place = "image => image.style.backgroundPosition"
    before = image.evaluate(place)
    page.locator("#explorer-alpha").fill("1000")
    assert told.inner_text() == "α = +0.2 ResMem memorability 0.30"
    assert image.evaluate(place) != before
    page.locator("#explorer-alpha").press("ArrowLeft")
    assert told.inner_text() == "α = 0 ResMem memorability 0.50"
    image.press("ArrowLeft")
    assert told.inner_text() == "α = −0.2 ResMem memorability 0.70"
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 10 + box["width"], box["y"] + 10, steps=5)
    page.mouse.up()
    assert told.inner_text() == "α = +0.2 ResMem memorability 0.30"
    page.locator(".row button").first.click()
    assert told.inner_text() == "α = −0.2 ResMem memorability 0.70"


def test_a_finger_drags_the_picture(results, browser):
    write(results)
    context = browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto((results / "report.html").as_uri())
    told, image = page.locator(".told").first, page.locator(".large").first
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    finger = context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2

    def touch(kind, *places):
        points = [{"x": box["x"] + share * box["width"], "y": y} for share in places]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.5)
    for share in (0.4, 0.3, 0.2, 0.1, 0.0):
        touch("touchMove", share)
    touch("touchEnd")
    assert told.inner_text() == "α = −0.2 ResMem memorability 0.70"
    touch("touchStart", 0.1)
    for share in (0.3, 0.6, 0.9):
        touch("touchMove", share)
    touch("touchEnd")
    assert told.inner_text() == "α = +0.2 ResMem memorability 0.30"
    context.close()


def test_a_seed_stays_when_the_study_changes_and_two_stand_side_by_side(page):
    page.locator("#explorer-seeds button").nth(2).click()
    first, second = (page.locator(".panel").nth(index) for index in range(2))
    assert "seed 2" in first.locator(".large").get_attribute("aria-label")
    first.locator("select").select_option("1")
    assert "seed 2" in first.locator(".large").get_attribute("aria-label")
    assert "FER valence" in first.locator(".told").inner_text()
    assert not second.is_visible()
    page.locator("#explorer-two").check()
    assert second.is_visible()
    page.locator("#explorer-alpha").fill("0")
    assert [panel.locator(".told").inner_text()[:8] for panel in (first, second)] == ["α = −0.2"] * 2


def test_nothing_moves_when_numbers_change(page):
    places = """() => [...document.querySelectorAll('.panel:not([hidden]) > *, h2')]
        .map(x => x.getBoundingClientRect().top + scrollY)"""
    before = page.evaluate(places)
    for at in ("0", "250", "500", "1000"):
        page.locator("#explorer-alpha").fill(at)
        np.testing.assert_allclose(page.evaluate(places), before, atol=0.5)


def test_a_figure_opens_at_full_size(page):
    figure = page.locator("figure img").first
    figure.click()
    assert page.locator("#full-size").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#full-size").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_first_screen_holds_faces_and_the_finding(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    assert page.locator(".lead-strip img").first.bounding_box()["y"] < 844
    finding = page.locator("header strong").bounding_box()
    assert finding["y"] + finding["height"] < 844


@pytest.mark.parametrize("width", [390, 820, 1280, 1920])
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


def test_it_says_what_goes_along_with_the_score_and_whether_any_direction_would_do(results):
    page = write(results)
    assert "the image factors explain 61% [50%, 70%]: brightness 50% and object size 10%." in page
    assert "The score rises at " in page
    assert (
        "With a slope of its own for each seed, it changes by 0.67 [0.60, 0.74] per unit of α, and levels off." in page
    )
    assert (
        "Asked in 2 ways, the slope of the score lies between 0.60 and 0.68 per unit of α, and can be told from none "
        "in 1 of them, not by sign test. 3 of 4 seeds rise."
    ) in page
    assert "0.60 [−0.20, 1.40]" in page
    assert "by 0.68 per unit of α, along 2 random directions of the same length by −0.10 to 0.20 (none as steep" in page
    null = pd.read_csv(results / "valence/null_directions.csv").assign(slope=[0.1, -0.3, 0.05])
    null.to_csv(results / "valence/null_directions.csv", index=False)
    assert "(1 of them as steep, p = 0.33)" in write(results)


def test_a_run_without_null_directions_asks_nothing_of_them(results):
    without = PROVENANCE | {"config": PROVENANCE["config"] | {"null_directions": None}}
    assert "Would any direction do it?" not in write(results, without)
