"""Tables are written whole, in the same bytes each time, and one that cannot be read is named."""

import contextlib
import string

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganalyze.support.errors import GanalyzeError
from ganalyze.support.tables import read_table, write_table


def test_a_table_comes_back_as_it_was_and_in_the_same_bytes(tmp_path):
    table = pd.DataFrame({"a": [1, 2], "b": ["é", None], "c": [0.1, float("nan")]})
    for name in ("one", "two"):
        write_table(table, tmp_path / f"deep/{name}.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "deep/one.csv"), table)
    assert (tmp_path / "deep/one.csv").read_bytes() == (tmp_path / "deep/two.csv").read_bytes()
    assert (tmp_path / "deep/one.csv").read_bytes().endswith(b"\n2,,\n")


def test_names_stay_text_whatever_they_look_like(tmp_path):
    names = ["1", "01", "1.0", "1e5", "NA", "nan", "null", "None", "N/A", "True", "-", "0x1F", "inf"]
    write_table(pd.DataFrame({"participant": names, "track": names, "rt_ms": 1.5}), tmp_path / "t.csv")
    table = read_table(tmp_path / "t.csv")
    assert table.participant.tolist() == table.track.tolist() == names
    assert table.rt_ms.sum() == 1.5 * len(names)


def test_only_a_blank_is_a_missing_name_and_numbers_miss_as_other_software_writes_it(tmp_path):
    (tmp_path / "t.csv").write_text("foil_image_id,score,Gender\nNA,NA,NA\n,,\nreal_1,2.5,F\n")
    table = read_table(tmp_path / "t.csv")
    assert table.foil_image_id.isna().tolist() == [False, True, False]
    assert table.score.isna().tolist() == [True, True, False]
    assert table.Gender.isna().tolist() == [True, True, False]
    assert read_table(tmp_path / "t.csv", ["score"]).score.tolist()[2] == "2.5"


def test_a_word_where_numbers_stand_is_named_with_its_row(tmp_path):
    (tmp_path / "t.csv").write_text("image_id,alpha\na,0.1\nb,high\n")
    with pytest.raises(GanalyzeError, match=r"t\.csv, row 3, column alpha: got 'high', wanted a number"):
        read_table(tmp_path / "t.csv")


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("image_id,score,score\na,1,2\n")
    with pytest.raises(GanalyzeError, match=r"names the column\(s\) score twice"):
        read_table(tmp_path / "t.csv")


@given(st.lists(st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64), min_size=1, unique=True))
def test_every_name_that_the_trial_table_accepts_comes_back(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    write_table(pd.DataFrame({"participant": names}), path)
    assert read_table(path).participant.tolist() == names


@given(st.binary(max_size=200))
@settings(max_examples=1000, deadline=None)
def test_of_any_bytes_comes_a_table_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    with contextlib.suppress(GanalyzeError):
        read_table(path)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n1,2,3\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_table_is_named(tmp_path, content):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(GanalyzeError, match=r"t\.csv is not a readable CSV file"):
        read_table(tmp_path / "t.csv")
