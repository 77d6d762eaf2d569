"""Faces come out where FFHQ's are, however they lie in the photograph; what cannot be aligned is refused."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from skimage.data import astronaut, coffee
from skimage.transform import rotate

from ganalyze.direction.faces import align_face, crop_square, find_faces
from ganalyze.images.reading import decode
from ganalyze.models.contract import Face
from ganalyze.support.errors import GanalyzeError
from tests.networks import load_detector


@pytest.fixture(scope="module")
def mtcnn(weights_dir):
    return load_detector("mtcnn", weights_dir)


class Marked:
    """A detector that knows where the landmarks are."""

    def __init__(self, landmarks):
        self.landmarks = landmarks

    def faces(self, pixels):
        return [Face(np.array([0, 0, *pixels.shape[1::-1]]), 1.0, self.landmarks)]


FACE = np.array([[-20.0, 0], [20, 0], [0, 25], [-16, 44], [16, 44]])


@settings(deadline=None, max_examples=25)
@given(
    turn=st.floats(-0.6, 0.6),
    size=st.floats(0.6, 1.8),
    right=st.floats(-20, 20),
    down=st.floats(-20, 20),
)
def test_marks_come_out_in_one_place_whatever_the_faces_turn_size_and_place(turn, size, right, down):
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    marks = size * FACE @ rotation.T + np.array([300 + right, 280 + down])
    photograph = np.zeros((600, 640, 3), np.uint8)
    rows, columns = np.mgrid[:600, :640]
    for x, y in marks:
        mark = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (3 * size) ** 2))
        photograph = np.maximum(photograph, mark[..., None].astype(np.uint8))
    aligned = align_face(photograph, 256, Marked(marks)).pixels
    assert aligned.shape == (256, 256, 3)
    # By FFHQ's rule the square's half side, 128 pixels, is twice the distance between the eyes, 40, and its centre lies
    # a tenth of the way to the mouth, 44, below them. Pixels have their centres at halves.
    for where in 1.6 * (FACE - [0, 4.4] + 0.5 / size) + 128 - 0.5:
        near = np.hypot(*np.meshgrid(np.arange(256) - where[0], np.arange(256) - where[1])) < 12
        weights = aligned[..., 0] * near
        row, column = ((weights * places).sum() / weights.sum() for places in np.indices((256, 256)))
        assert np.hypot(column - where[0], row - where[1]) < 1


def test_the_detectors_own_landmarks_of_an_aligned_face_are_level_and_where_generated_faces_have_them(mtcnn):
    aligned = align_face(astronaut(), 256, mtcnn).pixels
    left, right, *_ = mtcnn.faces(aligned)[0].landmarks
    assert abs(left[1] - right[1]) < 6
    assert (left + right)[1] / 2 == pytest.approx(0.47 * 256, abs=8)
    assert right[0] - left[0] == pytest.approx(0.24 * 256, abs=8)


def test_a_turned_photograph_gives_nearly_the_same_face(mtcnn):
    upright = align_face(astronaut(), 128, mtcnn).pixels.astype(float)
    turned = np.round(rotate(astronaut(), 20, mode="reflect") * 255).astype(np.uint8)
    again = align_face(turned, 128, mtcnn).pixels.astype(float)
    assert np.abs(upright - again).mean() < 12
    assert np.corrcoef(upright.ravel(), again.ravel())[0, 1] > 0.95


def test_of_several_faces_the_largest_is_taken_and_said(mtcnn):
    large, small = astronaut(), np.zeros((512, 256, 3), np.uint8)
    small[:256] = large[::2, ::-2]
    two = np.concatenate([small, large], axis=1)
    aligned = align_face(two, 128, mtcnn, name="two.png")
    alone = align_face(large, 128, mtcnn)
    assert "two.png has 2 faces: the largest is taken" in aligned.words
    assert alone.words == ""
    middle = np.s_[32:96, 32:96]  # what lies beyond the photograph's edge differs
    assert np.corrcoef(aligned.pixels[middle].ravel(), alone.pixels[middle].ravel())[0, 1] > 0.9


def test_a_large_photograph_has_its_faces_where_they_are(mtcnn):
    large = astronaut().repeat(6, axis=0).repeat(6, axis=1)
    one, other = find_faces(large, mtcnn)[0], find_faces(astronaut(), mtcnn)[0]
    np.testing.assert_allclose(one.landmarks / 6, other.landmarks, atol=3)


def test_eyes_may_be_said_instead_of_looked_for(mtcnn):
    left, right = find_faces(astronaut(), mtcnn)[0].landmarks[:2]
    said = align_face(astronaut(), 128, mtcnn, eyes=(tuple(left), tuple(right))).pixels.astype(float)
    found = align_face(astronaut(), 128, mtcnn).pixels.astype(float)
    assert np.corrcoef(said.ravel(), found.ravel())[0, 1] > 0.8


def test_without_a_detector_the_eyes_that_are_said_count_and_else_the_middle_is_taken(mtcnn):
    eyes = ((205, 102), (247, 104))
    without, beside = (align_face(astronaut(), 64, detector, eyes).pixels for detector in (None, mtcnn))
    assert np.array_equal(without, beside)
    assert np.array_equal(align_face(coffee(), 64, None).pixels, crop_square(coffee(), 64))


@pytest.mark.parametrize(
    ("photograph", "message"),
    [
        (coffee(), "no face was found in one.jpg"),
        (np.full((200, 200, 3), 90, np.uint8), "no face was found"),
        (astronaut()[:150, 190:260], "no face|at the edge"),
    ],
)
def test_what_has_no_whole_face_is_refused(mtcnn, photograph, message):
    with pytest.raises(GanalyzeError, match=message):
        align_face(photograph, 128, mtcnn, name="one.jpg")


def stored(pixels, kind="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def on_its_side():
    exif = Image.Exif()
    exif[0x0112] = 8  # to be turned counter-clockwise
    return stored(np.rot90(astronaut(), -1), "JPEG", exif=exif, quality=95)


GREY = np.asarray(Image.fromarray(astronaut()).convert("L"))
ASTRONAUTS = {
    "grey": lambda: stored(GREY),
    "16 bits": lambda: stored(GREY.astype(np.uint16) * 257),
    "on its side": on_its_side,
    "40 megapixels": lambda: stored(astronaut().repeat(13, axis=0).repeat(13, axis=1), "JPEG"),
    "on white": lambda: stored(np.dstack([astronaut(), np.full((512, 512), 255, np.uint8)])),
}


@pytest.mark.parametrize("kind", ASTRONAUTS)
def test_the_face_is_found_in_every_kind_of_photograph(mtcnn, kind):
    photograph = decode(ASTRONAUTS[kind](), kind)
    aligned = align_face(photograph, 128, mtcnn).pixels.astype(float)
    expected = align_face(astronaut(), 128, mtcnn).pixels.astype(float)
    assert np.corrcoef(aligned.mean(axis=2).ravel(), expected.mean(axis=2).ravel())[0, 1] > 0.9


def test_a_simple_drawing_is_no_face(mtcnn):
    drawing = Image.new("RGB", (300, 300), "white")
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((60, 40, 240, 260), outline="black", width=4)
    pen.ellipse((105, 110, 125, 130), fill="black")
    pen.ellipse((175, 110, 195, 130), fill="black")
    pen.arc((110, 150, 190, 220), 20, 160, fill="black", width=4)
    with pytest.raises(GanalyzeError, match="no face was found"):
        align_face(np.asarray(drawing), 128, mtcnn)


def test_eyes_in_one_place_are_refused(mtcnn):
    with pytest.raises(GanalyzeError, match="eyes are in one place"):
        align_face(astronaut(), 128, mtcnn, eyes=((5, 5), (5, 5)))


def test_the_middle_square_keeps_colours_and_shape():
    photograph = np.zeros((40, 100, 3), np.uint8)
    photograph[:, 30:70] = [200, 100, 50]
    assert np.unique(crop_square(photograph, 16).reshape(-1, 3), axis=0).tolist() == [[200, 100, 50]]
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    assert np.array_equal(crop_square(checks, 64), checks) or np.abs(crop_square(checks, 64).mean() - 127.5) < 1
