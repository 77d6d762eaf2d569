"""Trials as a Psych-DS folder: tidy CSV with metadata beside it that say what each column is (psych-ds.github.io)."""

import io
import json
import re
import zipfile

import pandas as pd

from ganalyze.experiments.hosting.answers import TIMING_COLUMNS
from ganalyze.experiments.hosting.settings import Settings
from ganalyze.experiments.trial import AS_IT_WENT, COLUMNS
from ganalyze.support.tables import CSV

# What each column holds; `description` of variableMeasured.
VARIABLES = {
    "participant": "pseudonym of the participant, a keyed hash of their platform's identifier",
    "series": "the participant's first, second, … series",
    "track": "name of the prepared series of trials",
    "trial_index": "place of the trial in the series, from 0",
    "phase": "main, or practice, which is not analysed",
    "role": "target, vigilance or filler",
    "image_id": "the generated image",
    "seed_id": "the seed (latent vector and class) that the image is a clone of",
    "class_id": "class of the image, a number of the generator's",
    "alpha": "how far the seed was moved along the learnt direction",
    "is_repeat": "memory game: 1 where the image was shown before in this series, else 0",
    "lag": "memory game: images between the two presentations",
    "response": "memory game: 1 for a key press, 0 for none; 2AFC: the side called fake",
    "correct": "1 where the response was right, else 0",
    "rt_ms": "response time in ms, from the image's onset (memory game) or the pair's end (2AFC)",
    "shown_at": "when the image came on, ISO 8601",
    "data_source": "human or simulated",
    "foil_image_id": "2AFC: the real image beside the generated one",
    "fake_side": "2AFC: the side of the generated image, left or right",
    "planned": "how many trials of phase main the series has, whether they were done or not",
    "image_ms": "how long the image or pair really was on the screen, in ms",
    "blank_ms": "how long nothing was, before it, in ms; empty for the first of a run",
    "frame_ms": "the screen's refresh interval, in ms",
    "hidden": "whether the window was not in front at some time of the trial",
}


def folder(trials: pd.DataFrame, timing: pd.DataFrame, settings: Settings) -> dict[str, bytes]:
    """The folder's files by path."""
    study = re.sub(r"[^A-Za-z0-9]", "", settings.experiment)
    simulated = bool(len(trials)) and (trials.data_source == "simulated").any()
    description = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": f"SIMULATED {settings.title}" if simulated else settings.title,
        "description": f"{'SIMULATED t' if simulated else 'T'}rials of the experiment {settings.experiment} "
        "(Goetschalckx et al. 2019), one row a trial, and how long each stimulus was shown.",
        "variableMeasured": [
            {"@type": "PropertyValue", "name": name, "description": VARIABLES[name]}
            for name in dict.fromkeys([*COLUMNS, *AS_IT_WENT, *TIMING_COLUMNS])
        ],
    }
    return {
        "dataset_description.json": (json.dumps(description, indent=2, ensure_ascii=False) + "\n").encode(),
        "README.md": f"# {description['name']}\n\n{description['description']}\n".encode(),
        f"data/study-{study}_task-trials_data.csv": as_csv(trials),
        f"data/study-{study}_task-timing_data.csv": as_csv(timing),
    }


def as_csv(table: pd.DataFrame) -> bytes:
    """A table as the bytes of a CSV file."""
    return table.to_csv(**CSV).encode()


def as_zip(files: dict[str, bytes]) -> bytes:
    """Files by path as the bytes of a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
