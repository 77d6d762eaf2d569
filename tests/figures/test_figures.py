"""Figures: which there are, which seeds they show, and that they come from tables and images alone."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganalyze.figures.alignment import draw_alignment
from ganalyze.figures.catalogue import draw_catalogue
from ganalyze.figures.comparison import choose_common_seeds, draw_comparison
from ganalyze.figures.explained import draw_explained
from ganalyze.figures.factors import FACTORS, draw_factors
from ganalyze.figures.masks import draw_masks
from ganalyze.figures.multiverse import draw_multiverse
from ganalyze.figures.null_directions import draw_null_directions
from ganalyze.figures.plan import figures_of
from ganalyze.figures.scores import draw_scores
from ganalyze.figures.sequences import choose_seeds, draw_sequences
from ganalyze.figures.structure import draw_structure
from ganalyze.figures.style import alpha_label, plt, save, save_pages
from ganalyze.images.image_sets import ImageSet
from ganalyze.images.shards import Shard
from ganalyze.measures.factors import by_alpha

ALPHAS = (-0.2, 0.0, 0.2)


def manifest_of(gains, classes=None):
    rows = []
    for seed, value in enumerate(gains):
        for alpha in ALPHAS:
            rows.append(
                [
                    f"{seed}_{alpha}",
                    seed,
                    classes[seed] if classes else 0,
                    alpha,
                    0.5 + alpha / 0.4 * value,
                    f"s.zip/{seed}_{alpha}.png",
                ]
            )
    return pd.DataFrame(rows, columns=["image_id", "seed_id", "class_id", "alpha", "score", "file"])


def set_of(manifest, folder="."):
    return ImageSet(manifest, folder)


@pytest.fixture
def stored(tmp_path):
    manifest = manifest_of(np.linspace(0.3, -0.1, 9))
    with Shard(tmp_path / "s.zip") as shard:
        for row in manifest.itertuples():
            shard.add(f"{row.image_id}.png", np.full((8, 8, 3), 20 * row.seed_id, np.uint8))
    return tmp_path, manifest


MODEL = pd.DataFrame(
    {
        "term": ["(Intercept)", "alpha"],
        "estimate": [0.5, 0.68],
        "ci_low": [0, 0.66],
        "ci_high": [1, 0.70],
        "p": [0, 1e-9],
    }
)


def planned(
    *studies, realness=False, distilled=False, power=False, experiments=None, segmented=False, null_directions=False
):
    return figures_of(studies, realness, distilled, power, experiments or {}, segmented, null_directions)


def test_the_papers_figures_are_drawn_of_the_studies_that_are_there():
    figures = planned("memorability", "valence")
    assert set(figures) == {
        "fig1",
        "fig3a",
        "fig3b",
        "fig4",
        "fig8c",
        "fig9",
        "fig10",
        "factors_valence",
        "alignment",
        "explained",
        "multiverse",
    }
    assert figures["fig9"].studies == ("valence",)
    assert figures["fig10"].studies == ("memorability", "valence")


def test_what_was_not_measured_is_not_drawn():
    assert {"fig5a", "realness_valence"} <= set(planned("memorability", "valence", realness=True))
    assert "masks" in planned("memorability", distilled=True)
    assert "structure" in planned("memorability", "valence", segmented=True)
    assert planned("memorability", null_directions=True)["null_directions"].studies == ("memorability",)
    assert "null_directions" not in planned("memorability")
    assert not {"fig5a", "masks"} & set(planned("memorability"))


def test_one_study_alone_is_compared_with_nothing():
    assert not {"fig10", "alignment", "structure"} & set(planned("memorability", segmented=True))


def test_what_people_did_is_drawn_where_they_were_asked():
    experiments = {"memorability": ["memory_game", "two_afc"], "valence": ["memory_game"]}
    figures = set(planned("memorability", "aesthetics", "valence", power=True, experiments=experiments))
    assert {"fig5b", "fig7a", "hits_explained", "memory_game_valence", "power"} <= figures
    assert not {"fig7b", "fig7c", "two_afc_valence", "memory_game_aesthetics"} & figures


def test_a_study_the_paper_does_not_have_gets_figures_of_its_own():
    assert set(planned("happiness")) == {
        *("scores_happiness", "factors_happiness", "sequences_happiness"),
        "explained",
        "multiverse",
    }
    assert {"sequences_object_size", "fig8a"} <= set(planned("object_size"))


def test_gain_is_the_score_at_the_largest_alpha_minus_that_at_the_smallest():
    assert set_of(manifest_of([0.3, -0.1])).gains().round(10).to_dict() == {0: 0.3, 1: -0.1}


@pytest.mark.parametrize(("count", "expected"), [(1, [4]), (3, [1, 4, 7]), (9, list(range(9))), (20, list(range(9)))])
def test_seeds_are_shown_at_evenly_spaced_ranks_of_their_gain(count, expected):
    ordered = np.linspace(0.3, -0.1, 9)
    shuffled = np.random.default_rng(0).permutation(9)
    seeds = choose_seeds(set_of(manifest_of(ordered[shuffled])), count)
    assert [shuffled[seed] for seed in seeds] == expected


def test_seeds_are_of_different_classes_where_that_is_possible():
    manifest = manifest_of(np.linspace(0.3, -0.1, 9), classes=[0, 1, 0, 0, 1, 0, 0, 0, 2])
    classes = manifest.groupby("seed_id").class_id.first()
    assert sorted(classes[seed] for seed in choose_seeds(set_of(manifest), 3)) == [0, 1, 2]


@pytest.mark.parametrize(("alpha", "label"), [(0, "0"), (-0.4, "−0.4"), (0.2, "+0.2"), (-0.0, "0"), (1.0, "+1")])
def test_alphas_are_written_with_their_sign(alpha, label):
    assert alpha_label(alpha) == label


def test_a_figure_is_saved_as_svg_and_png_the_same_bytes_each_time(tmp_path, stored):
    _, manifest = stored
    for name in ("a", "b"):
        save(
            draw_scores({"a": manifest}, {"a": set_of(manifest).mean_scores()}, {"a": MODEL}, {"a": "score"}),
            tmp_path / name,
        )
    for suffix in (".svg", ".png"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    with Image.open(tmp_path / "a.png") as image:
        assert image.width > 600  # a column of the paper at 200 dpi


def test_a_score_figure_tells_slope_and_interval_and_how_many_seeds(stored):
    _, manifest = stored
    means = set_of(manifest).mean_scores()
    (ax,) = draw_scores({"a_b": manifest}, {"a_b": means}, {"a_b": MODEL}, {"a_b": "ResMem"}).axes
    assert ax.get_title("left") == "β = 0.68 [0.66, 0.70], p < .001"
    assert [text.get_text() for text in ax.texts] == ["Score along a b"]
    assert ax.get_ylabel() == "ResMem"
    assert "single seeds (9 of 9)" in [text.get_text() for text in ax.get_legend().get_texts()]
    line = next(line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_allclose(np.asarray(line.get_ydata(), float), manifest.groupby("alpha").score.mean())
    plt.close("all")


def test_a_score_figure_says_where_a_score_peaks_before_the_end(stored):
    _, manifest = stored
    means = set_of(manifest).mean_scores()
    means.loc[1, ["mean", "ci_low", "ci_high"]] = 0.98
    (ax,) = draw_scores({"a": manifest}, {"a": means}, {"a": MODEL}, {"a": "ResMem"}).axes
    assert ax.get_title("left").endswith("; highest at α = 0")
    assert ax.get_ylim()[1] < 1.1  # no room for a legend above: a score of at most 1 is not drawn to 1.2
    plt.close("all")


def test_sequences_show_each_clone_with_its_score_and_frame_the_seed(stored):
    folder, manifest = stored
    figure = draw_sequences({"memorability": set_of(manifest, folder)}, 3)
    assert len(figure.axes) == 9
    scores = manifest.set_index(["seed_id", "alpha"]).score
    for ax, (seed, alpha) in zip(
        figure.axes, [(s, a) for s in choose_seeds(set_of(manifest), 3) for a in ALPHAS], strict=True
    ):
        assert ax.get_xlabel() == f"{scores[seed, alpha]:.2f}".replace("-", "−")
        assert ax.get_ylabel() == (f"seed {seed}" if alpha == ALPHAS[0] else "")
        assert ax.images[0].get_array()[0, 0, 0] == 20 * seed
        assert ax.spines["left"].get_visible() == (alpha == 0)
    plt.close("all")


def test_the_catalogue_shows_every_seed_once(stored):
    folder, manifest = stored
    pages = list(draw_catalogue(set_of(manifest, folder), "memorability"))
    assert sum(len(page.axes) for page in pages) == len(manifest)
    plt.close("all")


def test_pages_are_saved_as_one_pdf_the_same_bytes_each_time(tmp_path, stored):
    folder, manifest = stored
    for name in ("a", "b"):
        pages = [page for _ in range(2) for page in draw_catalogue(set_of(manifest, folder), "memorability")]
        save_pages(pages, tmp_path / name / "catalogue.pdf")
    once, again = ((tmp_path / name / "catalogue.pdf").read_bytes() for name in ("a", "b"))
    assert once == again
    assert once.startswith(b"%PDF")
    assert re.findall(rb"/Count (\d+)", once)[-1] == b"2"  # pages, as the last word on it says
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["catalogue.pdf"]


def test_common_seeds_are_the_quartiles_and_the_median_of_the_mean_rank_of_gain():
    a, b = manifest_of([0.1, 0.5, 0.4, 0.9, 0.7]), manifest_of([0.5, 0.9, 0.4, 0.1, 0.2])
    assert choose_common_seeds({"a": set_of(a)}) == [4, 1, 2]  # ranks 4, 3 and 2 of 5
    assert choose_common_seeds({"b": set_of(b)}) == [0, 2, 4]
    assert choose_common_seeds({"a": set_of(a), "b": set_of(b)}) == [3, 4, 0]  # means 2.5, 4, 2.5, 3, 3
    assert choose_common_seeds({"a": set_of(manifest_of([0.1]))}) == [0]


def test_a_comparison_shows_the_same_seeds_under_every_direction(stored):
    folder, manifest = stored
    images = set_of(manifest, folder)
    figure = draw_comparison({"a": images, "b": images})
    assert len(figure.axes) == 2 * 3 * len(ALPHAS)
    shown = [ax.images[0].get_array()[0, 0, 0] for ax in figure.axes]
    assert shown[: 3 * len(ALPHAS)] == shown[3 * len(ALPHAS) :]
    assert len(set(shown)) == 3
    plt.close("all")


def factors_of(manifest):
    """Random factors of a set's images."""
    factors = pd.DataFrame(np.random.default_rng(1).random((len(manifest), len(FACTORS))), columns=list(FACTORS))
    factors.insert(0, "image_id", manifest.image_id)
    return factors


def test_factors_are_drawn_on_one_axis_each_with_its_unit_without_the_missing_ones(stored):
    _, manifest = stored
    factors = factors_of(manifest)
    factors.loc[::4, "object_size"] = np.nan
    figure = draw_factors(by_alpha(factors, set_of(manifest)))
    first, *others = figure.axes
    titles = [ax.get_title("left").partition("\n") for ax in others]
    assert [title for title, _, _ in titles] == [name.replace("_", " ") for name in FACTORS]
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    assert len([line for line in first.lines if line.get_marker() != "None"]) == len(FACTORS)
    size = others[list(FACTORS).index("object_size")]
    bars = size.containers[0]
    values = factors.object_size
    expected = ((values - values.mean()) / values.std()).groupby(manifest.alpha).mean()
    np.testing.assert_allclose(np.asarray(bars.lines[0].get_ydata(), float), expected)
    means = values.groupby(manifest.alpha).mean()
    assert titles[list(FACTORS).index("object_size")][2] == f"{means[-0.2]:.3g} → {means[0.2]:.3g} of pixels"
    (low, high) = np.array(bars.lines[2][0].get_segments())[0, :, 1]
    group = values[manifest.alpha == ALPHAS[0]]
    half = 1.959964 * group.std() / group.count() ** 0.5 / values.std()
    assert (high - low) / 2 == pytest.approx(half, rel=1e-5)
    assert "27 images; 7 of them without a usable mask" in figure.legends[0].get_title().get_text()
    plt.close("all")


def test_factors_that_were_not_measured_have_no_panel(stored):
    _, manifest = stored
    factors = factors_of(manifest)
    factors[["object_size", "centeredness", "squareness"]] = np.nan
    figure = draw_factors(by_alpha(factors, set_of(manifest)))
    assert [ax.get_title("left").partition("\n")[0] for ax in figure.axes if ax.axison] == [
        "all of them",
        *list(FACTORS)[:4],
    ]
    assert "mask" not in figure.legends[0].get_title().get_text()
    plt.close("all")


def test_structure_is_drawn_a_line_a_study_with_its_ends():
    table = pd.DataFrame(
        {"study": ["a", "a", "b_c", "b_c"], "alpha": [-0.2, 0.2, -0.4, 0.4], "n": 3, "mean": [0.5, 0.6, 0.9, 0.8]}
    )
    table = table.assign(ci_low=table["mean"] - 0.1, ci_high=table["mean"] + 0.1)
    both = pd.concat([table.assign(measure="outline_overlap"), table.assign(measure="landmark_shift")])
    outlines, landmarks = draw_structure(both).axes
    assert [list(bars.lines[0].get_ydata()) for bars in outlines.containers] == [[0.5, 1, 0.6], [0.9, 1, 0.8]]
    assert [list(bars.lines[0].get_ydata()) for bars in landmarks.containers] == [[0.5, 0, 0.6], [0.9, 0, 0.8]]
    assert [text.get_text() for text in landmarks.get_legend().get_texts()] == ["a", "b c"]
    assert len(draw_structure(both[both.measure == "outline_overlap"]).axes) == 1
    plt.close("all")


def test_slopes_of_random_directions_are_shares_of_the_learnt_ones():
    table = pd.DataFrame({"direction": ["learnt", "0", "1"], "slope": [-0.5, 0.25, -0.1]})
    (ax,) = draw_null_directions({"memorability": table, "valence": table}).axes
    null, learnt, *_ = ax.lines
    assert sorted(null.get_xdata()) == pytest.approx([-0.5, 0.2])
    assert learnt.get_xdata() == [1]
    assert [text.get_text() for text in ax.texts] == ["−0.50", "−0.50"]


def test_what_is_explained_and_what_is_left_fill_a_bar():
    table = pd.DataFrame({"factor": ["brightness", "entropy", "all"], "share": [0.5, 0.03, 0.53]})
    (ax,) = draw_explained({"memorability": table}).axes
    assert sum(bar.get_width() for bar in ax.patches) == pytest.approx(1)
    assert [text.get_text() for text in ax.texts] == ["50%", "47% left"]


def test_slopes_of_each_analysis_are_drawn_with_their_intervals_a_panel_a_study():
    slopes = {"analysis": ["paper", "lost", "sign"], "estimate": [0.7, None, 0.5], "ci_low": [0.6, None, -0.1]}
    table = pd.DataFrame({**slopes, "ci_high": [0.8, None, 1.1], "note": [None, "not fitted", "3 of 4 rise"]})
    figure = draw_multiverse({"memorability": table, "object_size": table})
    first, second = figure.axes
    assert [text.get_text() for text in first.get_yticklabels()] == ["paper", "lost", "sign"]
    assert second.get_title("left") == "object size\n3 of 4 rise"
    ends = [list(line.get_xdata()) for line in second.lines[:6:2]]
    assert (ends[0], ends[2]) == ([0.6, 0.8], [-0.1, 1.1])
    assert np.isnan(ends[1]).all()
    plt.close("all")


def test_the_alignment_of_directions_is_drawn_pair_by_pair():
    pairs = [(a, b) for a in ("x", "y") for b in ("x", "y")]
    table = pd.DataFrame(pairs, columns=["direction", "assessor"]).assign(
        cosine=[1, -0.25, -0.25, 1], random_95=0.2, change=[2, 0.5, -1, 3], change_ci_low=0, change_ci_high=4
    )
    left, right, *_ = draw_alignment(table).axes
    shown = [text.get_text() for text in left.texts if text.get_text()]
    assert shown == ["1.00", "−0.25", "−0.25", "1.00"]
    assert [text.get_text() for text in right.texts][::2] == ["2.00", "0.50", "−1.00", "3.00"]
    assert "±0.20" in left.get_xlabel()
    plt.close("all")


def test_the_contact_sheet_shows_both_outlines_and_the_agreement_of_typical_and_worst_masks(tmp_path):
    rows = []
    with Shard(tmp_path / "h.zip") as shard:
        for index in range(30):
            files = [f"{index}{kind}.png" for kind in ("", "_grabcut", "_unet")]
            disc = np.zeros((16, 16), np.uint8)
            disc[4:12, 4:12] = 255
            for file, pixels in zip(files, (np.full((16, 16, 3), 90, np.uint8), disc, disc), strict=True):
                shard.add(file, pixels)
            rows.append([str(index), *(f"h.zip/{file}" for file in files), index / 30])
    held_out = pd.DataFrame(rows, columns=["image_id", "file", "grabcut_file", "mask_file", "iou"])
    figure = draw_masks(ImageSet(held_out, tmp_path), rows=1)
    shown = [ax.texts[0].get_text() for ax in figure.axes if ax.texts]
    assert shown[8:] == [f"{index / 30:.2f}" for index in range(8)]  # the worst, worst first
    assert shown[:8] == sorted(shown[:8], reverse=True)
    plt.close("all")


@pytest.mark.parametrize(
    "module",
    ["ganalyze.figures.scores", "ganalyze.figures.sequences", "ganalyze.report.page"]
    + [f"ganalyze.figures.{name}" for name in ("factors", "realness", "alignment", "masks", "structure")],
)
def test_drawing_and_reporting_need_no_torch(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
