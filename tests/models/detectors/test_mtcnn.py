"""MTCNN against facenet-pytorch's run of the published files (tests/fixtures/networks), and a detector's habits."""

import numpy as np
import pytest
from skimage.data import astronaut

from ganalyze.support.errors import GanalyzeError
from tests.networks import load_detector, weights_in


@pytest.fixture(scope="module")
def mtcnn(weights_dir):
    return load_detector("mtcnn", weights_dir)


def two_astronauts():
    large = astronaut()
    small = np.zeros((512, 256, 3), np.uint8)
    small[:256] = large[::2, ::-2]
    return np.concatenate([large, small], axis=1)


def test_boxes_and_landmarks_equal_facenet_pytorchs(mtcnn, goldens):
    found = mtcnn.faces(two_astronauts())
    assert len(found) == 2
    order = np.argsort(-np.prod(goldens["face_boxes"][:, 2:] - goldens["face_boxes"][:, :2], axis=1))
    np.testing.assert_allclose([face.box for face in found], goldens["face_boxes"][order], atol=1e-3)
    np.testing.assert_allclose([face.landmarks for face in found], goldens["face_landmarks"][order], atol=1e-3)


def test_the_largest_face_comes_first_and_its_landmarks_lie_in_its_box(mtcnn):
    large, small = mtcnn.faces(two_astronauts())
    width = [face.box[2] - face.box[0] for face in (large, small)]
    assert width[0] == pytest.approx(2 * width[1], rel=0.1)
    for face in (large, small):
        assert face.probability > 0.9
        assert (face.landmarks > face.box[:2]).all()
        assert (face.landmarks < face.box[2:]).all()
        left_eye, right_eye, nose, *mouth = face.landmarks
        assert left_eye[0] < nose[0] < right_eye[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < min(corner[1] for corner in mouth)


@pytest.mark.parametrize("shape", [(1, 1), (19, 400), (20, 20), (64, 64), (300, 7)])
def test_images_without_a_face_have_none_however_small(mtcnn, shape):
    assert mtcnn.faces(np.full((*shape, 3), 128, np.uint8)) == []


def test_weights_of_another_network_are_refused(weights_dir, tmp_path):
    for name in ("pnet.pt", "onet.pt"):
        (tmp_path / name).write_bytes((weights_dir / name).read_bytes())
    (tmp_path / "rnet.pt").write_bytes((weights_dir / "onet.pt").read_bytes())
    from ganalyze.models.detectors.mtcnn import load

    with pytest.raises(GanalyzeError, match=r"rnet\.pt does not fit"):
        load(weights_in(tmp_path))
