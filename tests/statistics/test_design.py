"""Formulas mean what they mean to R."""

import numpy as np
import pandas as pd
import pytest

from ganalyze.statistics.mixed_models import fit_mixed_model
from ganalyze.support.errors import GanalyzeError


def people(rows: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"person": rng.integers(20, size=rows), "age": rng.uniform(18, 60, rows)})
    data["sex"] = rng.choice(["M", "F"], rows)
    data["school"] = rng.choice(["none", "1", "2", "3+"], rows)  # text, though most of its levels are digits
    effect = {"none": 0.3, "1": 0.0, "2": -0.6, "3+": 0.9}
    data["score"] = (
        0.05 * data.age * (data.sex == "M") + data.school.map(effect) + rng.normal(size=20)[data.person]
    ) + rng.normal(0, 0.5, rows)
    data["hit"] = (data.score + rng.logistic(size=rows) > data.score.mean()).astype(int)
    return data


def fit(data: pd.DataFrame, formula: str, family: str = "gaussian") -> pd.DataFrame:
    return fit_mixed_model(data, formula, family, "m").set_index("term")


def same(one: pd.DataFrame, other: pd.DataFrame, names: dict[str, str]) -> None:
    """`one` is `other`, whose terms have other names."""
    other = other.rename(index=names)
    assert list(one.index) == list(other.index)
    for column in ("estimate", "std_error", "log_likelihood"):
        np.testing.assert_allclose(one[column], other[column], rtol=1e-4, atol=1e-8)
    assert (one.converged == other.converged).all()


@pytest.mark.parametrize(("response", "family"), [("score", "gaussian"), ("hit", "binomial")])
def test_text_is_a_factor_against_the_level_that_sorts_first(response, family):
    data = people()
    by_hand = data.assign(
        M=(data.sex == "M") * 1, two=(data.school == "2") * 1, three=(data.school == "3+") * 1,
        none=(data.school == "none") * 1,
    )  # fmt: skip
    same(
        fit(data, f"{response} ~ age + sex + school + (1|person)", family),
        fit(by_hand, f"{response} ~ age + M + two + three + none + (1|person)", family),
        {"M": "sex[M]", "two": "school[2]", "three": "school[3+]", "none": "school[none]"},
    )


def test_an_interaction_with_a_factor_multiplies_its_contrasts():
    data = people()
    by_hand = data.assign(M=(data.sex == "M") * 1.0).assign(product=lambda d: d.M * d.age)
    expected = fit(by_hand, "score ~ age + M + product + (1|person)")
    names = {"M": "sex[M]", "product": "age:sex[M]"}
    same(fit(data, "score ~ age * sex + (1|person)"), expected, names)
    same(fit(data, "score ~ age + sex + age:sex + (1|person)"), expected, names)


@pytest.mark.parametrize("formula", ["sex:school", "0 + sex:school", "school + school:sex", "sex + school:sex"])
def test_terms_without_those_beneath_them_span_what_r_makes_them_span(formula):
    """R's rule of marginality: an interaction alone still has a mean of its own for each pair of levels."""
    pairs = fit(people(), "score ~ sex * school + (1|person)")
    table = fit(people(), f"score ~ {formula} + (1|person)")
    fixed = table.std_error.notna().sum()
    assert fixed == 8
    assert table.estimate["sd(residual)"] == pytest.approx(pairs.estimate["sd(residual)"], rel=1e-6)


def test_a_slope_of_a_factor_varies_between_groups():
    data = people()
    by_hand = data.assign(M=(data.sex == "M") * 1.0)
    names = {"M": "sex[M]", "sd(M|person)": "sd(sex[M]|person)", "cor(1,M|person)": "cor(1,sex[M]|person)"}
    same(fit(data, "score ~ sex + (sex|person)"), fit(by_hand, "score ~ M + (M|person)"), names)


@pytest.mark.parametrize(
    ("call", "values"),
    [
        ("I(age^2)", lambda age: age**2),
        ("I(age**2)", lambda age: age**2),
        ("I((age - 18)^2 / 100)", lambda age: (age - 18) ** 2 / 100),
        ("scale(age)", lambda age: (age - age.mean()) / age.std()),
        ("log(age)", np.log),
        ("scale(log(age))", lambda age: (np.log(age) - np.log(age).mean()) / np.log(age).std()),
    ],
)
def test_a_call_is_the_column_that_it_computes(call, values):
    data = people().assign(by_hand=lambda d: values(d.age))
    same(
        fit(data, f"score ~ {call} * sex + ({call}|person)"),
        fit(data, "score ~ by_hand * sex + (by_hand|person)"),
        {name: name.replace("by_hand", call) for name in fit(data, "score ~ by_hand * sex + (by_hand|person)").index},
    )


def test_a_response_may_be_a_call():
    data = people().assign(time=lambda d: np.exp(d.score), log_time=lambda d: d.score)
    same(fit(data, "log(time) ~ age + (1|person)"), fit(data, "log_time ~ age + (1|person)"), {})


def test_rows_without_what_a_call_needs_are_left_out_and_the_others_scaled_among_themselves():
    data = people()
    data.loc[:9, "age"] = np.nan
    data.loc[10:19, "sex"] = None
    table = fit(data, "score ~ scale(age) + sex + (1|person)")
    assert (table.n == len(data) - 20).all()
    by_hand = data.assign(z=(data.age - data.age.mean()) / data.age.std())  # R scales before it leaves rows out
    same(table, fit(by_hand, "score ~ z + sex + (1|person)"), {"z": "scale(age)"})


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("score ~ cube(age) + (1|person)", r"cannot compute cube\(age\): .*cube"),
        ("score ~ I(wage^2) + (1|person)", r"lack the column\(s\) wage of"),
        ("score ~ log(wage) + sex + (1|peson)", r"lack the column\(s\) peson, wage of"),
        ("score ~ poly(age, 2) + (1|person)", r"poly\(age, 2\) gives 2 columns"),
        ("score ~ I(sex^2) + (1|person)", r"cannot compute I\(sex\^2\)"),
        ("score ~ log(age - 18 - 100) + sex + (1|person)", "no row has a value in every column"),
        ("score ~ I(age + (1|person)", "cannot read the formula"),
        ("score ~ I(age ^) + (1|person)", "cannot read"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_call_that_cannot_be_computed_is_named_in_one_line(formula, message):
    with pytest.raises(GanalyzeError, match=message) as refusal:
        fit(people(), formula)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("column", ["age", "note"])
def test_text_of_many_values_is_no_factor(column):
    data = people().assign(note=lambda d: "n" + d.index.astype(str))
    data[column] = data[column].astype(object)
    data.loc[0, column] = "unknown"
    with pytest.raises(GanalyzeError, match=rf"column {column} is text with 240 values.*'unknown'.*\(1\|{column}\)"):
        fit(data, f"score ~ {column} + (1|person)")


@pytest.mark.parametrize("columns", [["age"], ["sex"], ["person"], ["age", "sex"]])
def test_columns_without_any_value_are_named(columns):
    data = people().assign(**dict.fromkeys(columns, np.nan))
    with pytest.raises(GanalyzeError, match=f"no row has a value in column {' or '.join(columns)} of"):
        fit(data, "score ~ age + sex + (1|person)")
