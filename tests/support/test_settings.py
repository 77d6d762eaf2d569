"""Settings: unknown keys and values of another type are refused, with the key's path, what was given and what is
allowed."""

from typing import Annotated

import pytest
import yaml
from pydantic import BeforeValidator, Field, ValidationError

from ganalyze.support.settings import (
    ByName,
    FilePath,
    Floats,
    Positive,
    Range,
    Settings,
    as_tuple,
    explain,
    need_one_each,
)


class Part(Settings):
    size: Positive
    lags: Range = (1, 2)


class Small(Part):
    weight: float = 1.0


class Whole(Part):
    name: str = Field(default="a", pattern="^[a-z]+$")
    alphas: Floats = (0.0,)
    part: Part | None = None
    parts: Annotated[tuple[Part, ...], BeforeValidator(as_tuple)] = ()
    named: Annotated[dict[str, Part], ByName({"small": Small, "part": Part})] = Field(default={})


def read(text):
    return Whole.model_validate(yaml.safe_load(text))


def fault(text):
    with pytest.raises(ValidationError) as error:
        read(text)
    return explain(error.value, Whole)


def test_lists_and_whole_numbers_of_yaml_are_taken_for_tuples_and_floats():
    whole = read("{size: 1, alphas: [-1, 0, 0.5], lags: [3, 4], parts: [{size: 2}]}")
    assert whole.alphas == (-1.0, 0.0, 0.5)
    assert whole.lags == (3, 4)
    assert whole.parts == (Part(size=2),)


@pytest.mark.parametrize(
    ("written", "weight"),
    [("3e-2", 0.03), ("-.4", -0.4), ("4E5", 4e5), ("+.5e-3", 5e-4), ("2.5e3", 2500.0), ("7", 7.0)],
)
def test_numbers_that_yaml_takes_for_words_are_numbers(written, weight):
    named = f"named: {{small: {{size: 1e2, weight: {written}}}}}"
    whole = read(f"{{size: 2e1, alphas: [{written}, 0], {named}}}")
    assert whole.size == 20
    assert whole.alphas == (weight, 0.0)
    assert whole.named["small"].weight == weight
    assert whole.named["small"].size == 100


@pytest.mark.parametrize("written", ["1_000.5.2", "0x10p", "1e", "e5", "three", "1e-1", "~"])
def test_what_is_no_whole_number_is_refused_where_one_is_wanted(written):
    assert "size: got" in fault(f"size: {written}")


def test_text_that_looks_like_a_number_stays_text_where_text_is_wanted():
    class Named(Settings):
        name: str

    assert Named(name="1e5").name == "1e5"


def test_a_faulty_item_is_one_fault_and_not_a_list_too_short_as_well():
    class Several(Settings):
        parts: Annotated[tuple[Part, ...], BeforeValidator(as_tuple)] = Field(min_length=1)

    with pytest.raises(ValidationError) as error:
        Several.model_validate({"parts": [{"size": "three"}]})
    assert explain(error.value, Several) == "parts[0].size: got 'three', input should be a valid integer"
    with pytest.raises(ValidationError) as error:
        Several.model_validate({"parts": []})
    assert "at least 1 item" in explain(error.value, Several)


def test_a_path_may_begin_at_home_and_with_any_character(monkeypatch, tmp_path):
    class Place(Settings):
        path: FilePath

    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.chdir(tmp_path)
    assert Place(path="~/my weights").path == "/home/ada/my weights"
    assert Place(path="weights/ä'\"$*").path == "weights/ä'\"$*"
    assert Place(path="-w").path == str(tmp_path / "-w")
    for path in ("", "a\nb", "a{b}", "\0"):
        with pytest.raises(ValidationError):
            Place(path=path)


def test_a_part_of_settings_is_that_of_the_class_alone():
    assert Whole(size=3, name="b", lags=(5, 6)).only(Part) == Part(size=3, lags=(5, 6))


def test_settings_in_a_mapping_are_of_the_class_that_their_name_stands_for():
    whole = read("{size: 1, named: {small: {size: 2, weight: 0.5}, part: {size: 3}}}")
    assert whole.named == {"small": Small(size=2, weight=0.5), "part": Part(size=3)}
    assert type(whole.named["small"]) is Small


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{size: 0}", "size: got 0, input should be greater than 0"),
        ("{size: one}", "size: got 'one', input should be a valid integer"),
        ("{}", "size: missing"),
        ("{size: 1, siz: 2}", "siz: unknown key, did you mean size?"),
        ("{size: 1, zzz: 2}", "zzz: unknown key, allowed are size, lags, name, alphas, part, parts, named"),
        ("{size: 1, name: A}", "name: got 'A', string should match pattern '^[a-z]+$'"),
        ("{size: 1, part: {size: 0}}", "part.size: got 0, input should be greater than 0"),
        ("{size: 1, part: {sizes: 1}}", "part.size: missing; part.sizes: unknown key, did you mean size?"),
        ("{size: 1, parts: [{size: 1}, {size: 1, lag: [1, 2]}]}", "parts[1].lag: unknown key, did you mean lags?"),
        ("{size: 1, lags: [1, 2, 3]}", "lags: got (1, 2, 3), tuple should have at most 2 items"),
        ("{size: 1, named: {small: {size: 0}}}", "named.small.size: got 0, input should be greater than 0"),
        ("{size: 1, named: {small: {size: 1, wait: 2}}}", "named.small.wait: unknown key, did you mean weight?"),
        ("{size: 1, named: {smal: {size: 1}}}", "named.smal: unknown key, did you mean small?"),
        ("{size: 1, named: 3}", "named: got 3, input should be a valid dictionary"),
    ],
)
def test_a_fault_is_told_with_its_path_what_was_given_and_what_is_allowed(text, told):
    assert fault(text).startswith(told)


def test_lists_of_different_lengths_are_told_by_their_names():
    need_one_each(judges=["a", "b"], scores=[1, 2], masks="xy")
    with pytest.raises(ValueError, match=r"^3 judges need 3 scores, there are 2$"):
        need_one_each(judges=["a", "b", "c"], scores=[1, 2])
