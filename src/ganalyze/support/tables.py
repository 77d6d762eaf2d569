"""Tables as every stage writes and reads them: CSV, the same table in the same bytes, whole or not at all.

What a column holds is told by its name, which means the same in every table (`TEXT`, `NUMBERS`), and not by its values:
participants 1 and 01 are two, and somebody may be called NA.
"""

import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole

CSV: dict[str, Any] = {"index": False, "lineterminator": "\n", "date_format": "%Y-%m-%dT%H:%M:%S.%f%z"}

# Names and words. Only a blank is a missing value.
TEXT = {
    *("image_id", "set", "class_name", "file", "study", "direction", "assessor", "factor", "measure"),
    *("participant", "track", "phase", "role", "foil_image_id", "fake_side", "data_source", "reason"),
    *("model", "formula", "term", "groups", "engine", "converged"),
    *("id", "where", "quantity", "verdict", "note"),
}
NUMBERS = {
    *("seed_id", "class_id", "z_index", "alpha", "score"),
    *("brightness", "colorfulness", "redness", "entropy", "object_size", "centeredness", "squareness"),
    *("series", "trial_index", "is_repeat", "lag", "correct", "hit", "kept", "rt_ms"),
    *("estimate", "std_error", "ci_low", "ci_high", "log_likelihood"),
}
# Of numbers, and of columns that are none of ours: as other software writes a missing value.
_MISSING = ["", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "-nan", "NULL", "null", "None", "<NA>"]


def write_table(table: pd.DataFrame, path: Path | str) -> None:
    """Write a table as CSV, whole or not at all."""
    with written_whole(path) as temporary:
        table.to_csv(temporary, **CSV)


def read_table(path: Path | str, text: Collection[str] = ()) -> pd.DataFrame:
    """A table whose columns named in `TEXT`, and those in `text`, are text as it stands, a blank missing.

    Other columns are numbers where all their values are, else text too. Raises
    GanalyzeError where the file is no CSV, names a column twice, or has a word in a column of `NUMBERS`; OSError where
    it cannot be read.
    """
    try:
        first = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        header = first.iloc[0].tolist()
        words = [name for name in header if name in TEXT or name in text]
        table = pd.read_csv(
            path,
            encoding="utf-8-sig",
            dtype=dict.fromkeys(words, str),
            keep_default_na=False,
            na_values={name: [""] if name in words else _MISSING for name in header},
        )
    except (ValueError, pd.errors.ParserError, OverflowError, EOFError, zlib.error) as error:
        raise GanalyzeError(f"{path} is not a readable CSV file: {error}") from None
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise GanalyzeError(f"{path} names the column(s) {', '.join(twice)} twice")
    for name in NUMBERS.intersection(table.columns).difference(text):
        if not pd.api.types.is_numeric_dtype(table[name]) and len(table):
            wrong = pd.to_numeric(table[name], errors="coerce").isna() & table[name].notna()
            row = int(wrong.to_numpy().argmax())
            raise GanalyzeError(f"{path}, row {row + 2}, column {name}: got {table[name].iloc[row]!r}, wanted a number")
    return table
