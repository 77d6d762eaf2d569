"""The power curve against what is known of it."""

import numpy as np
import pytest
from scipy.stats import norm

from ganalyze.experiments import power as power_module
from ganalyze.experiments.power import (
    equivalence_table,
    estimate_power,
    needed,
    power,
    power_table,
    simulate_answers,
)
from ganalyze.statistics.equivalence import Equivalence


def test_power_is_5_percent_without_an_effect_and_80_percent_with_the_participants_needed():
    assert power(0.0, np.array([10, 1000])) == pytest.approx([0.05, 0.05])
    assert power(0.3, np.array([needed(0.3)])) == pytest.approx([0.8], abs=1e-4)
    assert needed(0.0) == np.inf


def test_the_curve_is_found_again_from_z_values_and_its_band_covers_it_95_times_in_100():
    rng, sizes, truth = np.random.default_rng(1), (10, 20, 40, 80), 0.25
    inside = []
    for _ in range(400):
        table = power_table(truth * np.sqrt(sizes)[:, None] + rng.normal(size=(4, 8)), sizes)
        row = table[table.participants == 40].iloc[0]
        inside.append(row.power_low <= power(truth, np.array([40]))[0] <= row.power_high)
        assert row.needed_low <= row.needed <= row.needed_high
    assert 0.92 <= np.mean(inside) <= 0.98


def test_shares_count_what_was_detected():
    z = np.array([[0.0, 1.9, 2.0, -3.0], [2.5, 2.5, 2.5, 2.5]])
    shares = power_table(z, (10, 20)).dropna(subset="share").set_index("participants")
    assert shares.share.to_dict() == {10: 0.5, 20: 1.0}
    low = (1 + norm.ppf(0.975) ** 2 / 8 - norm.ppf(0.975) * (0 + norm.ppf(0.975) ** 2 / 64) ** 0.5) / (
        1 + norm.ppf(0.975) ** 2 / 4
    )
    assert shares.share_low[20] == pytest.approx(low)  # Wilson 1927


@pytest.fixture
def few(monkeypatch):
    for name, value in (("PARTICIPANTS", (5, 10)), ("PARTICIPANTS_2AFC", (4, 8)), ("FEWER_SEEDS", (80,))):
        monkeypatch.setattr(power_module, name, value)


def test_a_stronger_effect_needs_fewer_simulated_participants(few):
    table = estimate_power({"weak": 1.0, "strong": 8.0}, 4, 3, Equivalence())
    needed_by = table[table.experiment == "memory_game"].groupby("study").needed.first()
    assert needed_by["strong"] < needed_by["weak"]
    assert set(table.data_source) == {"simulated"}
    again = estimate_power({"strong": 8.0}, 4, 3, Equivalence())
    assert again.needed[0] == needed_by["strong"]


def test_images_vary_at_one_number_of_participants_and_the_2afc_task_comes_last(few):
    table = estimate_power({"strong": 8.0}, 4, 3, Equivalence())
    images = table[table.varies == "images"]
    assert images.images.tolist() == [80, 1500]
    assert images.participants.nunique() == 1
    whole = table[(table.varies == "participants") & (table.participants == images.participants.iloc[0])]
    assert images.share.iloc[1] == whole.share.iloc[0]
    last = table[table.experiment == "two_afc"]
    assert last.beta.eq(0).all()
    assert last.dropna(subset="share").participants.tolist() == [4, 8]
    wider = estimate_power({}, 4, 3, Equivalence(margin=0.4))
    assert wider.needed[0] == pytest.approx(last.needed.iloc[0] / 4)


def test_the_curve_of_showing_none_is_that_of_its_shares():
    rng, sizes, error = np.random.default_rng(2), (40, 80, 160), 2.0
    errors = error / np.sqrt(sizes)[:, None] * np.ones((3, 2000))
    slopes = np.stack([rng.normal(size=(3, 2000)) * errors, errors], axis=-1)
    table = equivalence_table(slopes, sizes, margin=0.5)
    simulated = table.dropna(subset="share")
    np.testing.assert_allclose(simulated.power, simulated.share, atol=0.035)
    # Julious, Stat. Med. 2004: (z of 95 % + z of 90 %)² · error² / margin² participants for 80 % power.
    assert table.needed[0] == pytest.approx((norm.ppf(0.95) + norm.ppf(0.9)) ** 2 * error**2 / 0.25)


def test_people_meet_a_seed_once_and_answer_as_observers_do():
    points = simulate_answers("two_afc", 0.0, (-0.2, 0.0, 0.2), 300, 1500, np.random.default_rng(5))
    assert len(points) == 300 * 80
    assert not points.duplicated(["participant", "seed_id"]).any()
    assert (points.class_id == points.seed_id // 2).all()
    # The mean of a logistic normal: log odds of 0.6 / √(1 + 0.346 · variance), Zeger, Liang & Albert 1988; lapses to ½.
    rate = 1 / (1 + np.exp(-0.6 / (1 + 0.346 * (0.8**2 + 0.6**2 + 0.3**2)) ** 0.5))
    assert points.answer.mean() == pytest.approx(0.98 * rate + 0.01, abs=0.03)
