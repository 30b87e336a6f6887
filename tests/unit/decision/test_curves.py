"""Curves are what counting gives at every distinct PD, and thinning them changes next to nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from credit_scoring.decision.curves import (
    CALIBRATION_BINS,
    GAINS_POINTS,
    ROC_POINTS,
    SPREAD_BINS,
    calibration,
    gains,
    roc,
    spread,
    wilson_interval,
)
from credit_scoring.decision.ranked import Ranked

pds = st.sampled_from([0.0, 0.05, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1)
some_rows = st.lists(st.tuples(pds, st.booleans()), min_size=2, max_size=60)


def arrays(rows: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    """Return PDs and outcomes, of applications that did not all end alike."""
    p, bad = np.array([p for p, _ in rows]), np.array([bad for _, bad in rows])
    assume(bad.any() and not bad.all())
    return p, bad


def drawn(number: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    p = generator.beta(1, 8, number)
    return p, generator.random(number) < p


def area(x: list[float], y: list[float]) -> float:
    return sum((b - a) * (c + d) / 2 for a, b, c, d in zip(x, x[1:], y, y[1:], strict=False))


def pairwise_auc(p: np.ndarray, bad: np.ndarray) -> float:
    """Return how often a default has the higher PD of a pair; equal PDs count half."""
    one, other = p[bad][:, None], p[~bad][None, :]
    return float(((one > other) + 0.5 * (one == other)).mean())


@given(some_rows)
def test_every_roc_point_is_what_counting_gives(rows: list[tuple[float, bool]]) -> None:
    p, bad = arrays(rows)
    points = roc(Ranked(p, bad))
    assert [point.cutoff for point in points] == [None, *sorted(set(p.tolist()), reverse=True)]
    for cutoff, false, true in points:
        declined = p >= (math.inf if cutoff is None else cutoff)
        assert false == (declined & ~bad).sum() / (~bad).sum()
        assert true == (declined & bad).sum() / bad.sum()


@given(some_rows)
def test_the_area_under_roc_is_the_share_of_pairs_in_order(rows: list[tuple[float, bool]]) -> None:
    p, bad = arrays(rows)
    points = roc(Ranked(p, bad))
    found = area([point.false_positive_rate for point in points], [point.true_positive_rate for point in points])
    assert found == pytest.approx(pairwise_auc(p, bad))


@given(some_rows)
def test_gains_are_what_sorting_gives(rows: list[tuple[float, bool]]) -> None:
    p, bad = arrays(rows)
    points = gains(Ranked(p, bad))
    among = [0, *(int((p >= q).sum()) for q in sorted(set(p.tolist()), reverse=True))]
    assert [point.share_of_applications for point in points] == [number / p.size for number in among]
    riskiest = bad[np.argsort(-p, kind="stable")]
    assert [point.share_of_defaults for point in points] == [riskiest[:n].sum() / bad.sum() for n in among]


@given(some_rows, st.integers(2, 10))
def test_a_thinned_curve_keeps_its_ends_its_points_and_its_order(rows: list[tuple[float, bool]], most: int) -> None:
    ranked = Ranked(*arrays(rows))
    curves: list[tuple[list[Any], list[Any]]] = [(roc(ranked, most), roc(ranked)), (gains(ranked, most), gains(ranked))]
    for thinned, whole in curves:
        assert len(thinned) <= most
        assert (thinned[0], thinned[-1]) == (whole[0], whole[-1])
        places = [whole.index(point) for point in thinned]
        assert places == sorted(set(places))


def test_thinning_changes_next_to_nothing() -> None:
    p, bad = drawn(20_000)
    ranked = Ranked(p, bad)
    points, whole = roc(ranked), roc(ranked, p.size + 1)
    assert (len(points), len(whole)) == (ROC_POINTS, p.size + 1)
    assert len(gains(ranked)) == GAINS_POINTS
    areas = [
        area([q.false_positive_rate for q in some], [q.true_positive_rate for q in some]) for some in (points, whole)
    ]
    assert areas[0] == pytest.approx(areas[1], abs=2e-4)
    steps = np.diff([(q.false_positive_rate, q.true_positive_rate) for q in points], axis=0).sum(axis=1)
    assert steps.max() < 0.012
    shares = np.diff([point.share_of_applications for point in gains(ranked)])
    assert shares.max() < 0.0101


@given(some_rows, st.integers(1, 12))
def test_calibration_bins_hold_every_application_once_and_equal_pds_together(
    rows: list[tuple[float, bool]], most: int
) -> None:
    p, bad = arrays(rows)
    bins = calibration(Ranked(p, bad), most)
    assert 1 <= len(bins) <= most
    assert sum(one.applications for one in bins) == p.size
    ascending, at = np.sort(p), 0
    for one in bins:
        held = ascending[at : at + one.applications]
        inside = (p >= held[0]) & (p <= held[-1])
        assert inside.sum() == one.applications  # none of the same PD is elsewhere
        assert one.mean_p_default == pytest.approx(held.mean())
        assert one.default_rate == bad[inside].sum() / one.applications
        assert 0 <= one.lower <= one.default_rate <= one.upper <= 1
        at += one.applications


@given(st.integers(20, 400))
def test_bins_of_distinct_pds_differ_by_one_at_most(number: int) -> None:
    bad = np.arange(number) % 3 == 0
    bins = calibration(Ranked(np.linspace(0, 1, number), bad))
    assert len(bins) == CALIBRATION_BINS
    sizes = [one.applications for one in bins]
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(1, 500), st.data())
def test_a_wilson_interval_holds_the_rates_that_a_score_test_would_not_reject(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    lower, upper = wilson_interval(successes, trials)
    rate = successes / trials
    assert 0 <= lower <= rate <= upper <= 1
    for end in (lower, upper):
        if 1e-12 < end < 1 - 1e-12:
            assert abs(rate - end) / math.sqrt(end * (1 - end) / trials) == pytest.approx(1.959964, abs=1e-4)


@given(st.lists(pds | st.sampled_from([0.2, 0.3, 0.7, 0.005, 0.19999999]), min_size=1, max_size=50))
def test_the_spread_counts_everybody_once(values: list[float]) -> None:
    p = np.array(values)
    edges, counts = spread(p)
    assert (edges.size, counts.size, counts.sum()) == (SPREAD_BINS + 1, SPREAD_BINS, p.size)
    assert edges[0] == 0
    assert np.diff(edges) == pytest.approx(edges[-1] / SPREAD_BINS)
    for at, count in enumerate(counts):
        above = math.inf if at == SPREAD_BINS - 1 else edges[at + 1]
        assert count == sum(edges[at] <= value < above for value in values)
    held = np.quantile(p, 0.995)
    tenths = round(10 * edges[-1])
    assert edges[-1] == tenths / 10
    assert held <= edges[-1]
    assert tenths == 2 or held > (tenths - 1) / 10
