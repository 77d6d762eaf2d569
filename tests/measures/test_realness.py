"""Realness (paper §3.3.1): torch-fidelity's own values on the same images, honest intervals, clear refusals."""

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from skimage import data
from torch_fidelity import calculate_metrics
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kernel_poly
from torch_fidelity.registry import register_feature_extractor

from ganalyze.direction.generation import draw_z
from ganalyze.figures.realness import draw_realness
from ganalyze.figures.style import save
from ganalyze.images.image_sets import ImageSet, write_manifest
from ganalyze.images.shards import Shard
from ganalyze.measures.realness.distances import MEASURES, FrechetDistance, Reference
from ganalyze.measures.realness.measures import measure_realness
from ganalyze.measures.realness.settings import RealnessMeasurement
from ganalyze.models.compute import Compute
from ganalyze.models.extractors import EXTRACTORS
from ganalyze.models.registry import Card
from ganalyze.models.weights.catalogue import load_catalogue
from ganalyze.models.weights.files import fetch
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY
from tests.networks import weights_in

SCRIPT = REPOSITORY / "scripts" / "measure_realness.py"
LITE0 = "efficientnet-lite0-57934424.pth"
INCEPTION = "weights-inception-2015-12-05-6726825d.pth"
CPU = Compute(device="cpu", threads=2).prepare()
OPTIONS = {"seed": 1, "reference_per_class": 20, "halves": 20}
# What torch-fidelity's command calls them.
PUBLISHED = {
    "fid": "frechet_inception_distance",
    "is_mean": "inception_score_mean",
    "is_std": "inception_score_std",
    "kid_mean": "kernel_inception_distance_mean",
    "kid_std": "kernel_inception_distance_std",
    "precision": "precision",
    "recall": "recall",
}


class Tiny(FeatureExtractorBase):
    """A network that takes no time: 12 features and 5 logits, a random projection of an 8×8 image."""

    def __init__(self, name, features_list, **kwargs):
        super().__init__(name, features_list)
        generator = torch.Generator().manual_seed(0)
        self.weight = torch.nn.Parameter(torch.randn(17, 192, generator=generator).double() / 255)

    def forward(self, images):
        x = torch.nn.functional.adaptive_avg_pool2d(images.double(), 8).flatten(1) @ self.weight.T
        features = {"features": x[:, :12].float(), "logits": x[:, 12:].float()}
        return tuple(features[name] for name in self.features_list)

    @staticmethod
    def get_provided_features_list():
        return "features", "logits"

    @staticmethod
    def get_default_feature_layer_for_metric(metric):
        return "logits" if metric == "isc" else "features"

    @staticmethod
    def can_be_compiled():
        return False


register_feature_extractor("tiny", Tiny)


def load_tiny(weights):
    return Tiny("tiny", ["features", "logits"])


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    about = {"origin": "here", "licence": "MIT", "reference": "none"}
    card = Card(build=f"{__name__}:load_tiny", files=(), title="Tiny", **about)
    monkeypatch.setitem(EXTRACTORS._cards, "tiny", card)


@pytest.fixture(scope="module")
def lite0(weights_dir) -> Path:
    fetch(LITE0, load_catalogue(REPOSITORY / "config/weights.yaml"), weights_dir)
    return weights_dir


def picture(seed: int, alpha: float, size: int = 32) -> np.ndarray:
    """A smooth picture of its own for every seed, the brighter and noisier the larger alpha."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 200, (4, 4, 3)).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))
    return (smooth + 60 * alpha + 60 * abs(alpha) * rng.random((size, size, 1))).clip(0, 255).astype(np.uint8)


def make_set(folder, name, seeds, alphas, shards=1, classes=1, offset=0, size=32) -> Path:
    """An image set in `shards` shards; `offset` sets its seeds apart from those of another set."""
    rows = []
    for part in range(shards):
        with Shard(folder / name / f"shard-{part:04d}.zip") as shard:
            for seed in np.array_split(np.arange(seeds), shards)[part]:
                for alpha in alphas:
                    image_id = f"{name}_{seed:05d}_{alpha:+g}"
                    shard.add(f"{image_id}.png", picture(offset + seed, alpha, size))
                    rows.append(
                        [
                            image_id,
                            name,
                            seed,
                            seed % classes,
                            f"class {seed % classes}",
                            0,
                            alpha,
                            f"{name}/shard-{part:04d}.zip/{image_id}.png",
                        ]
                    )
    columns = ["image_id", "set", "seed_id", "class_id", "class_name", "z_index", "alpha", "file"]
    write_manifest(pd.DataFrame(rows, columns=columns), folder / f"{name}.csv")
    return folder / f"{name}.csv"


def unpack(manifest: Path, folder: Path, alpha: float) -> Path:
    """The images of one alpha as PNG files, for torch-fidelity's own command."""
    table = pd.read_csv(manifest)
    for row in table[table.alpha == alpha].itertuples():
        folder.mkdir(exist_ok=True)
        offset = {"test": 0, "reference": 1000}[row.set]
        Image.fromarray(picture(offset + row.seed_id, alpha)).save(folder / f"{row.image_id}.png")
    return folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """A test set of 40 seeds, a reference of 50, each in two shards."""
    folder = tmp_path_factory.mktemp("sets")
    return (
        make_set(folder, "test", 40, (-0.4, 0.0, 0.4), shards=2),
        make_set(folder, "reference", 50, (0.0,), shards=2, offset=1000),
    )


def measure(manifest, reference, extractor="tiny", options=OPTIONS, weights_dir="weights"):
    settings = {name: value for name, value in options.items() if name != "seed"}
    return measure_realness(
        ImageSet.open(manifest),
        reference,
        RealnessMeasurement(extractor=extractor, **settings),
        seed=options["seed"],
        weights=weights_in(weights_dir),
        compute=CPU,
    )


@pytest.fixture(scope="module")
def measured(sets, lite0):
    return measure(*sets, "efficientnet-lite0", weights_dir=lite0)


# --- equal to torch-fidelity -------------------------------------------------------------------------------


def own_values(sets, tmp_path, alpha, extractor, path):
    return calculate_metrics(
        input1=str(unpack(sets[0], tmp_path / "images", alpha)),
        input2=str(unpack(sets[1], tmp_path / "real", 0.0)),
        feature_extractor=extractor,
        feature_extractor_weights_path=path,
        isc=True,
        fid=True,
        kid=True,
        prc=True,
        kid_subset_size=40,
        batch_size=16,
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
    )


def test_values_equal_torch_fidelitys_own_on_the_same_images(sets, measured, lite0, tmp_path):
    theirs = own_values(sets, tmp_path, 0.4, "efficientnet-lite0", str(lite0 / LITE0))
    row = measured[measured.alpha == 0.4].iloc[0]
    for name, published in PUBLISHED.items():
        assert row[name] == pytest.approx(theirs[published], rel=0, abs=1e-6), name


@pytest.mark.parametrize("alpha", [-0.4, 0.0, 0.4])
def test_values_equal_torch_fidelitys_own_at_every_alpha_with_more_images_than_features(sets, tmp_path, alpha):
    theirs = own_values(sets, tmp_path, alpha, "tiny", None)
    row = measure(*sets).set_index("alpha").loc[alpha]
    for name, published in PUBLISHED.items():
        assert row[name] == pytest.approx(theirs[published], rel=0, abs=1e-6), name


@pytest.mark.parametrize(("images", "features"), [(30, 200), (200, 30), (20, 20)])
def test_the_fast_fid_equals_the_one_by_eigenvalues_of_the_product(images, features):
    rng = np.random.default_rng(images)
    mixed = rng.normal(size=(features, features)) / features**0.5
    few, many = rng.normal(size=(images, features)) @ mixed, rng.normal(0.3, 1, (300, features))
    theirs = fid_statistics_to_metric(*(fid_features_to_statistics(torch.from_numpy(x)) for x in (few, many)), False)
    (ours,) = FrechetDistance(many)(few, [np.arange(images)])
    assert ours == pytest.approx(theirs["frechet_inception_distance"], rel=1e-6)


def test_a_subset_has_the_fid_of_its_images_alone():
    rng = np.random.default_rng(0)
    images, distance, half = rng.normal(size=(40, 60)), FrechetDistance(rng.normal(size=(80, 60))), np.arange(1, 40, 2)
    assert distance(images, [half]) == pytest.approx(distance(images[half], [np.arange(20)]))


def test_a_half_has_the_kid_of_its_images_alone_but_for_the_references_own_term():
    rng = np.random.default_rng(0)
    images, real = (torch.from_numpy(rng.normal(size=(n, 6))).float() for n in (40, 20))
    half = np.arange(0, 40, 2)
    _, by_half = Reference(real).measure(images, images, half[None])
    point, _ = Reference(real).measure(images[half], images[half], half[None, :10] // 2)  # 20 of each: one subset
    within = kernel_poly(real.numpy(), real.numpy())
    term = (within.sum() - np.trace(within)) / (20 * 19)
    assert by_half["kid_mean"][0] + term == pytest.approx(point["kid_mean"], rel=1e-4)


def test_a_half_has_half_the_splits_of_the_inception_score():
    logits = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    half = np.arange(0, 40, 2)
    _, by_half = Reference(logits).measure(logits, logits, half[None])
    assert by_half["is_mean"][0] == isc_features_to_metric(logits[half], 5)["inception_score_mean"]


def test_efficientnet_lite0_knows_what_is_on_a_photograph(lite0):
    network = EXTRACTORS.load("efficientnet-lite0", weights_in(lite0), CPU)
    for photograph, names in ((data.chelsea(), {281, 282, 285}), (data.coffee(), {967, 968})):  # cats; coffee, cup
        features, logits = network(torch.tensor(photograph).permute(2, 0, 1)[None])
        assert features.shape == (1, 1280)
        assert int(logits.argmax()) in names


def test_the_inception_is_torch_fidelitys_and_gives_the_layers_of_published_values(tmp_path, monkeypatch):
    # Random weights stand in for the published ones.
    torch.save({}, tmp_path / INCEPTION)
    monkeypatch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
    network = EXTRACTORS.load("inception-v3-compat", weights_in(tmp_path), CPU)
    features, logits = network(torch.zeros(2, 3, 32, 32, dtype=torch.uint8))
    assert features.shape == (2, 2048)
    assert logits.shape == (2, 1008)
    assert network.get_requested_features_list() == ["2048", "logits_unbiased"]


# --- what values must not depend on ------------------------------------------------------------------------


def same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(a, b, rtol=1e-6, atol=1e-6)


def test_identical_images_have_identical_values(tmp_path, sets):
    table = pd.read_csv(sets[0]).query("alpha == 0.4")
    twin = table.assign(alpha=0.0, image_id=table.image_id + "_twin")
    write_manifest(pd.concat([table, twin]), sets[0].parent / "twins.csv")
    low, high = measure(sets[0].parent / "twins.csv", sets[1])[MEASURES].to_numpy()
    assert (low == high).all()


def test_values_depend_neither_on_shards_nor_on_the_order_of_rows(sets, tmp_path):
    manifest = make_set(tmp_path, "test", 40, (-0.4, 0.0, 0.4), shards=5)
    reference = make_set(tmp_path, "reference", 50, (0.0,), shards=3, offset=1000)
    for path in (manifest, reference):
        write_manifest(pd.read_csv(path).sample(frac=1, random_state=0), path)
    same(measure(manifest, reference), measure(*sets))


def test_values_do_not_depend_on_the_batch_size(sets, measured, lite0):
    options = {"seed": 1, "halves": 20, "features_batch_size": 23}
    same(measured, measure(*sets, "efficientnet-lite0", options, lite0))


def test_values_do_not_depend_on_the_seed_but_intervals_do(sets):
    one, other = (measure(*sets, options={"seed": seed, "halves": 20}) for seed in (1, 2))
    same(one[MEASURES], other[MEASURES])
    assert (one.fid_ci_low != other.fid_ci_low).all()


# --- intervals and bias ------------------------------------------------------------------------------------


def test_intervals_are_as_wide_as_values_scatter_over_sets_of_other_seeds():
    rng = np.random.default_rng(0)
    real = Reference(torch.from_numpy(rng.normal(size=(400, 8))).float())
    points, widths = [], []
    for _ in range(60):
        images = torch.from_numpy(rng.normal(0.3, 1.1, (100, 8))).float()
        halves = rng.permuted(np.tile(np.arange(100), (60, 1)), axis=1)[:, :50]
        point, by_half = real.measure(images, images, halves)
        points.append([point[name] for name in MEASURES])
        widths.append([by_half[name].std() for name in MEASURES])
    ratio = np.mean(widths, axis=0) / np.std(points, axis=0)
    assert (ratio > 0.75).all(), ratio
    assert (ratio < 1.4).all(), ratio


def test_the_change_from_alpha_0_is_known_better_than_two_values_apart(sets):
    table = measure(*sets, options={"seed": 1, "halves": 200}).set_index("alpha")
    assert table.loc[0.0, ["fid_change_ci_low", "fid_change_ci_high"]].tolist() == [0, 0]
    width = table.fid_ci_high - table.fid_ci_low
    change = table.fid_change_ci_high - table.fid_change_ci_low
    assert change[0.4] < np.hypot(width[0.4], width[0.0])
    middle = (table.fid_change_ci_high + table.fid_change_ci_low) / 2
    np.testing.assert_allclose(middle, table.fid - table.fid[0.0], atol=1e-9)


def test_without_alpha_0_there_is_no_change(sets):
    table = pd.read_csv(sets[0]).query("alpha != 0")
    write_manifest(table, sets[0].parent / "two.csv")
    assert not [name for name in measure(sets[0].parent / "two.csv", sets[1]) if "change" in name]


def test_fid_grows_as_images_get_fewer_and_kid_does_not(measured):
    assert (measured.fid_half > measured.fid).all()
    at_0 = measured[measured.alpha == 0].iloc[0]  # same distribution as the reference
    assert at_0.fid > 5
    assert at_0.kid_mean_ci_low < 0 < at_0.kid_mean_ci_high


def test_extractor_and_reference_are_named_with_what_forbids_comparing(measured):
    assert set(measured.extractor) == {"efficientnet-lite0"}
    assert set(measured.reference) == {"unmodified samples of the generator"}
    assert set(measured.n_images) == {40}
    assert set(measured.n_reference) == {50}
    assert measured.note.str.contains("Not comparable with published FID").all()
    assert measured.note.str.contains("reference is generated").all()


# --- the reference -----------------------------------------------------------------------------------------


def test_a_reference_set_has_other_z_than_the_test_set():
    assert not np.intersect1d(draw_z("test", 0, 0, 100, seed=1), draw_z("reference", 0, 0, 100, seed=1)).size


@pytest.fixture
def photographs(tmp_path):
    """The first two classes of ImageNet, one by its synset and one by its name, of various sizes."""
    for name in ("n01440764", "class 1"):
        (tmp_path / "imagenet/train" / name).mkdir(parents=True)
        for i in range(25):
            pixels = picture(hash((name == "class 1", i)) % 2**32, 0, 48)[: 40 + i % 3]
            Image.fromarray(pixels).save(tmp_path / "imagenet/train" / name / f"{i:02d}.JPEG")
    return tmp_path / "imagenet/train"


@pytest.fixture
def two_classes(tmp_path):
    return make_set(tmp_path, "test", 20, (-0.1, 0.0, 0.1), classes=2)


def test_photographs_are_drawn_from_the_test_sets_classes(photographs, two_classes):
    (photographs / "n02123394").mkdir()  # Persian cat, which the test set does not have: empty, but never opened
    table = measure(two_classes, photographs)
    assert set(table.n_reference) == {40}
    assert set(table.reference) == {"photographs of imagenet/train"}
    assert (table.note == "").all()
    same(table, measure(two_classes, photographs))
    other = measure(two_classes, photographs, options={"seed": 2, "reference_per_class": 20, "halves": 20})
    assert (table.fid != other.fid).all()


def test_generated_reference_is_of_the_test_sets_classes_at_alpha_0(two_classes, tmp_path):
    reference = make_set(tmp_path, "reference", 60, (0.0, 0.2), classes=3, offset=1000)
    assert set(measure(two_classes, reference).n_reference) == {40}


# --- the command, the figure, and refusals -----------------------------------------------------------------


@pytest.fixture
def run(monkeypatch):
    """Run the command, in this process: torch and timm take ten seconds to import."""

    def call(manifest, reference, output, extractor, *arguments):
        command = [SCRIPT, "--manifest", manifest, "--reference", reference, "--extractor", extractor, "--seed", 1]
        command += ["--halves", 10, "--output", output, *arguments]
        monkeypatch.setattr(sys, "argv", list(map(str, command)))
        runpy.run_path(str(SCRIPT), run_name="__main__")

    return call


def test_the_command_writes_the_table_and_warns(sets, lite0, tmp_path, measured, run, capsys):
    run(*sets, tmp_path / "out.csv", "efficientnet-lite0", "--weights-dir", lite0)
    assert "warning: Not comparable with published FID" in capsys.readouterr().err
    same(pd.read_csv(tmp_path / "out.csv")[["alpha", *MEASURES]], measured[["alpha", *MEASURES]])


def test_the_figure_comes_from_the_table_alone_and_needs_no_torch(measured, tmp_path):
    measured.to_csv(tmp_path / "realness.csv")
    code = (
        "import sys, pandas; from ganalyze.figures.realness import draw_realness as draw;"
        "from ganalyze.figures.style import save;"
        f"save(draw(pandas.read_csv('{tmp_path}/realness.csv')), '{tmp_path}/fig5a');"
        "assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY).returncode == 0
    svg = (tmp_path / "fig5a.svg").read_text()
    for text in ("EfficientNet-Lite0", "unmodified samples", "Not comparable", "FID", "Inception Score", "KID"):
        assert text in svg


def test_the_figure_is_drawn_without_alpha_0_and_without_a_note(measured, tmp_path):
    table = measured.drop(columns=[name for name in measured if "change" in name]).assign(note=np.nan)
    save(draw_realness(table), tmp_path / "fig5a")
    assert "Filled points" not in (tmp_path / "fig5a.svg").read_text()


def refused(match, *arguments, **options):
    with pytest.raises(GanalyzeError, match=match) as caught:
        measure(*arguments, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("extractor", ["inception-v3-compat", "efficientnet-lite0"])
def test_missing_weights_are_refused(sets, tmp_path, extractor):
    refused("not found: run: ganalyze fetch-weights", *sets, extractor, weights_dir=tmp_path)


@pytest.mark.parametrize(("extractor", "name"), [("inception-v3-compat", INCEPTION), ("efficientnet-lite0", LITE0)])
def test_weights_of_another_network_are_refused(sets, tmp_path, extractor, name):
    torch.save({"fc.weight": torch.zeros(2)}, tmp_path / name)
    refused("does not fit the network", *sets, extractor, weights_dir=tmp_path)


def test_weights_that_would_run_code_are_refused(sets, tmp_path):
    torch.save({"fc.weight": Path("x")}, tmp_path / INCEPTION)
    refused("do not trust it", *sets, "inception-v3-compat", weights_dir=tmp_path)


def test_an_unknown_extractor_is_refused(sets):
    refused("unknown feature extractor 'vgg': known are inception", *sets, "vgg")


def test_an_absent_imagenet_folder_is_refused_by_the_command_in_one_line(sets, tmp_path, run):
    with pytest.raises(SystemExit, match=r"error: reference .*imagenet not found: give a folder of photo") as caught:
        run(sets[0], tmp_path / "imagenet", tmp_path / "out.csv", "tiny")
    assert "\n" not in caught.value.code
    assert not (tmp_path / "out.csv").exists()


def test_a_folder_without_classes_is_refused(sets, tmp_path):
    refused("has no subfolders", sets[0], tmp_path)


def test_missing_classes_are_refused(photographs, two_classes):
    (photographs / "n01440764").rename(photographs / "n02123394")
    refused(r"lacks 1 of the test set's 2 class\(es\), first n01440764 \(class 0\)", two_classes, photographs)


def test_too_few_photographs_of_a_class_are_refused(photographs, two_classes):
    options = {"seed": 1, "reference_per_class": 26, "halves": 20}
    refused(r"n01440764 has 25 photograph\(s\), 26 a class", two_classes, photographs, options=options)


def test_a_generated_reference_without_all_classes_is_refused(sets, two_classes):
    refused("lacks 1 of the test set's 2", two_classes, sets[1])


def test_the_test_set_is_no_reference_for_itself(sets):
    refused("shares 120 image", sets[0], sets[0])


def test_an_empty_manifest_is_refused(sets):
    for name, match in (("test", "lists no images"), ("reference", "lists no images")):
        empty = sets[0].parent / "empty.csv"
        pd.read_csv(sets[0]).head(0).to_csv(empty, index=False)
        refused(match, *((empty, sets[1]) if name == "test" else (sets[0], empty)))


@pytest.mark.parametrize("seeds", [1, 19])
def test_too_few_images_are_refused(sets, tmp_path, seeds):
    few = make_set(tmp_path, "few", seeds, (0.0, 0.2))
    refused(rf"has {seeds} image\(s\) an alpha: too few", few, sets[1])
    refused(rf"has {seeds} image\(s\): 20 are needed", sets[0], few)


def test_a_seed_that_lacks_an_alpha_is_refused(sets):
    manifest = sets[0].parent / "gap.csv"
    pd.read_csv(sets[0]).iloc[1:].to_csv(manifest, index=False)
    refused("every seed once at every alpha", manifest, sets[1])


def test_a_manifest_without_alphas_is_refused(sets):
    manifest = sets[0].parent / "bare.csv"
    pd.read_csv(sets[0])[["image_id", "file"]].to_csv(manifest, index=False)
    refused("lacks the column", manifest, sets[1])


def test_an_unreadable_photograph_is_refused_by_its_name(photographs, two_classes):
    for path in (photographs / "n01440764").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    refused(r"n01440764/\d\d\.JPEG", two_classes, photographs)


def test_images_of_another_size_are_refused(sets, tmp_path):
    reference = make_set(tmp_path, "reference", 30, (0.0,), offset=1000, size=16)
    refused("is 16×16 pixels, others are 32×32", sets[0], reference)


@pytest.mark.parametrize(("option", "value"), [("reference_per_class", 0), ("halves", 9), ("features_batch_size", 0)])
def test_impossible_options_are_refused(option, value):
    with pytest.raises(ValidationError, match=option):
        RealnessMeasurement(extractor="tiny", **{option: value})
