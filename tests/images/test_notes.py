"""Saved pictures carry what they are."""

import io

import numpy as np
from PIL import Image

from ganalyze.images.notes import GENERATED, gif_of, png_of, save_gif, save_png

FRAMES = [np.full((8, 8, 3), value, np.uint8) for value in (0, 100, 200)]


def test_a_png_keeps_its_pixels_and_says_what_it_is():
    with Image.open(io.BytesIO(png_of(FRAMES[1]))) as image:
        assert np.array_equal(np.asarray(image), FRAMES[1])
        assert image.text["Description"] == GENERATED


def test_a_film_goes_there_and_back_and_says_what_it_is():
    with Image.open(io.BytesIO(gif_of(FRAMES))) as film:
        assert film.info["comment"].decode() == GENERATED
        values = []
        for place in range(film.n_frames):
            film.seek(place)
            values.append(int(np.asarray(film.convert("RGB"))[0, 0, 0]))
    assert values == [0, 100, 200, 100]


def test_the_same_pictures_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        save_png(FRAMES[0], tmp_path / f"{name}.png")
        save_gif(FRAMES, tmp_path / f"{name}.gif")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
