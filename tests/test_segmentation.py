"""Masks of the subject: GrabCut and its rule, the U-Net, its training, and masks of stored images."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from skimage.draw import disk, ellipse
from torch import nn

from ganalyze.compute import Compute
from ganalyze.errors import GanalyzeError
from ganalyze.factors import measure
from ganalyze.image_sets import ImageReader, Shard, read_manifest, write_manifest
from ganalyze.segmentation import load_segmenter
from ganalyze.segmentation.distillation import Distillation, HeldOut, distil, draw_images, iou, train_unet
from ganalyze.segmentation.grabcut import grabcut, grabcut_masks, is_plausible
from ganalyze.segmentation.stored import segment, segment_stored
from ganalyze.segmentation.unet import UNet, load_unet, save_unet

SCRIPT = Path(__file__).parents[1] / "scripts" / "segment_images.py"
CPU = Compute(torch.device("cpu"), "float32")


def heads(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 64, 64, 3) of bright ellipses before dark noise, and where they are (N, 64, 64)."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((count, 64, 64), bool)
    for mask in masks:
        mask[ellipse(*rng.integers(30, 38, 2), *rng.integers(20, 27, 2), (64, 64))] = True
    colour = rng.integers(140, 230, (count, 1, 1, 3))
    pixels = np.where(masks[..., None], colour, 60) + rng.integers(-20, 20, (count, 64, 64, 3))
    return pixels.astype(np.uint8), masks


def as_images(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


def is_bright(images: torch.Tensor) -> torch.Tensor:
    """A segmenter that is known: the soft mask is the brightness."""
    return (images.mean(dim=1) + 1) / 2


class Heads(nn.Module):
    """A generator whose images are `heads`, chosen by z."""

    z_dim, num_classes, class_names, image_size = 2, 3, ("a", "b", "c"), 64

    def forward(self, z, y):
        seeds = (z[:, 0].abs() * 1e6).long().tolist()
        return torch.cat([as_images(heads(1, seed)[0]) for seed in seeds])


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads that wait for each other make such small work slower, many times so where the cores are busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def trained():
    """A U-Net trained on 64 heads."""
    pixels, masks = heads(64)
    return train_unet(as_images(pixels), torch.from_numpy(masks), epochs=12, seed=5)


# --- IoU ------------------------------------------------------------------------------------------------------


def test_iou_is_what_sets_of_pixels_give():
    rng = np.random.default_rng(1)
    a, b = rng.random((2, 20, 9, 7)) < rng.random((2, 20, 1, 1))
    for value, first, second in zip(iou(a, b), a, b, strict=True):
        first, second = set(np.flatnonzero(first)), set(np.flatnonzero(second))
        assert value == len(first & second) / len(first | second)


def test_iou_of_equal_disjoint_and_empty_masks():
    left, none = np.zeros((2, 1, 4, 4), bool)
    left[..., :2] = True
    assert (iou(left, left), iou(left, ~left), iou(left, none), iou(none, none)) == (1, 0, 0, 1)


def test_iou_of_a_mask_and_its_half():
    whole = np.ones((1, 4, 4), bool)
    half = whole.copy()
    half[:, :2] = False
    assert iou(whole, half) == 0.5


# --- GrabCut --------------------------------------------------------------------------------------------------


def test_grabcut_finds_an_ellipse_of_another_colour():
    pixels, masks = heads(6)
    assert min(iou(np.stack([grabcut(image) for image in pixels]), masks)) > 0.95


def test_grabcut_depends_on_the_image_alone():
    images = as_images(np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), dtype=np.uint8))
    masks = grabcut_masks(images, "forwards")
    np.testing.assert_array_equal(grabcut_masks(images.flip(0), "backwards")[::-1], masks)


def test_grabcut_gives_the_same_with_any_number_of_threads():
    images = as_images(heads(8)[0])
    masks = [grabcut_masks(images, "one")]
    torch.set_num_threads(3)
    masks.append(grabcut_masks(images, "three"))
    torch.set_num_threads(1)
    np.testing.assert_array_equal(*masks)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_grabcut_of_a_flat_image_does_not_fail(level):
    assert grabcut(np.full((64, 64, 3), level, np.uint8)).any()


def test_the_mask_is_one_piece_without_holes():
    pixels, masks = heads(1)
    pixels[0, 30:36, 20:24] = 60  # a hole like the background
    pixels[0, 3:8, 4:9] = pixels[0][masks[0]].mean(axis=0)  # a speck like the subject
    mask = grabcut(pixels[0])
    assert mask[30:36, 22:24].all()
    assert not mask[3:8, 4:9].any()


# --- the rule -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("radius", "plausible"), [(14, False), (16, True), (29, True), (31, False)])
def test_masks_under_18_and_over_70_percent_are_dropped(radius, plausible):
    mask = np.zeros((64, 64), bool)
    mask[disk((31.5, 31.5), radius)] = True
    assert (0.18 <= mask.mean() <= 0.7) == plausible
    assert is_plausible(mask) == plausible


def test_nothing_and_everything_are_implausible():
    assert not is_plausible(np.zeros((64, 64), bool))
    assert not is_plausible(np.ones((64, 64), bool))


def test_a_ragged_mask_is_dropped_and_a_convex_one_of_its_size_kept():
    ragged = np.zeros((64, 64), bool)
    ragged[4:60, 28:36] = ragged[28:36, 4:60] = ragged[4:12, 4:60] = True  # a double cross
    convex = np.zeros((64, 64), bool)
    convex[:, :16] = True
    assert 0.18 < ragged.mean() < 0.7
    assert not is_plausible(ragged)
    assert is_plausible(convex)


def test_the_rule_measures_the_hull_where_it_lies():
    mask = np.zeros((40, 80), bool)  # not square, so that rows and columns cannot be mixed up unnoticed
    mask[2:38, 60:80] = True
    assert is_plausible(mask)
    assert is_plausible(mask.T)


# --- the U-Net ------------------------------------------------------------------------------------------------


def test_the_unet_is_under_a_megabyte(tmp_path):
    save_unet(UNet(), tmp_path / "segmenter.safetensors", {})
    assert (tmp_path / "segmenter.safetensors").stat().st_size < 1e6


@pytest.mark.parametrize("size", [(64, 64), (32, 32), (100, 80), (256, 256)])
def test_images_of_any_size_get_soft_masks_of_that_size(trained, size):
    with torch.no_grad():
        masks = trained(torch.rand(2, 3, *size) * 2 - 1)
    assert masks.shape == (2, *size)
    assert masks.min() >= 0
    assert masks.max() <= 1


def test_discs_it_has_not_seen_are_segmented(trained):
    pixels = np.full((3, 64, 64, 3), 60, np.uint8)
    masks = np.zeros((3, 64, 64), bool)
    for index, radius in enumerate((19, 22, 25)):
        masks[index][disk((33, 31), radius)] = True
    pixels[masks] = 190
    assert min(iou(segment(trained, as_images(pixels), CPU), masks)) > 0.9


def test_a_larger_image_of_the_same_has_the_same_share_of_subject(trained):
    pixels, _ = heads(4, seed=9)
    with torch.no_grad():
        small = trained(as_images(pixels)).mean(dim=(1, 2))
        large = trained(as_images(pixels.repeat(4, axis=1).repeat(4, axis=2))).mean(dim=(1, 2))
    torch.testing.assert_close(large, small, rtol=0.01, atol=0)


def test_soft_masks_do_not_depend_on_the_batch(trained):
    images = as_images(heads(7, seed=3)[0])
    with torch.no_grad():
        together, alone = trained(images), torch.cat([trained(image[None]) for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [64, 128])
def test_the_gradient_with_respect_to_the_image_is_finite_and_not_zero(trained, size):
    images = (torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1).requires_grad_()
    trained(images).mean().backward()
    assert torch.isfinite(images.grad).all()
    assert (images.grad.abs().amax(dim=(1, 2, 3)) > 0).all()


# --- training -------------------------------------------------------------------------------------------------


def test_training_gives_the_same_bits_twice_and_others_for_another_seed():
    pixels, masks = heads(40)
    images, masks = as_images(pixels), torch.from_numpy(masks)
    first, second, other = (train_unet(images, masks, epochs=2, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["last.weight"], other["last.weight"])


def test_training_leaves_its_data_and_torchs_own_randomness_alone():
    pixels, masks = heads(32)
    images, masks = as_images(pixels), torch.from_numpy(masks)
    copies, state = (images.clone(), masks.clone()), torch.get_rng_state()
    train_unet(images, masks, epochs=1, seed=1)
    assert torch.equal(images, copies[0])
    assert torch.equal(masks, copies[1])
    assert torch.equal(torch.get_rng_state(), state)


def test_training_on_less_than_a_batch_is_refused():
    with pytest.raises(GanalyzeError, match="5 images with a plausible mask: a segmenter needs at least 32"):
        train_unet(torch.zeros(5, 3, 64, 64), torch.zeros(5, 64, 64, dtype=torch.bool), epochs=1, seed=0)


def test_more_images_begin_with_the_same_ones_and_held_out_ones_are_others():
    few, many = (draw_images(Heads(), count, 7, "training") for count in (3, 60))
    assert torch.equal(many[:3], few)
    assert not torch.equal(draw_images(Heads(), 3, 7, "held-out"), few)


def test_distilling_reports_settings_drops_and_the_iou_of_held_out_images():
    _, held_out, summary = distil(Heads(), Distillation(samples=40, held_out=10, epochs=10, seed=3), CPU)
    agreement = iou(held_out.masks, held_out.grabcuts)
    assert summary["iou_mean"] == pytest.approx(agreement.mean())
    assert summary["iou_median"] == pytest.approx(np.median(agreement))
    assert summary["held_out_dropped"] == 10 - len(held_out.pixels)
    assert summary["samples"] == 40
    assert summary["iou_mean"] > 0.8


def test_implausible_grabcuts_are_left_out_and_counted(monkeypatch):
    verdicts = iter([True] * 40 + [False] * 8 + [True, False] * 5)
    monkeypatch.setattr("ganalyze.segmentation.distillation.is_plausible", lambda mask: next(verdicts))
    _, held_out, summary = distil(Heads(), Distillation(samples=48, held_out=10, epochs=1, seed=3), CPU)
    assert (summary["samples_dropped"], summary["held_out_dropped"], len(held_out.pixels)) == (8, 5, 5)


def test_a_generator_without_a_subject_is_refused(monkeypatch):
    monkeypatch.setattr("ganalyze.segmentation.distillation.is_plausible", lambda mask: False)
    with pytest.raises(GanalyzeError, match="in none of 4 images"):
        distil(Heads(), Distillation(samples=4, held_out=4, epochs=1, seed=0), CPU)


@pytest.mark.parametrize("name", ["samples", "held_out", "epochs"])
def test_settings_of_zero_are_refused(name):
    with pytest.raises(GanalyzeError, match=f"{name} of the segmenter: got 0"):
        Distillation(**({"samples": 1, "held_out": 1, "epochs": 1, "seed": 0} | {name: 0}))


def test_held_out_images_are_stored_with_both_masks_and_their_iou(tmp_path):
    pixels, masks = heads(3)
    HeldOut(pixels, masks, np.roll(masks, 3, axis=1)).write(tmp_path / "held_out.csv")
    table = read_manifest(tmp_path / "held_out.csv")
    np.testing.assert_allclose(table.iou, iou(masks, np.roll(masks, 3, axis=1)))
    with ImageReader(tmp_path) as reader:
        np.testing.assert_array_equal(reader.read(table.file[1]), pixels[1])
        np.testing.assert_array_equal(reader.read(table.grabcut_file[1])[..., 0] > 0, masks[1])
        np.testing.assert_array_equal(reader.read(table.mask_file[1])[..., 0] > 0, np.roll(masks[1], 3, axis=0))


# --- the file -------------------------------------------------------------------------------------------------


def test_what_is_saved_is_loaded_and_saved_alike(trained, tmp_path):
    save_unet(trained, tmp_path / "segmenter.safetensors", {"iou_mean": 0.9, "seed": 5})
    loaded = load_segmenter("unet", tmp_path, "cpu")
    images = as_images(heads(2)[0])
    with torch.no_grad():
        assert torch.equal(loaded(images), trained(images))
    save_unet(loaded, tmp_path / "again.safetensors", {"iou_mean": 0.9, "seed": 5})
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "segmenter.safetensors").read_bytes()
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_the_file_is_found_in_the_second_of_two_folders(trained, tmp_path):
    save_unet(trained, tmp_path / "run" / "segmenter.safetensors", {})
    load_unet(f"{tmp_path / 'weights'}:{tmp_path / 'run'}", "cpu")


def test_a_missing_segmenter_says_how_to_make_one(tmp_path):
    with pytest.raises(GanalyzeError, match=r"segmenter\.safetensors not found.*train_segmenter\.py"):
        load_segmenter("unet", tmp_path, "cpu")


@pytest.mark.parametrize("content", [b"", b"no safetensors", None])
def test_a_broken_file_is_one_clear_error(trained, tmp_path, content):
    path = tmp_path / "segmenter.safetensors"
    save_unet(trained, path, {})
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    with pytest.raises(GanalyzeError, match="not a readable safetensors file"):
        load_unet(tmp_path, "cpu")


def test_weights_of_another_network_are_named(tmp_path):
    save_unet(UNet((4, 8)), tmp_path / "segmenter.safetensors", {})
    with pytest.raises(GanalyzeError, match=r"segmenter\.safetensors does not fit the network"):
        load_unet(tmp_path, "cpu")


# --- stored images --------------------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path):
    """A manifest of five images in a shard: four heads and a black one; and where the subjects are."""
    pixels, masks = heads(5)
    pixels[4], masks[4] = 0, False
    with Shard(tmp_path / "test.zip") as shard:
        for index, image in enumerate(pixels):
            shard.add(f"test_{index}.png", image)
    names = [f"test_{index}" for index in range(5)]
    table = pd.DataFrame({"image_id": names, "file": [f"test.zip/{name}.png" for name in names]})
    write_manifest(table, tmp_path / "test.csv")
    return tmp_path / "test.csv", masks


@pytest.mark.parametrize("batch_size", [2, 5, 100])
def test_stored_masks_are_what_the_factors_are_measured_with(stored, tmp_path, batch_size):
    manifest, masks = stored
    output = tmp_path / "masks" / "test.csv"
    sizes = segment_stored(is_bright, read_manifest(manifest), manifest, output, batch_size, CPU)
    np.testing.assert_allclose(sizes, masks.mean(axis=(1, 2)))
    assert sorted(path.name for path in output.parent.iterdir()) == ["test.csv", "test.zip"]
    factors = measure(manifest, output)
    np.testing.assert_allclose(factors.object_size[:4], masks[:4].mean(axis=(1, 2)))
    assert np.isnan(factors.object_size[4])  # no subject is missing, not zero


def test_images_of_several_sizes_are_refused_and_leave_nothing_behind(stored, tmp_path):
    manifest, _ = stored
    with Shard(tmp_path / "test.zip") as shard:
        for index in range(5):
            shard.add(f"test_{index}.png", np.zeros((64, 60 + index, 3), np.uint8))
    with pytest.raises(GanalyzeError, match="several sizes"):
        segment_stored(is_bright, read_manifest(manifest), manifest, tmp_path / "masks.csv", 5, CPU)
    assert not list(tmp_path.glob("*masks*"))


def test_the_script_segments_a_manifest(trained, stored, tmp_path):
    manifest, masks = stored
    save_unet(trained, tmp_path / "segmenter.safetensors", {})
    done = run_script(manifest, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "5 masks" in done.stdout
    sizes = measure(manifest, tmp_path / "masks.csv").object_size
    np.testing.assert_allclose(sizes[:4], masks[:4].mean(axis=(1, 2)), atol=0.05)


def test_the_script_says_in_one_line_that_the_segmenter_is_broken(stored, tmp_path):
    (tmp_path / "segmenter.safetensors").write_bytes(b"broken")
    done = run_script(stored[0], tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: segmenter")
    assert len(done.stderr.splitlines()) == 1


def run_script(manifest: Path, folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, SCRIPT, "--manifest", manifest, "--segmenter", "unet", "--weights-dir", folder]
    return subprocess.run([*command, "--output", folder / "masks.csv"], capture_output=True, text=True)
