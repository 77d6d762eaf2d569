"""Tables as every stage writes and reads them: CSV, the same table in the same bytes, whole or not at all."""

from pathlib import Path
from typing import Any

import pandas as pd

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import written_whole

CSV: dict[str, Any] = {"index": False, "lineterminator": "\n", "date_format": "%Y-%m-%dT%H:%M:%S.%f%z"}


def write_table(table: pd.DataFrame, path: Path | str) -> None:
    """Write a table as CSV, whole or not at all."""
    with written_whole(path) as temporary:
        table.to_csv(temporary, **CSV)


def read_table(path: Path | str, **options: Any) -> pd.DataFrame:
    """options: pandas' read_csv's. Raises GanalyzeError where the file is no CSV, OSError where it cannot be read."""
    try:
        return pd.read_csv(path, **options)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise GanalyzeError(f"{path} is not a readable CSV file: {error}") from None
