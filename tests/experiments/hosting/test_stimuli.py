"""What participants are shown is what was stored, in whichever format."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganalyze.experiments.hosting.stimuli import Stimuli
from ganalyze.images.image_sets import ImageSet
from ganalyze.images.shards import Shard
from ganalyze.support.errors import GanalyzeError


@pytest.mark.parametrize("image_format", ["png", "webp"])
def test_an_image_is_served_as_png_with_the_stored_pixels(tmp_path, image_format):
    pixels = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    with Shard(tmp_path / "s.zip") as shard:
        shard.add(f"a.{image_format}", pixels)
    manifest = pd.DataFrame({"image_id": ["a"], "file": [f"s.zip/a.{image_format}"]})
    manifest.to_csv(tmp_path / "test.csv", index=False)
    stimuli = Stimuli([tmp_path / "test.csv"], b"key")
    with Image.open(io.BytesIO(stimuli.read(stimuli.name("a")))) as image:
        assert image.format == "PNG"
        shown = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(shown, ImageSet(manifest, tmp_path).image("a"))


# --- photographs ----------------------------------------------------------------------------------------------------


def beside(folder, *photographs):
    """Stimuli of one generated image, 32 × 32, and photographs, each beside it in a track."""
    (folder / "real").mkdir()
    Image.new("RGB", (32, 32)).save(folder / "generated.png")
    pd.DataFrame({"image_id": ["g"], "file": ["generated.png"]}).to_csv(folder / "test.csv", index=False)
    names = []
    for number, (photograph, options) in enumerate(photographs):
        names.append(f"r{number}")
        photograph.save(folder / f"real/r{number}.{options.pop('kind', 'png')}", **options)
    files = sorted(f"real/{path.name}" for path in (folder / "real").iterdir())
    pd.DataFrame({"image_id": names, "file": files}).to_csv(folder / "real.csv", index=False)
    stimuli = Stimuli([folder / "test.csv", folder / "real.csv"], b"key")
    stimuli.check_has(pd.DataFrame({"image_id": "g", "foil_image_id": names}))
    return stimuli


def shown(stimuli, image_id):
    with Image.open(io.BytesIO(stimuli.read(stimuli.name(image_id)))) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def disc(width, height):
    """A white disc of radius 20 in the middle of black."""
    y, x = np.mgrid[:height, :width]
    inside = (x - (width - 1) / 2) ** 2 + (y - (height - 1) / 2) ** 2 <= 20**2
    return Image.fromarray((inside * 255).astype(np.uint8)).convert("RGB")


@pytest.mark.parametrize("size", [(128, 64), (64, 128), (64, 64), (640, 65), (64, 67)])
def test_a_photograph_of_any_shape_is_cropped_centrally_and_never_squeezed(tmp_path, size):
    pixels = shown(beside(tmp_path, (disc(*size), {})), "r0")
    assert pixels.shape == (32, 32, 3)
    inside = pixels[..., 0] > 127
    width, height = np.ptp(np.nonzero(inside.any(0))) + 1, np.ptp(np.nonzero(inside.any(1))) + 1
    assert abs(width - height) <= 1  # a disc stays one
    assert abs(np.mean(np.nonzero(inside)) - 15.5) <= 0.5  # in the middle


def test_a_photograph_lying_on_its_side_is_turned_before_it_is_measured(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    upright = np.zeros((64, 40, 3), np.uint8)
    upright[:32] = 255  # bright above
    lying = Image.fromarray(np.rot90(upright).copy())  # 64 wide, 40 high
    pixels = shown(beside(tmp_path, (lying, {"exif": turned})), "r0")
    assert pixels.shape == (32, 32, 3)
    assert pixels[:14].min() > 200
    assert pixels[18:].max() < 55


def test_photographs_of_other_kinds_are_shown_as_png_in_the_same_size(tmp_path):
    stimuli = beside(tmp_path, (disc(64, 64), {"kind": "jpg"}), (disc(90, 50).convert("L"), {"kind": "webp"}))
    assert shown(stimuli, "r0").shape == shown(stimuli, "r1").shape == (32, 32, 3)


@pytest.mark.parametrize("size", [(31, 32), (200, 31), (8, 8)])
def test_a_photograph_smaller_than_the_generated_images_is_refused_with_both_sizes(tmp_path, size):
    words = f"photograph r1 has {size[0]} × {size[1]} pixels, the generated images 32 × 32"
    with pytest.raises(GanalyzeError, match=words):
        beside(tmp_path, (disc(32, 32), {}), (disc(*size), {}))


def test_a_photograph_that_is_no_image_is_refused_by_its_name(tmp_path):
    disc(64, 64).save(tmp_path / "x.png")
    (tmp_path / "x.png").write_text("<html>not found</html>")
    pd.DataFrame({"image_id": ["g", "r"], "file": ["g.png", "x.png"]}).to_csv(tmp_path / "all.csv", index=False)
    Image.new("RGB", (32, 32)).save(tmp_path / "g.png")
    with pytest.raises(GanalyzeError, match=r"x\.png is not a readable image"):
        Stimuli([tmp_path / "all.csv"], b"k").check_has(pd.DataFrame({"image_id": ["g"], "foil_image_id": ["r"]}))
