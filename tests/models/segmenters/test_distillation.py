"""How the U-Net is trained and judged."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from ganalyze.images.image_sets import read_manifest
from ganalyze.images.reading import ImageReader
from ganalyze.models.segmenters.distillation import HeldOut, distil, draw_images, iou, train_unet
from ganalyze.models.segmenters.settings import Distillation
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.settings import one_error
from tests.networks import CPU

from .conftest import Heads, as_images, heads


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
    _, held_out, summary = distil(Heads(), Distillation(samples=40, held_out_samples=10, epochs=10), CPU, seed=3)
    agreement = iou(held_out.masks, held_out.grabcuts)
    assert summary["iou_mean"] == pytest.approx(agreement.mean())
    assert summary["iou_median"] == pytest.approx(np.median(agreement))
    assert summary["held_out_dropped"] == 10 - len(held_out.pixels)
    assert summary["samples"] == 40
    assert summary["iou_mean"] > 0.8


def test_implausible_grabcuts_are_left_out_and_counted(monkeypatch):
    verdicts = iter([True] * 40 + [False] * 8 + [True, False] * 5)
    monkeypatch.setattr("ganalyze.models.segmenters.distillation.is_plausible", lambda mask: next(verdicts))
    _, held_out, summary = distil(Heads(), Distillation(samples=48, held_out_samples=10, epochs=1), CPU, seed=3)
    assert (summary["samples_dropped"], summary["held_out_dropped"], len(held_out.pixels)) == (8, 5, 5)


def test_a_generator_without_a_subject_is_refused(monkeypatch):
    monkeypatch.setattr("ganalyze.models.segmenters.distillation.is_plausible", lambda mask: False)
    with pytest.raises(GanalyzeError, match="in none of 4 images"):
        distil(Heads(), Distillation(samples=4, held_out_samples=4, epochs=1), CPU, seed=0)


@pytest.mark.parametrize("name", ["samples", "held_out_samples", "epochs"])
def test_settings_of_zero_are_refused(name):
    with pytest.raises(ValidationError, match=f"{name}\n  Input should be greater than 0") as refused:
        Distillation(**{name: 0})
    assert one_error(refused.value, Distillation, "segmenter").args == (
        f"segmenter: {name}: got 0, input should be greater than 0",
    )


def test_held_out_images_are_stored_with_both_masks_and_their_iou(tmp_path):
    pixels, masks = heads(3)
    HeldOut(pixels, masks, np.roll(masks, 3, axis=1)).write(tmp_path / "held_out.csv")
    table = read_manifest(tmp_path / "held_out.csv")
    np.testing.assert_allclose(table.iou, iou(masks, np.roll(masks, 3, axis=1)))
    with ImageReader(tmp_path) as reader:
        np.testing.assert_array_equal(reader.read(table.file[1]), pixels[1])
        np.testing.assert_array_equal(reader.read(table.grabcut_file[1])[..., 0] > 0, masks[1])
        np.testing.assert_array_equal(reader.read(table.mask_file[1])[..., 0] > 0, np.roll(masks[1], 3, axis=0))
