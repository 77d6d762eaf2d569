"""What is said where no optimum was reached: what stands in its way, and what to do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from mixedlm.models import GlmerMod, LmerMod

from ganalyze.statistics.mixed_models import fit_mixed_model
from ganalyze.statistics.remedies import what_would_help


def answers(groups: int = 12, rows: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"person": np.repeat(np.arange(groups), rows), "x": rng.normal(size=groups * rows)})
    value = data.x * (1 + 0.5 * rng.normal(size=groups)[data.person]) + rng.normal(size=groups)[data.person]
    data["time"] = value + rng.normal(0, 0.5, len(data))
    data["right"] = (value + rng.logistic(size=len(data)) > 0).astype(int)
    return data


def stopped(theta: list[float], formula: str, data: pd.DataFrame | None = None):
    """A fit that stopped at θ."""
    data = answers() if data is None else data
    model = (LmerMod if formula.startswith("time") else GlmerMod)(formula, data)
    return replace(model.fit(), theta=np.array(theta))


@pytest.mark.filterwarnings("ignore:Model")
@pytest.mark.parametrize(
    ("theta", "formula", "help_"),
    [
        ([1.0, 0.5, 1.0], "right ~ x + (x|person)", ""),
        ([0.0], "right ~ x + (1|person)", "sd(1|person) is at its bound of 0: leave it out"),
        ([1.0, 0.0], "time ~ x + (1 + x||person)", "sd(x|person) is at its bound of 0: leave it out"),
        ([1.0, 0.0], "right ~ x + (0 + x|person) + (1|x)", "sd(1|x) is at its bound of 0: leave it out"),
        (
            [1.0, 0.7, 0.0],
            "time ~ x + (x|person)",
            "a correlation within person is at its bound of 1: leave it out, (1 + x||person)",
        ),
        (
            [1.0, -2.0, 1e-4],
            "right ~ x + (x|person)",
            "a correlation within person is at its bound of 1: leave it out, (1 + x||person)",
        ),
        ([30.0], "right ~ x + (1|person)", "sd(1|person) grows without end (within 3 of 12 person all responses"),
        ([1.0, 0.0, 44.0], "right ~ x + (x|person)", "sd(x|person) grows without end (within 3 of 12 person"),
        ([30.0], "time ~ x + (1|person)", ""),  # of a residual that is as small as that
    ],
)
def test_the_estimate_in_the_way_is_named_and_what_to_write_instead(theta, formula, help_):
    said = what_would_help(stopped(theta, formula))
    assert said.startswith(f"; {help_}") if help_ else said == ""


@pytest.mark.filterwarnings("ignore:Model")
def test_slopes_that_groups_cannot_tell_are_named_before_what_comes_of_them():
    data = answers().assign(x=lambda d: np.where(d.person < 9, 1.0 * d.person, d.x))
    said = what_would_help(stopped([1.0, 0.7, 0.0], "time ~ x + (x|person)", data))
    assert said == "; only 3 of 12 person can tell (1 + x|person): leave a slope out"


@pytest.mark.filterwarnings("ignore:Model", "ignore:Grouping")
@pytest.mark.parametrize(("groups", "few"), [(3, True), (4, True), (6, False)])
def test_few_groups_are_named(groups, few):
    said = what_would_help(stopped([1.0], "right ~ x + (1|person)", answers(groups, 12)))
    assert said == (
        f"; person has {groups} levels only, too few to tell a variance: make it a predictor" if few else ""
    )


def alike(groups: int, exceptions: list[int]) -> pd.DataFrame:
    """Everybody answers always alike, with exceptions."""
    data = pd.DataFrame({"person": np.repeat(np.arange(groups), 3), "x": np.tile([-1.0, 0.0, 1.0], groups)})
    data["right"] = data.person % 2
    data.loc[exceptions, "right"] = 1 - data.loc[exceptions, "right"]
    return data


@pytest.mark.parametrize(("groups", "exceptions", "constant"), [(12, [0], 11), (20, [0], 19)])
def test_a_model_without_an_optimum_says_why(groups, exceptions, constant):
    table = fit_mixed_model(alike(groups, exceptions), "right ~ x + (1|person)", "binomial", "m")
    assert set(table.converged) == {
        f"no: it did not converge; sd(1|person) grows without end (within {constant} of {groups} person all responses "
        "are alike): leave it out, or gather more rows of each"
    }
    assert table[["estimate", "std_error", "p"]].isna().all(axis=None)
