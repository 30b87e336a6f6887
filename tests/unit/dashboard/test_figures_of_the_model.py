"""The charts of the model show its figures, and their marks keep their places."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.dashboard import answers as a
from tests.unit.dashboard.answers import ENGLISH, traces

from credit_scoring.dashboard.figures.calibration import calibration
from credit_scoring.dashboard.figures.drivers import concepts, effects, swarmed
from credit_scoring.dashboard.figures.labels import placed
from credit_scoring.dashboard.figures.model import gains, roc
from credit_scoring.dashboard.figures.scale import round_figures
from credit_scoring.wire.model import Effects, Interval, Performance

few = settings(max_examples=30)


@few
@given(a.performances(), a.intervals())
def test_the_model_s_curves_are_those_of_the_answer(performance: Performance, auc: Interval) -> None:
    curve = traces(roc(performance, auc, ENGLISH), "scatter")[1]
    assert list(curve.x) == [point.false_positive_rate for point in performance.roc]
    assert list(curve.y) == [point.true_positive_rate for point in performance.roc]
    curve = traces(gains(performance, ENGLISH), "scatter")[1]
    assert list(curve.y) == [point.share_of_defaults for point in performance.gains]
    chart = calibration(performance, ENGLISH)
    drawn = [
        (x**2, y**2, (y + up) ** 2, (y - down) ** 2)
        for trace in traces(chart, "scatter")[1:]
        for x, y, up, down in zip(trace.x, trace.y, trace.error_y.array, trace.error_y.arrayminus, strict=True)
    ]
    rates = [(one.mean_p_default, one.default_rate) for one in performance.calibration]
    answered = sorted((p, rate.value, rate.upper, rate.lower) for p, rate in rates)
    np.testing.assert_allclose(sorted(drawn), answered, atol=1e-9)
    inside = sum(rate.lower <= p <= rate.upper for p, rate in rates)
    assert f"In {inside} of {len(rates)} groups" in chart.sentence


@few
@given(a.effects())
def test_every_applicant_is_a_point_of_its_third(found: Effects) -> None:
    chart = effects(found, ENGLISH)
    names = ("low value", "middle value", "high value", "not known, or a category")
    thirds: dict[str, list[float]] = {name: [] for name in names}
    for one in found.features:
        for size, rank in zip(one.contributions, one.ranks, strict=True):
            third = 3 if rank is None else 0 if rank <= 1 / 3 else 2 if rank >= 2 / 3 else 1
            thirds[names[third]].append(size)
    drawn = {trace.name: sorted(trace.x) for trace in traces(chart, "scatter")}
    assert drawn == {name: sorted(points) for name, points in thirds.items() if points}
    assert len({trace.marker.symbol for trace in chart.figure.data}) == len(drawn)
    shown = traces(concepts(found, ENGLISH), "bar")[0].x
    assert sum(shown) == pytest.approx(sum(one.importance for one in found.concepts))


@given(st.lists(a.sizes, min_size=1, max_size=200))
def test_a_swarm_stays_in_its_row_and_no_two_points_coincide(drawn: list[float]) -> None:
    points = np.array(drawn)
    heights = swarmed(points, -3.0, 6.0)
    assert np.abs(heights).max() <= 0.45
    assert len(set(zip(drawn, heights.tolist(), strict=True))) == len(drawn)
    np.testing.assert_array_equal(heights, swarmed(points, -3.0, 6.0))


@given(st.lists(a.shares, min_size=1, max_size=3).map(sorted), st.lists(st.floats(0.05, 0.3), min_size=3, max_size=3))
def test_labels_that_have_room_are_apart_and_in_order(wanted: list[float], widths: list[float]) -> None:
    widths = widths[: len(wanted)]
    ends = [(c - w / 2, c + w / 2) for c, w in zip(placed(wanted, widths), widths, strict=True)]
    assert ends[0][0] >= -1e-9
    assert ends[-1][1] <= 1 + 1e-9
    assert all(one[1] <= other[0] + 1e-9 for one, other in pairwise(ends))


@given(st.floats(-5, 5), st.floats(1e-6, 1e6), st.integers(2, 8))
def test_round_figures_are_few_inside_and_even(low: float, span: float, most: int) -> None:
    ticks = round_figures(low, low + span, most)
    assert 1 <= len(ticks) <= most
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    steps = np.diff(ticks)
    assert np.allclose(steps, steps[:1])
