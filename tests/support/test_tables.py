"""Tables are written whole, in the same bytes each time, and one that cannot be read is named."""

import pandas as pd
import pytest

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.tables import read_table, write_table


def test_a_table_comes_back_as_it_was_and_in_the_same_bytes(tmp_path):
    table = pd.DataFrame({"a": [1, 2], "b": ["é", None], "c": [0.1, float("nan")]})
    for name in ("one", "two"):
        write_table(table, tmp_path / f"deep/{name}.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "deep/one.csv"), table)
    assert (tmp_path / "deep/one.csv").read_bytes() == (tmp_path / "deep/two.csv").read_bytes()
    assert (tmp_path / "deep/one.csv").read_bytes().endswith(b"\n2,,\n")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n1,2,3\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_table_is_named(tmp_path, content):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(GanalyzeError, match=r"t\.csv is not a readable CSV file"):
        read_table(tmp_path / "t.csv")
