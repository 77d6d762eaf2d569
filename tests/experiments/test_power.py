"""The power curve against what is known of it."""

import numpy as np
import pytest
from scipy.stats import norm

from ganalyze.experiments.power import estimate_power, needed, power, power_table
from ganalyze.statistics.mixed_models import fit_mixed_model


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


def test_a_stronger_effect_needs_fewer_simulated_participants(monkeypatch):
    monkeypatch.setattr("ganalyze.experiments.power.PARTICIPANTS", (5, 10))
    table = estimate_power({"weak": 1.0, "strong": 8.0}, data_sets=2, seed=3)
    needed_by = table.groupby("study").needed.first()
    assert needed_by["strong"] < needed_by["weak"]
    assert set(table.data_source) == {"simulated"}
    again = estimate_power({"strong": 8.0}, data_sets=2, seed=3)
    assert again.needed[0] == needed_by["strong"]


def test_seeds_and_classes_of_the_paper_have_their_random_effects(monkeypatch):
    seen = []

    def record(points, formula, family, name):
        seen.append((formula, points.class_id.max() + 1, points.seed_id.max() + 1))
        return fit_mixed_model(points, formula, family, name)

    monkeypatch.setattr("ganalyze.experiments.power.PARTICIPANTS", (100,))
    monkeypatch.setattr("ganalyze.experiments.power.fit_mixed_model", record)
    estimate_power({"memorability": 1.92}, data_sets=1, seed=3)
    assert seen == [("hit ~ alpha + (1|participant) + (1|seed_id) + (1|class_id)", 750, 1500)]
