"""GrabCut on its own, and the rule that drops what is no head."""

import numpy as np
import pytest
import torch
from skimage.draw import disk

from ganalyze.models.segmenters.distillation import iou
from ganalyze.models.segmenters.grabcut import grabcut, grabcut_masks, is_plausible

from .conftest import as_images, heads


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
