"""Aligning the face of a photograph as those of FFHQ are (Karras, Laine & Aila 2019, appendix A): upright, at one size
and in one place. A generator of such faces makes no others."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from skimage.transform import AffineTransform, rescale, warp

from ganalyze.models.contract import Detector, Face
from ganalyze.support.errors import GanalyzeError

LARGEST_SIDE = 1024  # pixels, of the image in which faces are looked for
# What FFHQ's square is: its half side in distances between the eyes, or between eyes and mouth, whichever is more, and
# how far its centre lies below the eyes on the way to the mouth.
EYES, MOUTH, DOWN = 2.0, 1.8, 0.1
_EYES_TO_MOUTH = 1.1  # in distances between the eyes, where only these are known
INSIDE = 0.75  # the share of the square that must lie in the photograph


class Aligned(NamedTuple):
    """A face cut out as FFHQ's are."""

    pixels: np.ndarray  # (size, size, 3) uint8
    words: str  # which face it is, where there was a choice or a doubt; else empty


def align_face(
    photograph: np.ndarray,
    size: int,
    detector: Detector | None,
    eyes: Sequence[Sequence[float]] | None = None,
    name: str = "the photograph",
) -> Aligned:
    """The largest face of a photograph (H, W, 3) uint8, cut out as FFHQ's are, `size` pixels high and wide. Without a
    detector, as for generators of other things than faces, the photograph's middle square.

    eyes: where they are, (x, y) in pixels, the photograph's left one first, instead of looking for them. What lies
    beyond the photograph is its mirror image. Raises GanalyzeError where no face is found, or too little of its square
    lies in the photograph.
    """
    words = ""
    if eyes is None:
        if detector is None:
            return Aligned(crop_square(photograph, size), words)
        faces = find_faces(photograph, detector)
        if not faces:
            raise GanalyzeError(
                f"no face was found in {name}: give one of a face from the front, or say where the eyes are"
            )
        marks = faces[0].landmarks
        if len(faces) > 1:
            x, y = np.round(faces[0].box.reshape(2, 2).mean(axis=0)).astype(int)
            words = f"{name} has {len(faces)} faces: the largest is taken, about ({x}, {y})"
    else:
        left, right = np.array(eyes, float)
        across = right - left
        below = np.array([-across[1], across[0]]) * _EYES_TO_MOUTH
        marks = np.array([left, right, left, left + below, right + below])
    return Aligned(_cut(photograph, marks, size, name), words)


def find_faces(photograph: np.ndarray, detector: Detector) -> list[Face]:
    """The faces of a photograph of any size, the largest first; places are the photograph's."""
    scale = min(1.0, LARGEST_SIDE / max(photograph.shape[:2]))
    small = _shrunk(photograph, scale)
    return [Face(face.box / scale, face.probability, face.landmarks / scale) for face in detector.faces(small)]


def crop_square(photograph: np.ndarray, size: int) -> np.ndarray:
    """The middle square of a photograph, `size` pixels high and wide."""
    height, width = photograph.shape[:2]
    side = min(height, width)
    corner = np.array([(width - side) / 2, (height - side) / 2])
    return _warped(photograph, corner, np.array([side, 0.0]), np.array([0.0, side]), size)


def _cut(photograph: np.ndarray, marks: np.ndarray, size: int, name: str) -> np.ndarray:
    eyes, mouth = marks[:2].mean(axis=0), marks[3:].mean(axis=0)
    between, down = marks[1] - marks[0], mouth - eyes
    across = between - np.array([-down[1], down[0]])  # both tell what is level
    if not np.hypot(*between) or not np.hypot(*across):
        raise GanalyzeError(f"{name}: the eyes are in one place")
    across *= max(np.hypot(*between) * EYES, np.hypot(*down) * MOUTH) / np.hypot(*across)
    along = np.array([-across[1], across[0]])
    centre = eyes + DOWN * down
    places = centre + np.linspace(-1, 1, 33)[:, None, None] * across + np.linspace(-1, 1, 33)[None, :, None] * along
    inside = ((places >= 0) & (places < photograph.shape[1::-1])).all(axis=-1).mean()
    if inside < INSIDE:
        raise GanalyzeError(
            f"{name}: the face lies at the edge, {1 - inside:.0%} of what is needed around it is not in the photograph"
        )
    return _warped(photograph, centre - across - along, 2 * across, 2 * along, size)


def _warped(photograph: np.ndarray, corner: np.ndarray, across: np.ndarray, along: np.ndarray, size: int) -> np.ndarray:
    """The parallelogram from `corner`, whose sides are `across` and `along`, as a square of `size` pixels."""
    scale = min(1.0, 2 * size / np.hypot(*across))
    # Pixels of the square and of the photograph have their centres at halves.
    matrix = np.eye(3)
    matrix[:2, 0], matrix[:2, 1] = across * scale / size, along * scale / size
    matrix[:2, 2] = corner * scale + matrix[:2, :2] @ [0.5, 0.5] - 0.5
    twice = warp(_shrunk(photograph, scale), _finer(matrix), output_shape=(2 * size, 2 * size), mode="reflect")
    return np.round(twice.reshape(size, 2, size, 2, 3).mean(axis=(1, 3)) * 255).astype(np.uint8)


def _finer(matrix: np.ndarray) -> AffineTransform:
    """The same square with two pixels for each, of which the mean is taken: no jagged edges."""
    halves = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25], [0, 0, 1]])
    return AffineTransform(matrix @ halves)


def _shrunk(photograph: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1:
        return photograph
    return np.round(rescale(photograph, scale, anti_aliasing=True, channel_axis=2) * 255).astype(np.uint8)
