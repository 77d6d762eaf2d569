"""Pictures as a page may hold them: in the file itself, so that it opens offline. No torch."""

import base64
import io

import numpy as np
from PIL import Image


def as_data_uri(image: Image.Image, quality: int = 85) -> str:
    """An RGB image as WebP, a tenth of a PNG of photographs."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def picture(pixels: np.ndarray, width: int) -> str:
    """Pixels (H, W, 3) uint8, at most `width` wide, as a data URI."""
    image = Image.fromarray(pixels)
    if image.width > width:
        image = image.resize((width, width * image.height // image.width), Image.Resampling.LANCZOS)
    return as_data_uri(image)


def side_by_side(pictures: list[np.ndarray], tile: int) -> Image.Image:
    """Square pictures in a row, each `tile` pixels wide."""
    row = Image.new("RGB", (tile * len(pictures), tile))
    for column, pixels in enumerate(pictures):
        row.paste(Image.fromarray(pixels).resize((tile, tile), Image.Resampling.LANCZOS), (column * tile, 0))
    return row
