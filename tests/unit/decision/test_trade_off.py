"""Every figure of a cut-off is what counting gives, and its interval what drawing whole applications gives."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from credit_scoring.decision.cost import APPROVE_ALL, CostMatrix, choose_cutoff, cost_per_applicant
from credit_scoring.decision.ranked import Ranked
from credit_scoring.decision.trade_off import (
    MOST_CUTOFFS,
    REPLICATES,
    TradeOff,
    cheapest_cutoff,
    drawn_cutoffs,
    swapped,
)
from credit_scoring.domain.errors import DataError

coarse_pds = st.sampled_from([0.0, 0.05, 0.1, 0.25, 0.5, 0.9, 1.0])
some_rows = st.lists(st.tuples(coarse_pds, st.booleans()), min_size=2, max_size=40)
some_cutoffs = st.lists(st.floats(0, APPROVE_ALL) | coarse_pds, min_size=1, max_size=8)
some_costs = st.builds(CostMatrix, st.floats(0.01, 1000), st.floats(0.01, 1000))


def ended(rows: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    """Return PDs and outcomes, of applications that did not all end alike."""
    p, bad = np.array([p for p, _ in rows]), np.array([bad for _, bad in rows])
    assume(bad.any() and not bad.all())
    return p, bad


def calibrated(number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    p = generator.beta(1, 8, number)
    return p, generator.random(number) < p


@given(some_rows, some_cutoffs, some_costs)
def test_every_point_is_what_counting_gives(
    rows: list[tuple[float, bool]], cutoffs: list[float], costs: CostMatrix
) -> None:
    p, bad = ended(rows)
    points = TradeOff(Ranked(p, bad), np.array(cutoffs), costs).points()
    assert [point.cutoff for point in points] == sorted(set(cutoffs))
    for point in points:
        approved = [b for q, b in rows if q < point.cutoff]
        assert point.cost.value == cost_per_applicant(p, bad, point.cutoff, costs)
        assert point.approval_rate == len(approved) / len(rows)
        assert point.bad_rate_approved == (sum(approved) / len(approved) if approved else None)
        assert point.defaults_detected == (bad.sum() - sum(approved)) / bad.sum()
        assert 0 <= point.cost.lower <= point.cost.value <= point.cost.upper
        assert point.cost.upper <= max(costs.approve_bad, costs.decline_good) * (1 + 1e-12)


@given(some_rows, some_cutoffs)
def test_a_higher_cutoff_approves_more_and_detects_less(rows: list[tuple[float, bool]], cutoffs: list[float]) -> None:
    points = TradeOff(Ranked(*ended(rows)), np.array(cutoffs), CostMatrix()).points()
    for one, next_one in pairwise(points):
        assert one.approval_rate <= next_one.approval_rate
        assert one.defaults_detected >= next_one.defaults_detected


@given(some_rows, some_costs)
def test_the_cheapest_is_exact_and_no_drawn_cutoff_is_cheaper(
    rows: list[tuple[float, bool]], costs: CostMatrix
) -> None:
    p, bad = ended(rows)
    ranked = Ranked(p, bad)
    cheapest = cheapest_cutoff(ranked, costs)
    assert cheapest == min(choose_cutoff(p, bad, costs), APPROVE_ALL)
    trade_off = TradeOff(ranked, np.append(drawn_cutoffs(ranked), cheapest), costs)
    assert cost_per_applicant(p, bad, cheapest, costs) == trade_off.costs.min()


@given(some_rows)
def test_of_few_pds_every_cutoff_that_makes_a_difference_is_drawn(rows: list[tuple[float, bool]]) -> None:
    p, bad = ended(rows)
    assert drawn_cutoffs(Ranked(p, bad)).tolist() == [*sorted(set(p.tolist())), APPROVE_ALL]


@given(st.integers(2, 2_000), st.integers(0, 9))
def test_drawn_cutoffs_are_few_ascending_and_go_from_declining_all_to_approving_all(number: int, seed: int) -> None:
    p, bad = calibrated(number, seed)
    assume(bad.any() and not bad.all())
    drawn = drawn_cutoffs(Ranked(p, bad))
    assert drawn.size <= MOST_CUTOFFS
    assert (np.diff(drawn) > 0).all()
    assert not (p < drawn[0]).any()
    assert (p < drawn[-1]).all()


def test_a_drawn_curve_leaves_no_large_gap() -> None:
    p, bad = calibrated(20_000, 1)
    ranked = Ranked(p, bad)
    approved, _ = ranked.approved(drawn_cutoffs(ranked))
    assert np.diff(approved).max() < 0.03 * p.size
    assert np.diff(drawn_cutoffs(ranked)[:-1]).max() < 0.02


def bootstrapped(p: np.ndarray, bad: np.ndarray, cutoff: float, costs: CostMatrix, replicates: int) -> np.ndarray:
    """Return the cost in replicates of whole applications drawn with replacement."""
    declined = p >= cutoff
    cost = np.where(bad & ~declined, costs.approve_bad, np.where(~bad & declined, costs.decline_good, 0.0))
    drawn = np.random.default_rng(5).integers(0, p.size, (replicates, p.size))
    return np.asarray(cost[drawn].mean(axis=1))


@pytest.mark.parametrize("cutoff", [0.0, 0.05, 0.11, 0.3, APPROVE_ALL])
def test_an_interval_is_that_of_drawing_whole_applications(cutoff: float) -> None:
    p, bad = calibrated(500, 2)
    costs = CostMatrix(10, 1)
    rows = bootstrapped(p, bad, cutoff, costs, 10_000)
    cells = TradeOff(Ranked(p, bad), np.append(drawn_cutoffs(Ranked(p, bad)), cutoff), costs)
    (point,) = (one for one in cells.points() if one.cutoff == cutoff)
    drawn = cells.drawn[:, cells.cutoffs == cutoff]
    deviation = rows.std()
    assert drawn.shape[0] == REPLICATES
    assert abs(drawn.mean() - point.cost.value) < 4 * deviation / np.sqrt(REPLICATES)
    assert drawn.std() == pytest.approx(deviation, rel=0.2)
    # An end of 200 replicates strays by a fifth of a standard deviation.
    assert np.quantile(rows, [0.025, 0.975]) == pytest.approx([point.cost.lower, point.cost.upper], abs=0.7 * deviation)


def test_the_true_cost_is_in_about_95_of_100_intervals() -> None:
    costs, cutoff = CostMatrix(10, 1), 0.1
    many, became = calibrated(2_000_000, 99)
    true = cost_per_applicant(many, became, cutoff, costs)
    held = 0
    for seed in range(200):
        ranked = Ranked(*calibrated(600, seed))
        (point,) = TradeOff(ranked, np.array([cutoff]), costs).points()
        held += point.cost.lower <= true <= point.cost.upper
    assert 0.89 <= held / 200 <= 0.985


@given(some_rows, some_cutoffs, some_costs)
def test_a_difference_is_paired(rows: list[tuple[float, bool]], cutoffs: list[float], costs: CostMatrix) -> None:
    p, bad = ended(rows)
    trade_off = TradeOff(Ranked(p, bad), np.array(cutoffs), costs)
    one, other = cutoffs[0], cutoffs[-1]
    found, turned = trade_off.cost_difference(one, other), trade_off.cost_difference(other, one)
    assert found.value == cost_per_applicant(p, bad, one, costs) - cost_per_applicant(p, bad, other, costs)
    assert found.lower <= found.value <= found.upper
    assert turned == pytest.approx((-found.value, -found.upper, -found.lower), abs=1e-9)
    if np.array_equal(p < one, p < other):
        assert found == (0, 0, 0)


def test_a_paired_difference_is_narrower_than_two_intervals_apart() -> None:
    ranked = Ranked(*calibrated(5_000, 3))
    trade_off = TradeOff(ranked, np.array([0.1, 0.12]), CostMatrix(10, 1))
    one, other = (point.cost for point in trade_off.points())
    found = trade_off.cost_difference(0.12, 0.1)
    assert found.upper - found.lower < 0.5 * (one.upper - one.lower + other.upper - other.lower)


@given(some_rows, coarse_pds, coarse_pds)
def test_who_changes_sides_is_counted(rows: list[tuple[float, bool]], present: float, proposed: float) -> None:
    p, bad = np.array([p for p, _ in rows]), np.array([bad for _, bad in rows])
    approved = [(q, b) for q, b in rows if not q < present and q < proposed]
    declined = [(q, b) for q, b in rows if q < present and not q < proposed]
    observed = swapped(p, bad, present=present, proposed=proposed)
    counted = [len(approved), sum(b for _, b in approved), len(declined), sum(b for _, b in declined)]
    assert [*observed] == counted
    expected = swapped(p, p, present=present, proposed=proposed)
    assert expected.newly_approved_bad == pytest.approx(sum(q for q, _ in approved))
    assert expected.newly_declined_bad == pytest.approx(sum(q for q, _ in declined))
    back = swapped(p, bad, present=proposed, proposed=present)
    assert [*back] == [*observed[2:], *observed[:2]]


@given(some_rows, st.randoms(use_true_random=False))
def test_the_order_of_applications_does_not_matter(rows: list[tuple[float, bool]], random: object) -> None:
    p, bad = ended(rows)
    order = np.random.default_rng(random.randint(0, 2**32)).permutation(p.size)  # type: ignore[attr-defined]
    cutoffs = drawn_cutoffs(Ranked(p, bad))
    points = TradeOff(Ranked(p, bad), cutoffs, CostMatrix()).points()
    assert TradeOff(Ranked(p[order], bad[order]), cutoffs, CostMatrix()).points() == points


@pytest.mark.parametrize("bad", [[True, True], [False, False]])
def test_applications_that_all_ended_alike_are_refused(bad: list[bool]) -> None:
    with pytest.raises(DataError, match="ended alike"):
        Ranked(np.array([0.1, 0.2]), np.array(bad))
