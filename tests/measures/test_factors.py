"""Image factors (paper §3.2): true on pictures whose values are known, unmoved by what must not move them."""

import colorsys
import math
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, settings
from hypothesis import given as given_any
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from skimage.color import rgb2hsv
from skimage.draw import disk, ellipse
from skimage.measure import regionprops, shannon_entropy

from ganalyze.images.image_sets import write_manifest
from ganalyze.images.shards import Shard
from ganalyze.measures.factors import IMAGE_FACTORS, MASK_FACTORS, image_factors, mask_factors, measure
from ganalyze.support.errors import GanalyzeError
from tests import REPOSITORY

SCRIPT = REPOSITORY / "scripts" / "measure_factors.py"
COLUMNS = ["image_id", *IMAGE_FACTORS, *MASK_FACTORS]

sides = st.integers(1, 24)
images = st.tuples(sides, sides, st.just(3)).flatmap(lambda shape: arrays(np.uint8, shape))
frames = st.tuples(sides, sides).flatmap(lambda shape: arrays(bool, shape))
usable_masks = frames.filter(lambda mask: mask.any() and not mask.all())


def given(*strategies, examples: int = 60):
    """Hypothesis' `given`: the same examples every time, and no deadline, since the cores may be busy."""
    return lambda test: settings(deadline=None, max_examples=examples, derandomize=True)(given_any(*strategies)(test))


def of_image(image: np.ndarray) -> pd.Series:
    return image_factors(image[None]).iloc[0]


def of_mask(mask: np.ndarray | None) -> pd.Series:
    return mask_factors([mask]).iloc[0]


def filled(*colour: int, shape: tuple[int, int] = (16, 16)) -> np.ndarray:
    return np.full((*shape, 3), colour, np.uint8)


def drawn(indices: tuple[np.ndarray, np.ndarray] | tuple[slice, slice], shape=(256, 256)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[indices] = True
    return mask


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


# --- pixels: known values -------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0, 1, 51, 127, 128, 255])
def test_brightness_of_one_grey_is_its_level(level):
    assert of_image(filled(level, level, level)).brightness == pytest.approx(level / 255, rel=1e-12)


@pytest.mark.parametrize(("colour", "brightness"), [((255, 0, 0), 0.299), ((0, 255, 0), 0.587), ((0, 0, 255), 0.114)])
def test_brightness_of_the_primaries_is_their_share_of_luma(colour, brightness):
    assert of_image(filled(*colour)).brightness == pytest.approx(brightness, rel=1e-12)


def test_brightness_of_a_ramp_over_all_greys_is_a_half():
    ramp = np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (8, 1, 3))
    assert of_image(ramp).brightness == 0.5


@pytest.mark.parametrize(("levels", "bits"), [(1, 0), (2, 1), (4, 2), (64, 6), (256, 8)])
def test_entropy_of_equally_common_greys_is_the_logarithm_of_their_number(levels, bits):
    greys = np.linspace(0, 255, levels).astype(np.uint8)
    assert of_image(np.tile(greys[None, :, None], (4, 1, 3))).entropy == bits


def test_entropy_of_a_quarter_white_on_black():
    image = np.concatenate([filled(0, 0, 0, shape=(12, 16)), filled(255, 255, 255, shape=(4, 16))])
    assert of_image(image).entropy == pytest.approx(-0.25 * math.log2(0.25) - 0.75 * math.log2(0.75))


@pytest.mark.parametrize("level", [0, 77, 255])
def test_grey_has_no_colour_at_all(level):
    factors = of_image(filled(level, level, level))
    assert (factors.colorfulness, factors.redness) == (0, 0)


def test_colorfulness_of_one_colour_is_three_tenths_of_its_distance_from_grey():
    # rg = 255, yb = 127.5, and nothing deviates.
    assert of_image(filled(255, 0, 0)).colorfulness == pytest.approx(0.3 * math.hypot(255, 127.5))


def test_colorfulness_of_red_beside_green_is_all_deviation_in_rg():
    # rg = ±255: σ 255, μ 0; yb = 127.5 everywhere: σ 0, μ 127.5.
    image = np.concatenate([filled(255, 0, 0), filled(0, 255, 0)])
    assert of_image(image).colorfulness == pytest.approx(255 + 0.3 * 127.5)


@pytest.mark.parametrize("reds", [0, 1, 5, 16])
def test_redness_is_the_share_of_red_pixels(reds):
    image = filled(0, 0, 255)
    image[:reds] = (200, 10, 10)
    assert of_image(image).redness == reds / 16


@pytest.mark.parametrize(
    ("colour", "is_red"),
    [
        ((255, 0, 0), True),
        ((255, 85, 0), True),  # hue 20°
        ((255, 86, 0), False),
        ((255, 0, 85), True),  # hue 340°
        ((255, 0, 86), False),
        ((200, 100, 100), True),  # saturation 0.5
        ((200, 101, 101), False),
        ((51, 0, 0), True),  # value 0.2
        ((50, 0, 0), False),
        ((255, 255, 0), False),
        ((255, 0, 255), False),
        ((0, 255, 255), False),
        ((0, 0, 0), False),
        ((255, 255, 255), False),
    ],
)
def test_red_ends_where_the_rule_says(colour, is_red):
    assert of_image(filled(*colour)).redness == is_red


# --- pixels: against other computations -----------------------------------------------------------------------


@given(images)
def test_brightness_is_mean_luma(image):
    assert of_image(image).brightness == pytest.approx((image @ [0.299, 0.587, 0.114]).mean() / 255, rel=1e-9)


@given(images)
def test_colorfulness_is_the_papers_formula(image):
    red, green, blue = np.moveaxis(image.astype(float), 2, 0)
    rg, yb = red - green, 0.5 * (red + green) - blue
    m3 = np.sqrt(rg.std() ** 2 + yb.std() ** 2) + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2)
    assert of_image(image).colorfulness == pytest.approx(m3, rel=1e-9, abs=1e-9)


@given(images)
def test_redness_is_the_rule_in_the_standard_librarys_hsv(image):
    def is_red(pixel, slack):
        hue, saturation, value = colorsys.rgb_to_hsv(*(pixel / 255))
        from_red = min(hue, 1 - hue) * 360
        return from_red <= 20 + slack and saturation >= 0.5 - slack and value >= 0.2 - slack

    pixels = image.reshape(-1, 3)
    least, most = (np.mean([is_red(pixel, slack) for pixel in pixels]) for slack in (-1e-9, 1e-9))
    assert least <= of_image(image).redness <= most


def test_redness_of_every_kind_of_pixel_agrees_with_scikit_image():
    image = noise(300, 300)
    hue, saturation, value = np.moveaxis(rgb2hsv(image), 2, 0)
    from_red = np.minimum(hue, 1 - hue) * 360
    least, most = (
        ((from_red <= 20 + slack) & (saturation >= 0.5 - slack) & (value >= 0.2 - slack)).mean()
        for slack in (-1e-9, 1e-9)
    )
    assert least <= of_image(image).redness <= most


@given(sides, sides, st.integers(0, 99))
def test_entropy_of_a_grey_image_is_that_of_scikit_image(height, width, seed):
    grey = noise(height, width, seed=seed)[..., :1] // 8
    expected = shannon_entropy(grey[..., 0])
    assert of_image(np.tile(grey, 3)).entropy == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_entropy_of_a_coloured_image_is_that_of_its_rounded_luma():
    image = noise(256, 256)
    grey = np.floor(image @ [0.299, 0.587, 0.114] + 0.5)
    assert of_image(image).entropy == pytest.approx(shannon_entropy(grey), rel=1e-4)  # some luma lies on a half


# --- pixels: properties ---------------------------------------------------------------------------------------


@given(images, st.randoms(use_true_random=False))
def test_shuffled_pixels_have_the_same_factors_to_the_bit(image, random):
    pixels = list(image.reshape(-1, 3))
    random.shuffle(pixels)
    pd.testing.assert_series_equal(of_image(np.array(pixels).reshape(image.shape)), of_image(image), check_exact=True)


@given(images, st.integers(1, 3))
def test_a_rotated_image_has_the_same_factors_to_the_bit(image, quarters):
    pd.testing.assert_series_equal(of_image(np.rot90(image, quarters)), of_image(image), check_exact=True)


@given(images)
def test_an_image_beside_itself_has_the_same_factors(image):
    pd.testing.assert_series_equal(of_image(np.concatenate([image, image])), of_image(image), rtol=1e-12)


@given(images)
def test_factors_stay_in_their_ranges(image):
    factors = of_image(image)
    assert 0 <= factors.brightness <= 1
    assert 0 <= factors.redness <= 1
    assert 0 <= factors.entropy <= min(8, math.log2(image.shape[0] * image.shape[1])) + 1e-12
    assert factors.colorfulness >= 0


@given(images)
def test_the_negative_has_the_complementary_brightness_and_the_same_colorfulness(image):
    factors, negative = of_image(image), of_image(255 - image)
    assert negative.brightness == pytest.approx(1 - factors.brightness, abs=1e-12)
    assert negative.colorfulness == pytest.approx(factors.colorfulness, abs=1e-9)


@given(images, st.integers(1, 100))
def test_more_light_is_brighter_and_leaves_colorfulness_alone(image, light):
    image = image // 2
    factors, lit = of_image(image), of_image(image + np.uint8(light))
    assert lit.brightness == pytest.approx(factors.brightness + light / 255)
    assert lit.colorfulness == pytest.approx(factors.colorfulness, abs=1e-9)


@given(images)
def test_half_the_values_have_half_the_colorfulness(image):
    image = image & 0xFE
    assert of_image(image // 2).colorfulness == pytest.approx(of_image(image).colorfulness / 2, abs=1e-9)


@given(images)
def test_green_and_blue_count_alike_for_redness(image):
    assert of_image(image[..., [0, 2, 1]]).redness == of_image(image).redness


def test_a_batch_gives_the_same_bits_as_its_images_one_by_one():
    batch = np.stack([noise(40, 50, seed=seed) for seed in range(5)])
    one_by_one = pd.concat([image_factors([image]) for image in batch], ignore_index=True)
    pd.testing.assert_frame_equal(image_factors(batch), one_by_one, check_exact=True)


def test_images_of_several_sizes_make_a_batch():
    assert len(image_factors([noise(4, 5), noise(6, 7)])) == 2


def test_a_large_image_overflows_nothing():
    image = np.tile(np.array([[255, 0, 0], [0, 0, 255]], np.uint8), (4000, 1000, 1))
    small = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    pd.testing.assert_series_equal(of_image(image), of_image(small), rtol=1e-12)


# --- masks: known values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [10, 30, 80, 120])
def test_a_centred_disc(radius):
    factors = of_mask(drawn(disk((127.5, 127.5), radius)))
    assert factors.object_size == pytest.approx(math.pi * radius**2 / 256**2, rel=0.01)
    assert factors.centeredness == 1
    assert factors.squareness == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("degrees", [0, 20, 45, 90, 135])
@pytest.mark.parametrize(("major", "minor"), [(100, 50), (90, 80), (110, 20)])
def test_an_ellipse_has_the_ratio_of_its_axes_however_it_is_turned(major, minor, degrees):
    mask = drawn(ellipse(150, 140, minor, major, (300, 300), math.radians(degrees)), (300, 300))
    factors = of_mask(mask)
    assert factors.squareness == pytest.approx(minor / major, rel=0.01)
    assert factors.object_size == pytest.approx(math.pi * major * minor / 300**2, rel=0.01)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 7), (3, 12), (40, 10), (1, 200), (200, 255)])
def test_a_rectangle_has_exactly_the_ratio_of_its_sides(height, width):
    factors = of_mask(drawn((slice(5, 5 + height), slice(1, 1 + width))))
    assert factors.squareness == pytest.approx(min(height, width) / max(height, width), rel=1e-9)
    assert factors.object_size == height * width / 256**2


def test_centeredness_falls_from_the_centre_to_the_corner():
    assert of_mask(drawn((slice(0, 2), slice(0, 2)), (2, 3))).centeredness == pytest.approx(
        1 - 0.5 / math.hypot(1, 1.5)
    )
    # The corner pixel's centre is half a pixel inside the frame's corner.
    corner = of_mask(drawn((slice(0, 1), slice(0, 1)), (100, 100)))
    assert corner.centeredness == pytest.approx(1 / 100)


@pytest.mark.parametrize(("row", "column"), [(128, 128), (100, 128), (60, 200), (40, 40)])
def test_a_shifted_disc_is_as_far_from_the_centre_as_it_was_drawn(row, column):
    factors = of_mask(drawn(disk((row, column), 30)))
    distance = math.hypot(row - 127.5, column - 127.5)
    assert factors.centeredness == pytest.approx(1 - distance / math.hypot(128, 128), rel=1e-9)


@pytest.mark.parametrize(
    "mask", [None, np.zeros((8, 9), bool), np.ones((8, 9), bool)], ids=["none", "empty", "everything"]
)
def test_an_unusable_mask_gives_missing_values_never_zeros(mask):
    assert of_mask(mask).isna().all()


@pytest.mark.parametrize("usable", [drawn((0, 0), (8, 9)), ~drawn((0, 0), (8, 9))], ids=["one", "all but one"])
def test_a_mask_with_one_pixel_or_all_but_one_is_usable(usable):
    assert of_mask(usable).notna().all()


# --- masks: against other computations ------------------------------------------------------------------------


@given(usable_masks)
def test_size_centroid_and_axes_are_those_of_scikit_image(mask):
    region = regionprops(mask.astype(np.uint8))[0]
    factors = of_mask(mask)
    assert factors.object_size == pytest.approx(region.area / mask.size)
    offset = np.array(region.centroid) + 0.5 - np.array(mask.shape) / 2
    assert factors.centeredness == pytest.approx(1 - np.linalg.norm(offset) / (np.linalg.norm(mask.shape) / 2))
    # scikit-image's pixels are points; a unit square's own moment is 1/12.
    major, minor = (value + 1 / 12 for value in region.inertia_tensor_eigvals)
    assert factors.squareness == pytest.approx(math.sqrt(minor / major), rel=1e-7)


@given(usable_masks, examples=20)
def test_squareness_is_what_scikit_image_finds_where_every_pixel_is_enlarged_to_a_square(mask):
    region = regionprops(np.kron(mask, np.ones((16, 16), np.uint8)))[0]
    expected = region.axis_minor_length / region.axis_major_length
    assert of_mask(mask).squareness == pytest.approx(expected, rel=0.01)


# --- masks: properties ----------------------------------------------------------------------------------------


@given(usable_masks, st.integers(0, 9), st.integers(0, 9))
def test_size_and_squareness_do_not_depend_on_the_place(mask, down, across):
    frame = np.zeros((mask.shape[0] + 9, mask.shape[1] + 9), bool)
    moved = frame.copy()
    frame[: mask.shape[0], : mask.shape[1]] = mask
    moved[down : down + mask.shape[0], across : across + mask.shape[1]] = mask
    one, other = of_mask(frame), of_mask(moved)
    assert (one.object_size, one.squareness) == (other.object_size, other.squareness)


@given(usable_masks)
@pytest.mark.parametrize("flip", [np.flipud, np.fliplr, np.transpose, np.rot90])
def test_a_flipped_or_turned_mask_has_the_same_factors_to_the_bit(flip, mask):
    pd.testing.assert_series_equal(of_mask(flip(mask)), of_mask(mask), check_exact=True)


@given(usable_masks)
def test_a_mask_and_its_ground_share_the_image(mask):
    assert of_mask(mask).object_size + of_mask(~mask).object_size == pytest.approx(1)


@given(usable_masks, st.integers(2, 4))
def test_an_enlarged_picture_has_the_same_factors(mask, scale):
    larger = np.kron(mask, np.ones((scale, scale), bool))
    pd.testing.assert_series_equal(of_mask(larger), of_mask(mask), rtol=1e-9)


@given(usable_masks)
def test_mask_factors_stay_in_their_ranges(mask):
    factors = of_mask(mask)
    assert 0 < factors.object_size < 1
    assert 0 < factors.centeredness <= 1
    assert 0 < factors.squareness <= 1


@given(usable_masks)
def test_a_symmetric_mask_is_centred(mask):
    both_ways = mask | mask[::-1, ::-1]
    assume(not both_ways.all())
    assert of_mask(both_ways).centeredness == 1


# --- stored images --------------------------------------------------------------------------------------------


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


@pytest.fixture
def pictures(tmp_path) -> Path:
    """Folders `images` and `masks` with five pictures of two sizes and their subjects."""
    for index in range(5):
        shape = (30, 40) if index % 2 else (20, 20)
        save(tmp_path / "images" / f"{index:02d}.png", noise(*shape, seed=index))
        save(tmp_path / "masks" / f"{index:02d}.png", drawn((slice(2, 10), slice(3, 7 + index)), shape))
    return tmp_path


def store(folder: Path, name: str, images: dict[str, np.ndarray]) -> Path:
    """Write images as two shards and a manifest, the last image first."""
    files = {}
    for number in (0, 1):
        with Shard(folder / name / f"shard-{number:04d}.zip") as shard:
            for image_id in list(images)[number::2]:
                shard.add(f"{image_id}.png", images[image_id])
                files[image_id] = f"{name}/shard-{number:04d}.zip/{image_id}.png"
    manifest = pd.DataFrame({"image_id": list(images)[::-1], "file": [files[i] for i in list(images)[::-1]]})
    write_manifest(manifest, folder / f"{name}.csv")
    return folder / f"{name}.csv"


def test_a_folder_is_measured_in_the_order_of_its_names(pictures):
    table = measure(pictures / "images", pictures / "masks")
    assert list(table) == COLUMNS
    assert list(table.image_id) == ["00", "01", "02", "03", "04"]
    expected = image_factors([noise(*((30, 40) if i % 2 else (20, 20)), seed=i) for i in range(5)])
    pd.testing.assert_frame_equal(table[IMAGE_FACTORS], expected, check_exact=True)
    assert table.object_size.tolist() == [32 / 400, 40 / 1200, 48 / 400, 56 / 1200, 64 / 400]


@pytest.mark.parametrize("masks_are_sharded", [True, False])
def test_a_manifest_of_shards_is_measured_in_its_order(tmp_path, masks_are_sharded):
    images = {f"test_{i:05d}_+0.1": noise(12, 12, seed=i) for i in range(6)}
    masks = {name: drawn((slice(0, 3), slice(0, i + 1)), (12, 12)) for i, name in enumerate(images)}
    if masks_are_sharded:
        mask_source = store(tmp_path, "masks", masks)
    else:
        mask_source = tmp_path / "masks"
        for name, mask in masks.items():
            save(mask_source / f"{name}.png", mask)
    table = measure(store(tmp_path, "test", images), mask_source)
    assert list(table.image_id) == list(images)[::-1]
    pd.testing.assert_frame_equal(table[IMAGE_FACTORS], image_factors(list(images.values())[::-1]), check_exact=True)
    pd.testing.assert_frame_equal(table[MASK_FACTORS], mask_factors(list(masks.values())[::-1]), check_exact=True)


@pytest.mark.parametrize(("threads", "batch"), [(1, 1), (1, 64), (2, 2), (4, 3)])
def test_threads_and_batches_change_no_bit(pictures, threads, batch):
    one = measure(pictures / "images", pictures / "masks", threads=1, batch=5).to_csv()
    assert measure(pictures / "images", pictures / "masks", threads, batch).to_csv() == one


def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    save(tmp_path / "picture.png", noise(256, 256))

    def peak(count):
        rows = pd.DataFrame({"image_id": np.arange(count), "file": "picture.png"})
        write_manifest(rows, tmp_path / "set.csv")
        tracemalloc.start()
        measure(tmp_path / "set.csv", threads=1)  # with more, chance decides which peaks coincide
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(10)  # what is allocated once
    assert peak(400) < peak(100) + 500_000  # an image alone is 200,000 bytes


def test_any_non_zero_value_of_a_mask_is_subject(tmp_path):
    mask = np.zeros((10, 10, 3), np.uint8)
    mask[0, 0], mask[0, 1], mask[0, 2] = (1, 0, 0), (0, 1, 0), (0, 0, 255)
    save(tmp_path / "images" / "a.png", noise(10, 10))
    save(tmp_path / "masks" / "a.png", mask)
    assert measure(tmp_path / "images", tmp_path / "masks").object_size.item() == 0.03


def test_without_masks_only_what_needs_them_is_missing(pictures):
    table = measure(pictures / "images")
    assert table[IMAGE_FACTORS].notna().all(axis=None)
    assert table[MASK_FACTORS].isna().all(axis=None)


def test_missing_empty_and_full_masks_leave_their_image_without_mask_factors(pictures):
    (pictures / "masks" / "00.png").unlink()
    save(pictures / "masks" / "01.png", np.zeros((30, 40), bool))
    save(pictures / "masks" / "02.png", np.ones((20, 20), bool))
    table = measure(pictures / "images", pictures / "masks")
    assert table.squareness.isna().tolist() == [True, True, True, False, False]
    assert table[IMAGE_FACTORS].notna().all(axis=None)


def test_an_all_black_image_is_dark_dull_and_simple(tmp_path):
    save(tmp_path / "black.png", filled(0, 0, 0))
    assert measure(tmp_path)[IMAGE_FACTORS].iloc[0].tolist() == [0, 0, 0, 0]


def test_images_with_and_without_colour_or_opacity_are_read_alike(tmp_path):
    grey = noise(9, 9)[..., 0]
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(grey).convert("RGB").save(tmp_path / "rgb.png")
    Image.fromarray(grey).convert("RGBA").save(tmp_path / "rgba.PNG")
    factors = measure(tmp_path)[IMAGE_FACTORS].to_numpy()
    assert (factors == factors[0]).all()
    assert len(factors) == 3


def test_numbers_as_image_ids_find_their_masks(tmp_path):
    save(tmp_path / "a.png", noise(8, 8))
    save(tmp_path / "masks" / "7.png", drawn((0, 0), (8, 8)))
    write_manifest(pd.DataFrame({"image_id": [7], "file": ["a.png"]}), tmp_path / "set.csv")
    assert measure(tmp_path / "set.csv", tmp_path / "masks").object_size.item() == 1 / 64


def test_the_same_name_twice_is_refused(tmp_path):
    save(tmp_path / "a.png", noise(8, 8))
    save(tmp_path / "a.PNG", noise(8, 8))
    with pytest.raises(GanalyzeError, match="differ in their ending only"):
        measure(tmp_path)


def test_no_threads_are_refused(pictures):
    with pytest.raises(GanalyzeError, match="at least 1"):
        measure(pictures / "images", threads=0)


# --- the command ----------------------------------------------------------------------------------------------


def run(*arguments: Path | str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)


def test_the_command_writes_the_table_and_counts_images_without_a_usable_mask(pictures):
    (pictures / "masks" / "03.png").unlink()
    output = pictures / "new" / "factors.csv"
    done = run("--images", pictures / "images", "--masks", pictures / "masks", "--output", output)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "5 images, 1 of them without a usable mask" in done.stdout
    table = pd.read_csv(output, dtype={"image_id": str})
    pd.testing.assert_frame_equal(table, measure(pictures / "images", pictures / "masks"), check_exact=True)
    assert [path.name for path in output.parent.iterdir()] == ["factors.csv"]


def unreadable_image(folder):
    (folder / "images" / "03.png").write_bytes(b"not an image")


def truncated_image(folder):
    whole = (folder / "images" / "03.png").read_bytes()
    (folder / "images" / "03.png").write_bytes(whole[: len(whole) // 2])


def unreadable_mask(folder):
    (folder / "masks" / "03.png").write_bytes(b"")


def no_images(folder):
    for path in (folder / "images").iterdir():
        path.unlink()


def no_folder(folder):
    (folder / "images").rename(folder / "elsewhere")


def mask_of_another_size(folder):
    save(folder / "masks" / "03.png", drawn((0, 0), (7, 8)))


def masks_of_other_images(folder):
    for path in (folder / "masks").iterdir():
        path.rename(path.with_name(f"other_{path.name}"))


def no_masks_folder(folder):
    (folder / "masks").rename(folder / "elsewhere")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (unreadable_image, "03.png is not a readable image"),
        (truncated_image, "03.png is not a readable image"),
        (unreadable_mask, "03.png is not a readable image"),
        (no_images, "images holds no images: files that end in .jpg, .jpeg"),
        (no_folder, "images not found: give a manifest or a folder"),
        (mask_of_another_size, "mask of 03 is 8×7 pixels, its image 40×30"),
        (masks_of_other_images, "none of the masks"),
        (no_masks_folder, "masks not found: give a manifest or a folder"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong_and_writes_nothing(pictures, spoil, message):
    spoil(pictures)
    output = pictures / "new" / "factors.csv"
    done = run("--images", pictures / "images", "--masks", pictures / "masks", "--output", output)
    assert done.returncode != 0
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert not output.parent.exists()


def test_a_manifest_whose_image_is_missing_is_named_in_one_line(tmp_path):
    manifest = store(tmp_path, "test", {"a": noise(4, 4), "b": noise(4, 4)})
    manifest.write_text(manifest.read_text().replace("b.png", "c.png"))
    done = run("--images", manifest, "--output", tmp_path / "factors.csv")
    assert done.returncode != 0
    assert done.stderr.startswith("error: cannot read c.png from")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "factors.csv").exists()
