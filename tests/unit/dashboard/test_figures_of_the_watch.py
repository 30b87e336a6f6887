"""What the charts of the watch draw, say and list is what the API answered."""

from __future__ import annotations

import math
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.dashboard import watched as w
from tests.unit.dashboard.answers import ENGLISH, traces
from tests.unit.dashboard.test_figures import few, languages, number, require_whole

from credit_scoring.dashboard.checks import limit_of, measured
from credit_scoring.dashboard.figures.drift import ALARM, NOTICE, moved_by_concept, psi_over_time
from credit_scoring.dashboard.figures.expected import Figure, figure_over_time
from credit_scoring.dashboard.figures.timeline import place, time_axis
from credit_scoring.dashboard.figures.vintages import default_curves, realised_by_vintage
from credit_scoring.dashboard.figures.volumes import decisions_by_pass
from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import LANGUAGES
from credit_scoring.monitoring.checks import CHECKS, PSI_OF
from credit_scoring.wire.monitoring import WatchedConcept, WatchPass, WatchVintage

figures = st.sampled_from(w.FIGURES)


@settings(max_examples=25, deadline=None)
@given(languages, w.passes(), w.vintages(), w.moved_concepts())
def test_every_chart_of_the_watch_is_told_and_listed_in_both_languages(
    words: Words, passes: tuple[WatchPass, ...], vintages: tuple[WatchVintage, ...], moved: tuple[WatchedConcept, ...]
) -> None:
    for chart in (
        psi_over_time(passes, (), w.FEATURES, words),
        moved_by_concept(moved, words),
        figure_over_time(passes, "cost", words),
        figure_over_time(passes, "bad_rate_approved", words),
        realised_by_vintage(vintages, "auc", words),
        realised_by_vintage(vintages, "bad_rate_approved", words),
        default_curves(vintages, words),
        decisions_by_pass(passes, words),
    ):
        require_whole(chart, words)


@few
@given(w.passes(least=1), st.data())
def test_only_what_a_check_found_is_said_to_have_moved(passes: tuple[WatchPass, ...], data: st.DataObject) -> None:
    newest = passes[-1].psi
    found = w.found(newest, data.draw(st.sets(st.sampled_from(("p_default", "decision", *w.NAMES)))))
    chart = psi_over_time(passes, found, w.FEATURES, ENGLISH)
    if not newest:
        assert chart.sentence.startswith(("The newest pass", ENGLISH("chart.nothing")))
        return
    used = {one.subject: one for one in found if one.subject != "unused"}
    named = {name: psi for name, psi in newest.items() if name in used or (not used and name != "unused")}
    worst = max(named, key=lambda name: named[name])
    title = w.FEATURES[worst].meaning if worst in w.FEATURES else ENGLISH(f"subject.{worst}")
    assert f"“{title}”" in chart.sentence
    assert ("has moved most" in chart.sentence) == (worst in used)
    assert ("an alarm" in chart.sentence) == (worst in used and newest[worst] >= ALARM)
    assert ("may be chance" in chart.sentence) == (worst not in used and newest[worst] >= NOTICE)
    if worst in used:
        runs = groupby((one for one in passes if one.psi), key=lambda one: one.psi.get(worst, 0.0) >= NOTICE)
        first = [list(run) for _, run in runs][-1][0]
        assert f"since the pass of {ENGLISH.day(first.until)}." in chart.sentence


@few
@given(w.passes(least=1))
def test_a_line_has_a_point_for_each_pass_that_measured_it(passes: tuple[WatchPass, ...]) -> None:
    chart = psi_over_time(passes, (), w.FEATURES, ENGLISH)
    lines = traces(chart, "scatter")
    names = {one.meaning: name for name, one in w.FEATURES.items()}
    names |= {ENGLISH(f"subject.{one}"): one for one in ("p_default", "decision")}
    drawn = [names[column] for column in chart.columns[1:]] if lines else []
    even = all(one.psi.get(name, 0.0) <= 1 for one in passes for name in drawn)
    for line, name in zip(lines, drawn, strict=True):
        points = [
            (place(one.until), one.psi[name] if even else math.sqrt(one.psi[name])) for one in passes if name in one.psi
        ]
        assert list(zip(line.x, line.y, strict=True)) == points
    assert len({(line.line.dash, line.marker.symbol) for line in lines}) == len(lines)
    if lines:
        limits = {limit if even else math.sqrt(limit) for limit in (NOTICE, ALARM)}
        assert limits <= {shape.y0 for shape in chart.figure.layout.shapes}


def test_the_limits_of_a_psi_are_those_of_the_checks() -> None:
    assert {(check.notice, check.alarm) for check in PSI_OF.values()} == {(NOTICE, ALARM)}


@few
@given(w.moved_concepts())
def test_the_weight_that_moved_is_told_as_it_is_drawn(moved: tuple[WatchedConcept, ...]) -> None:
    chart = moved_by_concept(moved, ENGLISH)
    if not moved:
        return
    whole, part = traces(chart, "bar")
    assert sorted(whole.x) == sorted(one.importance for one in moved)
    assert list(part.x) == sorted((one.importance_moved for one in moved), reverse=True)
    assert [number(row[1]) for row in chart.rows] == pytest.approx([100 * size for size in part.x], abs=0.051)
    if any(one.moved for one in moved):
        assert f"carry {ENGLISH.percent(sum(part.x))} of" in chart.sentence


@few
@given(w.passes(least=1), figures)
def test_a_figure_is_above_training_s_only_if_the_intervals_do_not_meet(
    passes: tuple[WatchPass, ...], name: Figure
) -> None:
    chart = figure_over_time(passes, name, ENGLISH)
    told = [one for one in passes if name in one.expected]
    if not told:
        return
    line = next(trace for trace in traces(chart, "scatter") if trace.error_y.array is not None)
    assert list(line.y) == [one.expected[name].value for one in told]
    assert [y + up for y, up in zip(line.y, line.error_y.array, strict=True)] == pytest.approx(
        [one.expected[name].upper for one in told]
    )
    now, then = told[-1].expected[name], told[-1].trained.get(name)
    apart = then is not None and (now.lower > then.upper or now.upper < then.lower)
    assert ("do not meet" in chart.sentence) == apart
    assert chart.rows[-1][1] in chart.sentence


@few
@given(w.vintages(), st.sampled_from(["auc", "bad_rate_approved"]))
def test_the_verdict_on_a_vintage_is_that_of_its_interval(vintages: tuple[WatchVintage, ...], name: Figure) -> None:
    chart = realised_by_vintage(vintages, name, ENGLISH)
    known = [one for one in vintages if one.realised]
    if not known:
        assert chart.sentence == ENGLISH("chart.realised.nothing")
        return
    for one, row in zip(known, chart.rows, strict=True):
        assert one.realised is not None
        expected, value = one.realised.expected[name], one.realised.realised[name]
        assert (row[-1] == "within the interval") == (one.mature and expected.lower <= value <= expected.upper)
        assert (row[-1] == "too early to say") == (not one.mature)
    inside, mature = sum(row[-1] == "within the interval" for row in chart.rows), sum(one.mature for one in known)
    assert (f"({mature}), {inside} lie within" in chart.sentence) == (mature > 0)
    points = [y for trace in traces(chart, "scatter")[1:] for y in trace.y]
    assert sorted(points) == sorted(one.realised.realised[name] for one in known if one.realised)


@few
@given(w.vintages())
def test_only_mature_vintages_have_a_curve(vintages: tuple[WatchVintage, ...]) -> None:
    chart = default_curves(vintages, ENGLISH)
    mature = {ENGLISH.month(one.month): one.defaults_by_month for one in vintages if one.mature}
    lines = {trace.name: tuple(trace.y) for trace in traces(chart, "scatter")}
    assert lines.items() <= mature.items()
    assert len(lines) == min(len(mature), 6)
    assert bool(lines) == (chart.sentence != ENGLISH("chart.curves.nothing"))


@few
@given(w.passes(least=1))
def test_the_bars_of_a_pass_add_up_to_its_decisions(passes: tuple[WatchPass, ...]) -> None:
    chart = decisions_by_pass(passes, ENGLISH)
    bars = traces(chart, "bar")
    assert len({bar.marker.pattern.shape for bar in bars}) == len(bars) == 3
    heights = [sum(parts) for parts in zip(*(bar.y for bar in bars), strict=True)]
    totals = [sum(one.decisions.values()) for one in passes]
    assert set(heights) <= set(totals)
    assert heights[-1] == totals[-1]
    assert [sum(number(cell) for cell in row[2:5]) for row in chart.rows] == heights
    assert (len(heights) < len(totals)) == ("evenly spread" in chart.sentence)


@given(st.lists(st.datetimes(min_value=w.START.replace(tzinfo=None)), min_size=1, max_size=40).map(sorted))
def test_days_on_an_axis_are_apart_and_the_newest_is_there(drawn: list[object]) -> None:
    moments = [one.replace(tzinfo=w.START.tzinfo) for one in drawn]  # type: ignore[attr-defined]
    axis = time_axis(moments, ENGLISH)
    low, high = axis["range"]
    ticks = sorted(axis["tickvals"])
    assert low < ticks[0]
    assert ticks[-1] == place(moments[-1]) < high
    assert all(later - earlier >= 0.2 * (high - low) for earlier, later in pairwise(ticks))


@pytest.mark.parametrize("words", [Words(language) for language in LANGUAGES])
@pytest.mark.parametrize("code", [check.code for check in CHECKS])
def test_every_check_has_its_words_and_a_shift_keeps_its_sign(code: str, words: Words) -> None:
    for part in ("name", "means", "advice"):
        assert words(f"check.{code}.{part}")
    if code in {"CS-D04", "CS-P03"}:
        assert measured(code, -0.25, words) == measured(code, 0.25, words).replace("+", "−")
    assert "+" not in limit_of(code, 0.25, words)
