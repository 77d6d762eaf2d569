"""Neither units nor origins of predictors change a model, its verdict or its numbers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixedlm.models import LmerMod

from ganalyze.statistics.coordinates import Coordinates, random_columns
from ganalyze.statistics.design import in_numbers, parse_formula
from ganalyze.statistics.fitting import fits_of
from ganalyze.statistics.mixed_models import fit_mixed_model
from ganalyze.support.errors import GanalyzeError


def answers(seed: int = 3, groups: int = 12, rows: int = 12) -> pd.DataFrame:
    """Reaction times and answers of a few people, each with a level and a slope over hours awake."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(groups), rows)
    hours, level, slope = rng.normal(size=len(person)), rng.normal(size=groups), rng.normal(size=groups)
    value = 0.4 + (0.7 + 0.6 * slope[person]) * hours + level[person]
    return pd.DataFrame(
        {
            "person": person,
            "hours": hours,
            "time": value + rng.normal(0, 0.5, len(person)),
            "right": (rng.logistic(size=len(person)) < value).astype(float),
        }
    )


def fit(data: pd.DataFrame, formula: str, family: str) -> pd.DataFrame:
    return fit_mixed_model(data, formula, family, "m").set_index("term")


RESPONSE = {"gaussian": "time", "binomial": "right"}
families = pytest.mark.parametrize("family", RESPONSE)


@families
@settings(max_examples=6, deadline=None)
@given(
    unit=st.floats(-6, 6).map(lambda power: 10.0**power),
    origin=st.floats(-1000, 1000),
    sign=st.sampled_from([-1, 1]),
)
def test_a_slope_that_varies_is_found_in_any_units_from_any_origin(family, unit, origin, sign):
    unit *= sign
    formula = f"{RESPONSE[family]} ~ hours + (hours|person)"
    before = fit(answers(), formula, family)
    after = fit(answers().assign(hours=lambda d: unit * (d.hours + origin)), formula, family)
    assert (before.converged == "yes").all()
    assert (after.converged == "yes").all()
    found, expected = after.estimate, before.estimate
    assert found["hours"] * unit == pytest.approx(expected["hours"], rel=1e-5)
    assert after.std_error["hours"] * abs(unit) == pytest.approx(before.std_error["hours"], rel=1e-4)
    assert found["sd(hours|person)"] * abs(unit) == pytest.approx(expected["sd(hours|person)"], rel=1e-5)
    assert after.p["hours"] == pytest.approx(before.p["hours"], rel=1e-3)
    # At the new origin: b0' = b0 - origin·b1, for the fixed effect and for each person's.
    assert found["(Intercept)"] == pytest.approx(
        expected["(Intercept)"] - origin * expected["hours"], rel=1e-4, abs=1e-4
    )
    level, slope = expected["sd(1|person)"], expected["sd(hours|person)"]
    variance = level**2 + (origin * slope) ** 2 - 2 * origin * expected["cor(1,hours|person)"] * level * slope
    assert found["sd(1|person)"] == pytest.approx(np.sqrt(variance), rel=1e-3)
    # The restricted likelihood, of contrasts of the response, is in the units of X.
    units = np.log(abs(unit)) if family == "gaussian" else 0
    assert after.log_likelihood.iloc[0] + units == pytest.approx(before.log_likelihood.iloc[0], abs=1e-5)


@families
@pytest.mark.parametrize("unit", [1e-5, 60, 3.6e6])
def test_independent_slopes_do_not_mind_the_unit(family, unit):
    formula = f"{RESPONSE[family]} ~ hours + (1 + hours||person)"
    before, after = (fit(answers().assign(hours=lambda d, u=u: d.hours * u), formula, family) for u in (1, unit))
    assert (after.converged == before.converged).all()
    assert after.estimate["sd(hours|person)"] * unit == pytest.approx(before.estimate["sd(hours|person)"], rel=1e-5)
    assert after.estimate["sd(1|person)"] == pytest.approx(before.estimate["sd(1|person)"], rel=1e-5)
    assert after.std_error["hours"] * unit == pytest.approx(before.std_error["hours"], rel=1e-4)


@families
def test_a_parabola_far_from_its_apex_is_found(family):
    """Years such as 2026 and their squares, which differ by less than a thousandth from a straight line."""
    response = RESPONSE[family]
    near = fit(answers(), f"{response} ~ hours + I(hours^2) + (1|person)", family)
    far = fit(answers().assign(hours=lambda d: 2026 + d.hours), f"{response} ~ hours + I(hours^2) + (1|person)", family)
    assert (far.converged == near.converged).all()
    for column in ("estimate", "std_error"):
        assert far[column]["I(hours^2)"] == pytest.approx(near[column]["I(hours^2)"], rel=1e-3)


@pytest.mark.parametrize("origin", [0, 1e5])
def test_separation_is_seen_from_any_origin(origin):
    data = answers().assign(right=lambda d: (d.hours > 0).astype(int), hours=lambda d: d.hours + origin)
    with pytest.raises(GanalyzeError, match="right is completely separated by hours:"):
        fit(data, "right ~ hours + (1|person)", "binomial")
    data.loc[data.hours.idxmax(), "right"] = 0
    assert len(fit(data, "right ~ hours + (1|person)", "binomial"))


@families
@pytest.mark.filterwarnings("ignore:Model is singular")
@pytest.mark.parametrize("effects", ["(hours|person)", "(hours||person)", "(1|person)", "(0 + hours|person)"])
def test_a_fit_taken_back_has_the_deviance_of_the_data_as_given(family, effects):
    data = answers().assign(hours=lambda d: 20 + 3 * d.hours)
    coded, data = in_numbers(parse_formula(f"{RESPONSE[family]} ~ hours + {effects}"), data)
    coordinates, fits = fits_of(coded, data, family)
    orthogonal = next(fits)
    given = coordinates.restore(orthogonal)
    at = given.theta if family == "gaussian" else np.r_[given.theta, given.beta]
    assert given.as_function("deviance")(at) == pytest.approx(given.deviance, abs=1e-6)
    np.testing.assert_allclose(given.fitted(), orthogonal.fitted(), rtol=1e-6)
    covariance = coordinates.restore_covariance(orthogonal.vcov())
    np.testing.assert_allclose(covariance, given.vcov(), rtol=1e-4)


def test_the_coordinates_are_orthogonal_with_a_mean_square_of_one():
    data = answers().assign(more=lambda d: 5 + d.hours**3)
    matrices = LmerMod("time ~ hours + more + (hours|person) + (0 + more|person)", data).matrices
    orthogonal = Coordinates.of(matrices).orthogonal
    for columns in (orthogonal.X, *random_columns(orthogonal)):
        np.testing.assert_allclose(columns.T @ columns / len(data), np.eye(columns.shape[1]), atol=1e-10)


@pytest.mark.parametrize(
    ("formula", "term"),
    [
        ("time ~ hours + minutes + (1|person)", "minutes"),
        ("time ~ hours + far + (1|person)", "far"),
        ("time ~ hours + (hours + minutes|person)", "minutes of person"),
        ("time ~ hours + side + other + (1|person)", r"other\[y\]"),
    ],
)
def test_a_term_that_others_make_up_is_named(formula, term):
    data = answers().assign(minutes=lambda d: 60 * d.hours - 7, far=lambda d: 1e6 + d.hours)
    data["side"] = np.where(data.hours > 0, "left", "right")
    data["other"] = np.where(data.hours > 0, "x", "y")
    with pytest.raises(GanalyzeError, match=f"rank deficient: {term} is a combination of the others"):
        fit(data, formula, "gaussian")
