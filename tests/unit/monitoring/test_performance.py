"""Expected figures hold for calibrated PDs, before any outcome is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from credit_scoring.bundle.evaluate import fit_line
from credit_scoring.decision.cost import CostMatrix, cost_per_applicant
from credit_scoring.domain.errors import DataError
from credit_scoring.monitoring.performance import (
    FIGURES,
    OF_APPROVED,
    calibration_spread,
    expected_performance,
    realised_performance,
)

COSTS, CUTOFF = CostMatrix(10, 1), 1 / 11
Floats = NDArray[np.float64]
pds = st.lists(st.sampled_from([0.02, 0.05, 0.1, 0.3, 0.6]), min_size=2, max_size=7)


def drawn(rows: int, seed: int) -> Floats:
    return np.random.default_rng(seed).beta(0.9, 9.0, rows)


def pairs_auc(p: Floats, bad: Floats) -> float:
    pairs = [(a > b) + (a == b) / 2 for a in p[bad == 1] for b in p[bad == 0]]
    return float(np.mean(pairs)) if pairs else float("nan")


@hypothesis_settings(max_examples=30)
@given(pds)
def test_expected_figures_are_means_over_all_outcomes(listed: list[float]) -> None:
    """Cost and decline rate exactly; AUC and the shares as ratios of means, over every outcome there can be."""
    p = np.array(listed)
    found = expected_performance(p, CUTOFF, COSTS, replicates=3)
    outcomes = [np.array(one) for one in itertools.product([0.0, 1.0], repeat=p.size)]
    chances = [float(np.prod(np.where(one == 1, p, 1 - p))) for one in outcomes]
    costs = [cost_per_applicant(p, one == 1, CUTOFF, COSTS) for one in outcomes]
    assert found["cost"].value == pytest.approx(np.dot(chances, costs))
    assert found["decline_rate"].value == pytest.approx(np.mean(p >= CUTOFF))
    won = sum(
        c * np.nan_to_num(pairs_auc(p, o)) * o.sum() * (1 - o).sum() for c, o in zip(chances, outcomes, strict=True)
    )
    pairs = sum(c * o.sum() * (1 - o).sum() for c, o in zip(chances, outcomes, strict=True))
    if "auc" in found:
        assert found["auc"].value == pytest.approx(won / pairs)
    detected = sum(c * o[p >= CUTOFF].sum() for c, o in zip(chances, outcomes, strict=True)) / p.sum()
    if "defaults_detected" in found:
        assert found["defaults_detected"].value == pytest.approx(detected)


@pytest.mark.parametrize("rows", [300, 2_000])
def test_intervals_cover_what_calibrated_applicants_realise(rows: int) -> None:
    windows, generator = 120, np.random.default_rng(rows)
    hits = dict.fromkeys(FIGURES, 0)
    errors = []
    for seed in range(windows):
        p = drawn(rows, seed)
        bad = (generator.random(rows) < p).astype(np.float64)
        found = realised_performance(p, bad, CUTOFF, COSTS, seed=seed)
        for name in FIGURES:
            hits[name] += name not in found.beyond
        errors.append(found.realised["cost"] - found.expected["cost"].value)
    assert all(hits[name] / windows >= 0.90 for name in FIGURES), hits
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(windows)


def test_intervals_cover_though_the_calibration_was_learnt_from_few() -> None:
    """Whoever learns the line in log-odds from 1,500 applications is off, and knows by how much."""
    windows, generator = 80, np.random.default_rng(9)
    hits = {False: 0, True: 0}
    for seed in range(windows):
        truth, known = drawn(3_000, seed), drawn(1_500, 1_000 + seed)
        spread = calibration_spread(known)
        intercept, slope = generator.multivariate_normal(np.zeros(2), spread)
        told = 1 / (1 + np.exp(-(intercept + (1 + slope) * np.log(truth / (1 - truth)))))
        bad = (generator.random(truth.size) < truth).astype(np.float64)
        for knows in hits:
            found = realised_performance(told, bad, CUTOFF, COSTS, spread=spread if knows else None, seed=seed)
            hits[knows] += "bad_rate_approved" not in found.beyond
    assert hits[True] / windows >= 0.88
    assert hits[False] < hits[True]


def test_the_spread_is_that_of_calibration_lines_fitted_again_and_again() -> None:
    p, generator = drawn(3_000, 4), np.random.default_rng(4)
    margin = np.log(p / (1 - p))
    lines = [fit_line(margin, generator.random(p.size) < p, np.ones(p.size)) for _ in range(300)]
    fitted = np.cov([(intercept, slope) for slope, intercept in lines], rowvar=False)
    assert np.sqrt(np.diag(calibration_spread(p))) == pytest.approx(np.sqrt(np.diag(fitted)), rel=0.2)


def test_the_order_of_applicants_changes_nothing() -> None:
    p = np.round(drawn(500, 1), 2)
    assert expected_performance(p, CUTOFF, COSTS) == expected_performance(p[::-1].copy(), CUTOFF, COSTS)


def test_wrong_pds_are_found_out_only_by_outcomes() -> None:
    """Concept drift: defaults double, no PD moves."""
    p = drawn(3_000, 2)
    bad = (np.random.default_rng(2).random(p.size) < np.minimum(2 * p, 1)).astype(np.float64)
    found = realised_performance(p, bad, CUTOFF, COSTS)
    assert found.expected == expected_performance(p, CUTOFF, COSTS)
    assert {"bad_rate_approved", "cost"} <= set(found.beyond)


def test_where_the_declined_have_no_outcome_the_approved_are_compared_among_themselves() -> None:
    p = drawn(3_000, 3)
    bad = (np.random.default_rng(3).random(p.size) < p).astype(np.float64)
    bad[p >= CUTOFF] = np.nan
    bad[np.argmax(p)] = 1.0  # one declined applicant whose outcome is known somehow is not like the others
    found = realised_performance(p, bad, CUTOFF, COSTS)
    approved = p < CUTOFF
    assert found.population == "approved"
    assert found.applications == approved.sum()
    assert set(found.realised) == set(found.expected) == set(OF_APPROVED)
    assert found.realised["bad_rate_approved"] == pytest.approx(bad[approved].mean())
    assert found.realised["auc"] == pytest.approx(pairs_auc(p[approved], bad[approved]))
    assert found.beyond == ()


def test_what_nobody_tells_is_left_out_and_nothing_is_refused() -> None:
    assert "bad_rate_approved" not in expected_performance(np.array([0.5, 0.9]), CUTOFF, COSTS)
    assert expected_performance(np.array([0.0, 0.0]), CUTOFF, COSTS).keys() == {
        "decline_rate",
        "bad_rate_approved",
        "cost",
    }
    with pytest.raises(DataError, match="no predictions"):
        expected_performance(np.empty(0), CUTOFF, COSTS)
    with pytest.raises(DataError, match="no outcome"):
        realised_performance(np.array([0.01, 0.5]), np.array([np.nan, 1.0]), CUTOFF, COSTS)
