"""What the report's explorer shows: seeds of each study, moved through α by hand. No torch."""

import base64
import io
from pathlib import Path
from typing import Any

from PIL import Image

from ganalyze.images.image_sets import ImageSet
from ganalyze.support.tables import read_table

TILE = 128  # pixels: larger images are reduced to this, so that the report stays a file one can send
SEEDS = 120  # a study's at most; with TILE it keeps the sprite within WebP's 16,383 pixels


def explorer_study(folder: Path, label: str) -> dict[str, Any]:
    """A study's scored test set for the explorer: label, alphas, tile (pixels), the mean score at each alpha, the seeds
    (id, class, rank of the gain, score at each alpha), and the sprite, a data URI: a row a seed, a column an alpha.

    folder: results/<run>/<study>. Seeds stand in the order of their gain, largest first; of more than `SEEDS`, those at
    evenly spaced ranks.
    """
    images = ImageSet.open(folder / "images/test.csv")
    ranked = images.gains().sort_values(ascending=False, kind="stable").index
    ranks = [int((i + 0.5) * len(ranked) / SEEDS) for i in range(SEEDS)] if len(ranked) > SEEDS else range(len(ranked))
    alphas = images.alphas
    clones = images.manifest.set_index(["seed_id", "alpha"]).sort_index()
    tile = min(TILE, len(images.image(images.manifest.image_id[0])))
    sprite = Image.new("RGB", (tile * len(alphas), tile * len(ranks)))
    seeds = []
    for row, rank in enumerate(ranks):
        seed = ranked[rank]
        for column, alpha in enumerate(alphas):
            image = Image.fromarray(images.image(clones.image_id[seed, alpha]))
            sprite.paste(image.resize((tile, tile), Image.Resampling.LANCZOS), (column * tile, row * tile))
        scores = [round(float(clones.score[seed, alpha]), 4) for alpha in alphas]
        name = str(clones.class_name[seed, alphas[0]])
        seeds.append({"id": int(seed), "class": name, "rank": rank + 1, "scores": scores})
    return {
        "label": label,
        "alphas": alphas,
        "tile": tile,
        "of": len(ranked),
        "means": [round(mean, 4) for mean in read_table(folder / "scores.by_alpha.csv")["mean"]],
        "seeds": seeds,
        "sprite": as_data_uri(sprite),
    }


def as_data_uri(image: Image.Image) -> str:
    """An RGB image as a page may hold it: WebP, a tenth of a PNG of photographs."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=90, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
