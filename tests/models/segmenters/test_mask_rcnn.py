"""Mask R-CNN as a segmenter and as the object-size assessor: torchvision's masks, the stated subject, gradients."""

import pytest
import torch

from ganalyze.models.segmenters.mask_rcnn import MaskRCNN, paste
from tests import published
from tests.networks import load_assessor, load_segmenter

SIZE = 128  # of the images, which the network sees at this size


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    published.write_mask_rcnn(folder)
    return folder


@pytest.fixture(scope="module")
def assessor(folder):
    return load_assessor("object-size", folder, {"min_size": SIZE})


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(3)) * 2 - 1


def centroid(mask):
    """Row and column of a mask's centre of mass, in pixels."""
    return torch.stack([(torch.arange(SIZE) * mask.sum(dim)).sum() / mask.sum() for dim in (1, 0)])


def test_the_mask_is_the_subjects_among_those_that_torchvision_pastes(assessor, images):
    network = assessor.segmenter
    with torch.no_grad():
        ours = network(images)
        found = network.detector(list((images + 1) / 2))
    for mask, detections in zip(ours, found, strict=True):
        confident = detections["scores"] >= 0.5
        assert confident.any(), "these weights are meant to find something"
        largest = detections["masks"][confident].sum(dim=(1, 2, 3)).argmax()
        theirs = detections["masks"][confident][largest, 0]
        # torchvision pads the mask by a cell, widens the box by 30/28 for it, and rounds that outwards to w + 2 whole
        # pixels at most: 28/30 of them, so up to 1.87 pixels more a side than the box, of a mask of at most 1.
        left, top, right, bottom = detections["boxes"][confident][largest].tolist()
        width, height = right - left, bottom - top
        assert abs(mask.sum() - theirs.sum()) < (width + 1.87) * (height + 1.87) - width * height
        torch.testing.assert_close(centroid(mask), centroid(theirs), rtol=0, atol=1)


def test_the_score_is_the_share_of_the_image_that_the_soft_mask_covers(assessor, images):
    with torch.no_grad():
        scores, masks = assessor(images), assessor.segmenter(images)
    torch.testing.assert_close(scores, masks.mean(dim=(1, 2)))
    assert ((scores > 0) & (scores < 1)).all()


def found(*detections):
    """Detections as the network gives them: score, box, probability of the mask."""
    return {
        "scores": torch.tensor([score for score, _, _ in detections]),
        "boxes": torch.tensor([box for _, box, _ in detections], dtype=torch.float32).reshape(-1, 4),
        "masks": torch.stack([torch.full((1, 28, 28), p) for _, _, p in detections]) if detections else torch.zeros(0),
    }


SMALL, LARGE, WHOLE = [10, 10, 30, 30], [10, 10, 60, 60], [0, 0, 99, 99]


@pytest.mark.parametrize(
    ("detections", "subject"),
    [
        ([(0.9, SMALL, 0.9), (0.6, LARGE, 0.9)], 1),  # the larger of two that are seen
        ([(0.9, LARGE, 0.1), (0.6, SMALL, 0.9)], 1),  # of the mask, not of the box
        ([(0.9, SMALL, 0.9), (0.4, WHOLE, 0.9)], 0),  # what is not surely seen does not count beside what is
        ([(0.2, SMALL, 0.9), (0.1, WHOLE, 0.9)], 0),  # where nothing is surely seen: the likeliest
        ([], None),
    ],
)
def test_the_subject_is_the_largest_thing_seen_or_else_the_likeliest(detections, subject):
    assert MaskRCNN.subject(found(*detections)) == subject


def test_where_nothing_is_detected_the_size_is_0_without_a_gradient_and_counted(folder, images):
    assessor = load_assessor("object-size", folder, {"min_size": SIZE})
    assessor.segmenter.detector.roi_heads.score_thresh = 2.0
    x = images.clone().requires_grad_()
    scores = assessor(x)
    assert not scores.any()
    assert not scores.requires_grad or not torch.autograd.grad(scores.sum(), x)[0].any()
    assert assessor.without_subject == 3


def test_a_pasted_mask_fills_its_box_and_nothing_else():
    pasted = paste(torch.ones(28, 28), torch.tensor([8.0, 4.0, 24.0, 20.0]), 40, 32)
    assert pasted.shape == (40, 32)
    assert pasted.sum().item() == pytest.approx(16 * 16, rel=0.08)  # its edge is soft
    assert pasted[5:19, 9:23].min() > 0.9
    assert not pasted[:, 25:].any()
    assert not pasted[22:].any()


def test_a_larger_box_makes_a_larger_object_in_the_gradient_too():
    gradients = []
    for shift in torch.linspace(0, 1, 21)[:-1]:  # a side's pull depends on where it lies between two pixels
        box = (torch.tensor([8.0, 4.0, 24.0, 14.0]) + shift).requires_grad_()
        paste(torch.full((28, 28), 0.8), box, 40, 40).sum().backward()
        gradients.append(box.grad)
    left, top, right, bottom = torch.stack(gradients).mean(0).tolist()
    # A side that moves by a pixel adds its length in pixels, each with the mask's 0.8.
    assert (-left, right) == pytest.approx((8, 8), rel=0.1)
    assert (-top, bottom) == pytest.approx((12.8, 12.8), rel=0.1)


def test_it_serves_as_a_segmenter(folder, images):
    segmenter = load_segmenter("mask-rcnn", folder)
    assert segmenter.detector.transform.min_size == (800,)
    segmenter.detector.transform.min_size = (SIZE,)
    with torch.no_grad():
        masks = segmenter(images[:1])
    assert masks.shape == (1, SIZE, SIZE)
    assert ((masks >= 0) & (masks <= 1)).all()
