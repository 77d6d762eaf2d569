"""Every kind of image comes out as it looks, or is refused in one line."""

import contextlib
import io
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from ganalyze.images import reading
from ganalyze.images.reading import decode, images_in
from ganalyze.support.errors import GanalyzeError

COLOURS = np.array([[[255, 0, 0], [0, 128, 0], [10, 20, 200]], [[0, 0, 0], [128, 128, 128], [255, 255, 255]]], np.uint8)
GREY = np.array([[0, 100, 200], [50, 150, 255]], np.uint8)


def stored(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_the_images_of_a_folder_are_those_of_the_kinds_that_count(tmp_path):
    for name in ("b.JPG", "a.webp", "c.jpeg", "d.Tiff", "._b.JPG", ".hidden.png", "notes.txt", "e.gif"):
        (tmp_path / name).touch()
    assert images_in(tmp_path) == {"a": "a.webp", "b": "b.JPG", "c": "c.jpeg", "d": "d.Tiff"}
    (tmp_path / "a.png").touch()
    with pytest.raises(GanalyzeError, match=r"a\.png and a\.webp differ in their ending only"):
        images_in(tmp_path)


@pytest.mark.parametrize("names", [(), ("notes.txt", "a.gif", "._a.png")])
def test_a_folder_without_images_is_refused_with_the_kinds_that_count(tmp_path, names):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(GanalyzeError, match=r"holds no images: files that end in \.jpg"):
        images_in(tmp_path)


def test_colours_stay_as_they_are():
    for kind in ("PNG", "BMP", "TIFF"):
        assert np.array_equal(decode(stored(Image.fromarray(COLOURS), kind), "one"), COLOURS)


def test_grey_images_of_8_and_16_bits_and_bilevel_ones_are_as_bright_as_they_look():
    expected = np.repeat(GREY[..., None], 3, axis=2)
    assert np.array_equal(decode(stored(Image.fromarray(GREY)), "one"), expected)
    deep = Image.fromarray(GREY.astype(np.uint16) * 257)
    for kind in ("PNG", "TIFF"):
        assert np.array_equal(decode(stored(deep, kind), "one"), expected)
    bilevel = decode(stored(Image.fromarray(GREY > 120)), "one")
    assert np.array_equal(bilevel[..., 0], (GREY > 120) * 255)


def test_photographs_that_lie_on_their_side_are_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    turned = decode(stored(Image.fromarray(COLOURS), exif=exif), "one")
    assert np.array_equal(turned, np.rot90(COLOURS, -1))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_lies_on_white(mode):
    image = Image.fromarray(np.full((2, 2, 3), 40, np.uint8)).convert("RGBA")
    image.putpixel((0, 0), (40, 40, 40, 0))
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    pixels = decode(stored(image), "one")
    assert pixels[0, 0].tolist() == [255] * 3
    assert pixels[1, 1].tolist() == [40] * 3


def test_a_colour_profile_is_followed_and_a_broken_one_left_aside():
    lab = Image.fromarray(COLOURS)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.abs(decode(stored(lab, icc_profile=srgb), "one").astype(int) - COLOURS).max() <= 1
    assert np.array_equal(decode(stored(lab, icc_profile=b"none"), "one"), COLOURS)
    # Grey by a linear profile: half as many photons look brighter than the middle grey of sRGB.
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    assert decode(stored(Image.fromarray(COLOURS), icc_profile=linear), "one").shape == COLOURS.shape


def test_cmyk_comes_out_in_its_colours():
    pixels = decode(stored(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), "one")
    assert pixels[4, 4] == pytest.approx([255, 0, 0], abs=6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable image"),
        (b"a face, described in words", "JPEG, PNG, WEBP, TIFF, BMP can be read"),
        (stored(Image.fromarray(COLOURS), "GIF"), "can be read"),
        (stored(Image.fromarray(COLOURS))[:-30], "not a readable image"),
        (stored(Image.fromarray(GREY.astype(np.float32)), "TIFF"), "floating-point"),
    ],
)
def test_what_is_no_image_is_refused_by_name(content, message):
    with pytest.raises(GanalyzeError, match=rf"^one\.png .*{message}"):
        decode(content, "one.png")


def test_an_image_that_is_too_large_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(reading, "MOST_PIXELS", 5)
    with pytest.raises(GanalyzeError, match=r"bomb\.png has more than 5e-06 million pixels"):
        decode(stored(Image.fromarray(COLOURS)), "bomb.png")
    bomb = stored(Image.new("1", (30_000, 30_000)))
    monkeypatch.undo()
    with pytest.raises(GanalyzeError, match="more than 100 million pixels"):
        decode(bomb, "bomb.png")


WHOLE = [stored(Image.fromarray(COLOURS), kind) for kind in reading.FORMATS]


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_a_broken_file_is_an_image_or_refused_in_one_line(content, data):
    broken = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(broken)[: data.draw(st.integers(0, len(broken)))]
    with warnings.catch_warnings(action="error"), contextlib.suppress(GanalyzeError):
        assert decode(cut, "one.png").dtype == np.uint8
