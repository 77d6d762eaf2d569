"""What participants are shown is what was stored, in whichever format."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganalyze.experiments.hosting.stimuli import Stimuli
from ganalyze.images.image_sets import ImageSet
from ganalyze.images.shards import Shard


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
