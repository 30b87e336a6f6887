from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score, roc_curve

from credit_scoring.bundle.evaluate import Figures, RankedPredictions, evaluation, figures, paired_difference
from credit_scoring.bundle.manifest import Evaluation
from credit_scoring.decision.cost import CostMatrix, cost_per_applicant

rows = st.lists(st.tuples(st.sampled_from([0.01, 0.1, 0.2, 0.5, 0.8]), st.booleans()), min_size=4, max_size=60).filter(
    lambda drawn: len({bad for _, bad in drawn}) == 2
)


@settings(max_examples=50)
@given(rows)
def test_figures_agree_with_scikit_learn(drawn: list[tuple[float, bool]]) -> None:
    p, bad = np.array([q for q, _ in drawn]), np.array([b for _, b in drawn])
    found = RankedPredictions(p, bad).overall(np.ones(p.size))
    alarms, detected, _ = roc_curve(bad, p)
    assert found["auc"] == pytest.approx(roc_auc_score(bad, p))
    assert found["ks"] == pytest.approx(np.max(np.abs(detected - alarms)))
    assert found["brier"] == pytest.approx(brier_score_loss(bad, p))
    assert found["log_loss"] == pytest.approx(log_loss(bad, p))
    at = RankedPredictions(p, bad).at(p >= 0.2, CostMatrix(), np.ones(p.size))
    assert at["cost"] == pytest.approx(cost_per_applicant(p, bad, 0.2, CostMatrix()))
    base = bad.mean()
    false_alarms = np.mean(p[~bad] >= 0.2)
    assert at["cost"] == pytest.approx(base * (1 - at["defaults_detected"]) * 10 + (1 - base) * false_alarms)


def judged(p: np.ndarray, bad: np.ndarray) -> Figures:
    return figures(p, bad, declined=p >= 0.1, costs=CostMatrix(), seed=1)


def evaluated(p: np.ndarray, bad: np.ndarray) -> Evaluation:
    return evaluation(judged(p, bad), bad, cutoff=0.1, costs=CostMatrix(), population="drawn")


def predictions(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    p = generator.beta(1, 11, size)
    return p, generator.random(size) < p


def test_intervals_hold_the_value_and_shrink_with_rows() -> None:
    widths = []
    for size in (1_000, 16_000):
        p, bad = predictions(size, 1)
        found = evaluated(p, bad)
        auc = found.metrics["auc"]
        assert auc.lower < auc.value < auc.upper
        widths.append(auc.upper - auc.lower)
    assert widths[0] / widths[1] == pytest.approx(4.0, rel=0.3)


def test_the_interval_of_the_slope_covers_1_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(40):
        p, bad = predictions(800, seed)
        slope = evaluated(p, bad).metrics["calibration_slope"]
        covered += slope.lower <= 1 <= slope.upper
    assert covered >= 34  # of 40; a 95 % interval falls below 34 with a probability under 1 %


def test_a_model_does_not_differ_from_itself_and_noise_makes_it_worse() -> None:
    p, bad = predictions(5_000, 2)
    same = paired_difference(judged(p, bad), judged(p, bad))
    assert all(metric.value == metric.lower == metric.upper == 0 for metric in same.values())
    noisy = np.clip(p * np.random.default_rng(0).lognormal(0, 1.0, p.size), 0, 1)
    worse = paired_difference(judged(noisy, bad), judged(p, bad))
    assert worse["auc"].upper < 0
    assert worse["brier"].lower > 0
