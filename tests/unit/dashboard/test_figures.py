"""What charts draw, say and list is what the API answered, in both languages."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.dashboard import answers as a
from tests.unit.dashboard.answers import ENGLISH, texts_of, traces

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.calibration import calibration
from credit_scoring.dashboard.figures.drivers import concepts, effects
from credit_scoring.dashboard.figures.gauge import gauge
from credit_scoring.dashboard.figures.model import gains, roc
from credit_scoring.dashboard.figures.policy import approval_against_bad_rate, cost_curve
from credit_scoring.dashboard.figures.reasons import moved, waterfall
from credit_scoring.dashboard.figures.relation import MOST_ROWS, relation
from credit_scoring.dashboard.figures.scores import score_distribution
from credit_scoring.dashboard.figures.standing import standing
from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import LANGUAGES
from credit_scoring.wire.applicants import Axis
from credit_scoring.wire.model import Effects, Interval, Performance
from credit_scoring.wire.policy import PolicyCurve, Portfolio

few = settings(max_examples=40)
languages = st.builds(Words, st.sampled_from(LANGUAGES), st.sampled_from(["", "EUR"]))


def require_whole(chart: Chart, words: Words) -> None:
    assert chart.title
    assert chart.sentence.endswith(".")
    assert len(set(chart.columns)) == len(chart.columns)
    assert {len(row) for row in chart.rows} == {len(chart.columns)}
    drawn = chart.figure.to_plotly_json()
    told = [chart.title, chart.sentence, *chart.columns, *(cell for row in chart.rows for cell in row)]
    for text in (*told, *texts_of(drawn)):
        assert not re.search(r"[{}]|\b(nan|inf|None)\b", text), text
        if words.language == "fr":
            assert not re.search(r" [:;?!%»]|« |\d%|\d\.\d", text), text
    assert drawn["layout"]["separators"] == (".," if words.language == "en" else ",\N{NARROW NO-BREAK SPACE}")
    assert "NaN" not in chart.figure.to_json()


def number(told: str) -> float:
    return float(re.sub("[+,%]", "", told.replace("−", "-")))


@settings(max_examples=15)
@given(languages, st.data())
def test_every_chart_is_told_and_listed_in_both_languages(words: Words, data: st.DataObject) -> None:
    performance = data.draw(a.performances())
    curve, proposed = data.draw(a.curves()), data.draw(st.none() | a.cutoffs)
    found, value = data.draw(a.standings())
    related, point = data.draw(a.relations())
    p_default, cutoff, before = data.draw(a.shares), data.draw(st.floats(0, 1.01)), data.draw(st.none() | a.shares)
    interval = data.draw(st.sampled_from([(cutoff, cutoff), (0.8 * cutoff, 1.1 * cutoff)]))
    for chart in (
        gauge(p_default, cutoff, interval, "refer", words, before=before),
        waterfall(data.draw(a.explanations()), words, most=3),
        moved(data.draw(a.simulations()), a.CONCEPT_OF, words, most=3),
        standing(found, value, words),
        relation(related, point, words),
        score_distribution(data.draw(a.portfolios()), cutoff, words),
        cost_curve(curve, words, proposed),
        approval_against_bad_rate(curve, words, proposed),
        roc(performance, data.draw(a.intervals()), words),
        gains(performance, words),
        calibration(performance, words),
        concepts(drawn := data.draw(a.effects()), words),
        effects(drawn, words, most=2),
    ):
        require_whole(chart, words)


@pytest.mark.parametrize("words", [Words(language) for language in LANGUAGES])
def test_no_data_at_all_is_said(words: Words) -> None:
    nobody = Performance(population="", applications=0, defaults=0, roc=(), gains=(), calibration=())
    auc, idle = Interval(value=0.5, lower=0.5, upper=0.5), Effects(sample=0, concepts=(), features=())
    charts = (roc(nobody, auc, words), gains(nobody, words), calibration(nobody, words), concepts(idle, words))
    for chart in (*charts, effects(idle, words)):
        require_whole(chart, words)
        assert chart.sentence == words("chart.nothing")


@few
@given(a.shares, st.floats(0, 1.01), st.floats(0, 0.2), st.none() | a.shares)
def test_the_gauge_marks_the_pd_and_its_zones_cover_the_range(
    p_default: float, cutoff: float, width: float, before: float | None
) -> None:
    interval = (max(0.0, cutoff - width), cutoff + width)
    chart = gauge(p_default, cutoff, interval, "approve", ENGLISH, before=before)
    zones, marks = traces(chart, "bar"), traces(chart, "scatter")
    low, high = chart.figure.layout.xaxis.range
    assert marks[-1].x[0] == p_default
    assert [mark.x[0] for mark in marks[:-1]] == ([] if before is None else [before])
    assert (low, high) == (0, pytest.approx(min(1, max(3 * cutoff, 1.15 * max(p_default, before or 0), 0.01))))
    ends = [0.0, *(zone.base[0] + zone.x[0] for zone in zones)]
    assert [zone.base[0] for zone in zones] == pytest.approx(ends[:-1])
    assert ends[-1] == pytest.approx(high)
    assert len({zone.marker.pattern.shape for zone in zones}) == len(zones)
    assert ("Refer" in {zone.name for zone in zones}) <= (interval[0] < interval[1])


@few
@given(a.explanations(), st.integers(1, 8))
def test_the_waterfall_leads_from_the_baseline_to_the_margin(explanation: Any, most: int) -> None:
    chart = waterfall(explanation, ENGLISH, most=most)
    bars = sorted((y, base, size) for t in traces(chart, "bar") for y, base, size in zip(t.y, t.base, t.x, strict=True))
    total = explanation.margin - explanation.baseline
    if not bars:
        assert total == pytest.approx(0, abs=1e-6)
        return
    assert len(bars) <= most + 1
    level = explanation.baseline
    for _, base, size in bars:
        assert base == pytest.approx(level)
        level += size
    assert level == pytest.approx(explanation.margin, abs=1e-6)
    listed = [number(row[-1]) for row in chart.rows]
    assert listed[-1] == pytest.approx(total, abs=6e-4)
    assert sum(listed[:-1]) == pytest.approx(total, abs=6e-4 * len(listed))
    for trace in traces(chart, "bar"):
        assert len({size > 0 for size in trace.x}) == 1


@few
@given(a.simulations(), st.integers(1, 8))
def test_what_moved_adds_up_to_the_difference_of_the_margins(simulation: Any, most: int) -> None:
    chart = moved(simulation, a.CONCEPT_OF, ENGLISH, most=most)
    sizes = [size for trace in traces(chart, "bar") for size in trace.x]
    assert sum(sizes) == pytest.approx(simulation.after.margin - simulation.before.margin, abs=1e-6)


@few
@given(a.standings())
def test_the_shares_drawn_are_those_of_the_counts(drawn: Any) -> None:
    found, value = drawn
    chart = standing(found, value, ENGLISH)
    if not sum(found.everyone.counts):
        return
    bar, along = traces(chart, "bar")[0], "y" if found.axis.edges else "x"
    assert list(bar[along]) == pytest.approx([count / sum(found.everyone.counts) for count in found.everyone.counts])
    assert sum(bar[along]) == pytest.approx(1)
    assert [number(row[1]) for row in chart.rows] == list(found.everyone.counts)
    if found.axis.edges and value is not None:
        at = chart.figure.layout.shapes[0].x0
        inside = min(max(value, found.axis.edges[0]), found.axis.edges[-1])
        assert found.axis.edges[math.floor(at)] <= inside + 1e-6
        assert found.axis.edges[math.ceil(at)] >= inside - 1e-6


@few
@given(a.relations())
def test_every_cell_with_applicants_is_drawn_with_its_mean_pd(drawn: Any) -> None:
    found, point = drawn
    chart = relation(found, point, ENGLISH)
    cells = [count for row in found.counts for count in row if count]
    if not cells:
        return
    assert tuple(map(tuple, traces(chart, "heatmap")[0].z)) == found.mean_p_default
    listed = [int(number(row[2])) for row in chart.rows]
    assert listed == sorted(cells, reverse=True)[:MOST_ROWS]
    for frame in chart.figure.layout.shapes:
        assert holds(found.x, frame.x0, point[0])
        assert holds(found.y, frame.y0, point[1])
    written = traces(chart, "scatter")[0]
    assert len(written.text) == len(cells) - len(chart.figure.layout.shapes)
    assert all(
        contrast(ink, shade_at(chart, found.mean_p_default[int(y)][int(x)])) >= 4.5
        for ink, x, y in zip(written.textfont.color or (), written.x, written.y, strict=True)
    )


def holds(axis: Axis, at: int, value: Any) -> bool:
    if axis.edges is None:
        return (axis.levels or ())[at] == (value if value in (axis.levels or ()) else None)
    above = at == 0 or axis.edges[at] < value
    return above and (at == len(axis.edges) - 2 or value <= axis.edges[at + 1])


def shade_at(chart: Chart, p_default: float | None) -> str:
    heatmap = traces(chart, "heatmap")[0]
    share = (p_default or 0.0) / heatmap.zmax
    return str([shade for start, shade in heatmap.colorscale if start <= share][-1])


def contrast(one: str, other: str) -> float:
    lights = sorted(luminance(color) for color in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(color: str) -> float:
    parts = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@few
@given(a.curves(), st.none() | a.cutoffs)
def test_the_cost_curve_has_its_interval_and_a_line_at_each_named_cutoff(
    curve: PolicyCurve, proposed: float | None
) -> None:
    chart = cost_curve(curve, ENGLISH, proposed)
    named = [curve.present, curve.cheapest, curve.theoretical]
    lines = {(shape.x0, shape.line.dash) for shape in chart.figure.layout.shapes}
    assert {x for x, _ in lines} == {point.cutoff for point in named} | ({proposed} - {None})
    assert len({dash for _, dash in lines}) == len(lines)
    lower, upper, middle = traces(chart, "scatter")[:3]
    drawn = curve.points[: len(middle.x)]
    assert list(middle.x) == [point.cutoff for point in drawn]
    assert list(middle.y) == [point.cost.value for point in drawn]
    bounds = [(point.cost.lower, point.cost.upper) for point in drawn]
    assert list(zip(lower.y, upper.y, strict=True)) == bounds
    marks = {(trace.x[0], trace.y[0]) for trace in traces(chart, "scatter")[3:]}
    assert marks == {(point.cutoff, point.cost.value) for point in named}
    assert chart.figure.layout.xaxis.range[1] >= max(x for x, _ in lines)


@few
@given(a.curves())
def test_a_proposal_that_is_a_point_of_the_curve_lies_there(curve: PolicyCurve) -> None:
    point = next((one for one in curve.points if one.bad_rate_approved is not None), None)
    if point is None:
        return
    proposed = traces(approval_against_bad_rate(curve, ENGLISH, point.cutoff), "scatter")[-1]
    assert (proposed.x[0], proposed.y[0]) == pytest.approx((point.approval_rate, point.bad_rate_approved))


@few
@given(a.portfolios(), st.floats(0, 1.01))
def test_the_cutoff_cuts_the_bin_that_it_runs_through(portfolio: Portfolio, cutoff: float) -> None:
    if not sum(portfolio.counts):
        return
    chart = score_distribution(portfolio, cutoff, ENGLISH)
    approved, declined = traces(chart, "bar")
    area = sum(width * count for side in (approved, declined) for width, count in zip(side.width, side.y, strict=True))
    assert area == pytest.approx(sum(portfolio.counts))
    at = chart.figure.layout.shapes[0].x0
    assert all(start + width <= at + 1e-9 for start, width in zip(approved.x, approved.width, strict=True))
    assert all(start >= at for start in declined.x)
    inside = min(cutoff, portfolio.edges[-1])
    assert np.interp(at, range(len(portfolio.edges)), portfolio.edges) == pytest.approx(inside, abs=1e-9)
