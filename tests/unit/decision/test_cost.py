from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from credit_scoring.decision.cost import CostMatrix, choose_cutoff, cost_curve, cost_per_applicant, cutoff_interval
from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.errors import DataError

coarse_pds = st.sampled_from([0.0, 0.05, 0.1, 0.25, 0.5, 0.9, 1.0])
some_rows = st.lists(st.tuples(coarse_pds, st.booleans()), min_size=1, max_size=40)


def arrays(rows: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([p for p, _ in rows]), np.array([bad for _, bad in rows])


def cost_by_hand(rows: list[tuple[float, bool]], cutoff: float, approve_bad: float) -> float:
    total = 0.0
    for p, bad in rows:
        declined = p >= cutoff
        total += approve_bad if bad and not declined else (1.0 if declined and not bad else 0.0)
    return total / len(rows)


@given(some_rows, st.integers(1, 20))
def test_no_other_cutoff_is_cheaper_and_no_higher_one_as_cheap(
    rows: list[tuple[float, bool]], approve_bad: int
) -> None:
    p, bad = arrays(rows)
    chosen = choose_cutoff(p, bad, CostMatrix(approve_bad, 1))
    best = cost_by_hand(rows, chosen, approve_bad)
    for other in [0.0, *sorted({q for q, _ in rows}), math.inf]:
        cost = cost_by_hand(rows, other, approve_bad)
        assert best <= cost + 1e-12
        approves_more = sum(q < other for q, _ in rows) > sum(q < chosen for q, _ in rows)
        assert not (approves_more and math.isclose(cost, best, abs_tol=1e-12))


@given(some_rows, st.sampled_from([0.0, 0.1, 0.3, 0.5, math.inf]), st.integers(1, 20))
def test_cost_per_applicant_is_counted_by_hand(rows: list[tuple[float, bool]], cutoff: float, approve_bad: int) -> None:
    p, bad = arrays(rows)
    by_hand = cost_by_hand(rows, cutoff, approve_bad)
    assert cost_per_applicant(p, bad, cutoff, CostMatrix(approve_bad, 1)) == pytest.approx(by_hand)


@given(some_rows, st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_weights_count_like_repeated_rows(rows: list[tuple[float, bool]], counts: list[int]) -> None:
    p, bad = arrays(rows)
    weights = np.array(counts[: len(rows)], dtype=np.float64)
    weights[0] += 1
    repeated = cost_curve(np.repeat(p, weights.astype(int)), np.repeat(bad, weights.astype(int)), CostMatrix())
    weighted = cost_curve(p, bad, CostMatrix(), weights=weights)
    assert weighted.costs.min() == pytest.approx(repeated.costs.min())


def test_with_calibrated_pds_the_cheapest_cutoff_is_near_the_theoretical_one() -> None:
    generator = np.random.default_rng(0)
    p = generator.beta(1, 11, 400_000)
    bad = generator.random(p.size) < p
    lower, upper = cutoff_interval(p, bad, CostMatrix(10, 1), seed=1, replicates=40)
    assert lower <= 1 / 11 <= upper
    assert upper - lower < 0.03


@pytest.mark.parametrize(
    ("p", "bad"),
    [
        (np.array([0.1, np.nan]), np.array([True, False])),
        (np.array([0.1, 1.2]), np.array([True, False])),
        (np.array([0.1]), np.array([True, False])),
        (np.array([]), np.array([], dtype=bool)),
    ],
)
def test_unusable_predictions_are_refused(p: np.ndarray, bad: np.ndarray) -> None:
    with pytest.raises(DataError):
        choose_cutoff(p, bad, CostMatrix())


@pytest.mark.parametrize("costs", [(0, 1), (10, 0), (-1, 1), (math.nan, 1), (math.inf, 1)])
def test_costs_must_be_positive(costs: tuple[float, float]) -> None:
    with pytest.raises(DataError, match="positive"):
        CostMatrix(*costs)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.floats(0, 1.01), st.floats(0, 0.3), st.floats(0, 0.3))
def test_a_higher_pd_is_never_decided_more_kindly(p: list[float], cutoff: float, below: float, above: float) -> None:
    policy = CostPolicy(cutoff=cutoff, cutoff_interval=(cutoff - below, cutoff + above))
    rank = {"approve": 0, "refer": 1, "decline": 2}
    decided = [rank[decision] for decision in policy.decide(np.sort(np.array(p)))]
    assert decided == sorted(decided)


def test_a_cutoff_outside_its_interval_is_refused() -> None:
    with pytest.raises(ValidationError, match="must lie in its interval"):
        CostPolicy(cutoff=0.3, cutoff_interval=(0.1, 0.2))


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_decision_follows_from_pd_cutoff_interval_and_coverage(p: float, coverage: float) -> None:
    policy = CostPolicy(cutoff=0.1, cutoff_interval=(0.08, 0.12), minimum_coverage=0.5)
    decision = policy.decide(np.array([p]), coverage=coverage)[0]
    if coverage < 0.5 or 0.08 <= p <= 0.12:
        assert decision == "refer"
    else:
        assert decision == ("decline" if p >= 0.1 else "approve")
