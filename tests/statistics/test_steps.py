"""Steps of α: each tested over the seeds, with as few false alarms as stated."""

import numpy as np
import pandas as pd
import pytest

from ganalyze.statistics.steps import step_changes
from tests import REPOSITORY

LME4 = REPOSITORY / "tests/fixtures/lme4"


def scores(rng, rises, seeds=30):
    means = np.r_[0, np.cumsum(rises)]
    values = rng.normal(size=(seeds, 1)) + means + 0.1 * rng.normal(size=(seeds, len(means)))
    rows = [[s, a, values[s, i]] for s in range(seeds) for i, a in enumerate(np.linspace(-0.2, 0.2, len(means)))]
    return pd.DataFrame(rows, columns=["seed_id", "alpha", "score"])


def test_each_step_is_told_apart_from_none():
    steps = step_changes(scores(np.random.default_rng(0), [0.3, 0.0, 0.3, -0.3]))
    assert steps.n.tolist() == [30] * 4
    assert ((steps.ci_low > 0) == [True, False, True, False]).all()
    assert steps.ci_high[3] < 0
    assert (steps.p_holm >= steps.p).all()


@pytest.mark.slow
def test_where_nothing_rises_one_of_twenty_sets_at_most_gives_an_alarm():
    alarms = sum(
        (step_changes(scores(np.random.default_rng(i), [0, 0, 0, 0], seeds=20)).p_holm < 0.05).any() for i in range(400)
    )
    assert alarms / 400 < 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5


def test_steps_are_those_of_r():
    sleep = pd.read_csv(LME4 / "published/sleepstudy.csv.gz")
    named = sleep.rename(columns={"Subject": "seed_id", "Days": "alpha", "Reaction": "score"})
    pd.testing.assert_frame_equal(
        step_changes(named), pd.read_csv(LME4 / "steps.csv"), check_dtype=False, rtol=1e-8, atol=0
    )
