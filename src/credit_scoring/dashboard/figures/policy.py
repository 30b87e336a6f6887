"""What a cut-off costs, and whom it approves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import evenly, finished, nothing, points_shown, tint
from credit_scoring.dashboard.figures.labels import Flag, hoist
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import fixed, number_axis, percent_axis
from credit_scoring.dashboard.style import BRAND, INK, PAPER
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.model import Interval
from credit_scoring.wire.policy import CurvePoint, PolicyCurve

# How far beyond the largest named cut-off the axis goes.
_BEYOND: Final = 2.5
_LEAST_RANGE: Final = 0.01
_MOST_ROWS: Final = 20


class _Mark(NamedTuple):
    """A cut-off with a name. The dash of its line and its symbol tell it too; a proposed one has no point."""

    name: str
    cutoff: float
    point: CurvePoint | None
    dash: str
    symbol: str


@remembered
def cost_curve(curve: PolicyCurve, words: Words, proposed: float | None = None) -> Chart:
    """Return the cost per applicant of every cut-off with its interval, and the cut-offs that have a name."""
    title, columns = words("chart.cost.title"), _columns(words)
    if not curve.points:
        return nothing(title, words, columns)
    marks = _marks(curve, proposed, words)
    farthest = max(mark.cutoff for mark in marks)
    drawn = [point for point in curve.points if point.cutoff <= _BEYOND * farthest] or list(curve.points)
    end = max(drawn[-1].cutoff, farthest, _LEAST_RANGE)
    figure = go.Figure()
    _ribbon(figure, drawn, words)
    for mark in marks:
        if mark.point:
            _symbol(figure, mark, (mark.cutoff, mark.point.cost.value), mark.name)
    axis = words("chart.cost.axis", decline_good=words.figure(curve.decline_good))
    height = 350 + 20 * len(marks)
    finished(figure, words, x=words("chart.cost.cutoff"), y=axis, height=height, legend=False)
    hoist(figure, [Flag(mark.cutoff, _flag(mark, words), mark.dash) for mark in marks], 0, end)
    low, high = min(point.cost.lower for point in drawn), max(point.cost.upper for point in drawn)
    room = 0.05 * (high - low) or 0.01
    figure.update_xaxes(zeroline=False, **percent_axis(0, end, words))
    figure.update_yaxes(zeroline=False, **number_axis(low - room, high + room, words))
    return Chart(title, _cost_told(curve, proposed, words), figure, columns, _rows(curve, marks, words))


@remembered
def approval_against_bad_rate(curve: PolicyCurve, words: Words, proposed: float | None = None) -> Chart:
    """Return the default rate among the approved against the share that is approved, a point a cut-off."""
    title, columns = words("chart.approval.title"), _columns(words)
    points = [(point.approval_rate, point.bad_rate_approved) for point in curve.points]
    known = [(approved, rate) for approved, rate in points if rate is not None]
    if not known:
        return nothing(title, words, columns)
    figure = go.Figure()
    told = [
        words("chart.approval.hover", approved=words.percent(approved), rate=words.percent(rate))
        for approved, rate in known
    ]
    line = {"color": BRAND, "width": 2.5}
    approval, rates = zip(*known, strict=True)
    figure.add_scatter(x=approval, y=rates, mode="lines", line=line, hovertext=told, hoverinfo="text", showlegend=False)
    marks = _marks(curve, proposed, words)
    for mark in marks:
        at = _approval_at(curve, mark)
        if at is not None:
            label = words("chart.approval.mark", name=_flag(mark, words), approved=words.percent(at[0], 0))
            _symbol(figure, mark, at, label)
    finished(figure, words, x=words("chart.approval.x"), y=words("chart.approval.y"), height=400)
    figure.update_xaxes(**percent_axis(0, 1.02, words, most=6))
    figure.update_yaxes(**percent_axis(0, 1.08 * max(*rates, 0.01), words))
    return Chart(title, _approval_told(curve, words), figure, columns, _rows(curve, marks, words))


def _marks(curve: PolicyCurve, proposed: float | None, words: Words) -> list[_Mark]:
    points = (
        ("present", curve.present, "solid", "diamond"),
        ("cheapest", curve.cheapest, "dash", "circle"),
        ("theoretical", curve.theoretical, "dot", "square"),
    )
    marks = [
        _Mark(words(f"chart.cost.{key}"), point.cutoff, point, dash, symbol) for key, point, dash, symbol in points
    ]
    if proposed is not None:
        marks.append(_Mark(words("chart.cost.proposed"), proposed, None, "dashdot", "star"))
    return marks


def _ribbon(figure: go.Figure, drawn: Sequence[CurvePoint], words: Words) -> None:
    """Draw the curve inside its interval."""
    cutoffs = [point.cutoff for point in drawn]
    edge = {"color": tint(BRAND, 0.5), "width": 1}
    for bound, fill in (
        ([point.cost.lower for point in drawn], None),
        ([point.cost.upper for point in drawn], "tonexty"),
    ):
        figure.add_scatter(
            x=cutoffs, y=bound, mode="lines", line=edge, fill=fill, fillcolor=tint(BRAND, 0.15), hoverinfo="skip"
        )
    told = [
        words(
            "chart.cost.hover",
            cutoff=_percent(point.cutoff, words),
            cost=_cost(point.cost.value, words),
            interval=_interval(point.cost, words),
        )
        for point in drawn
    ]
    figure.add_scatter(
        x=cutoffs,
        y=[point.cost.value for point in drawn],
        mode="lines",
        line={"color": BRAND, "width": 2.5},
        hovertext=told,
        hoverinfo="text",
    )


def _symbol(figure: go.Figure, mark: _Mark, at: tuple[float, float], label: str) -> None:
    """Draw a named cut-off; where several coincide, the larger symbols below show."""
    size = {"diamond": 18, "square": 13, "circle": 9, "star": 16}[mark.symbol]
    look = {"symbol": mark.symbol, "size": size, "color": PAPER, "line": {"color": INK, "width": 2}}
    if mark.symbol == "circle":
        look["color"] = INK
    figure.add_scatter(
        x=[at[0]],
        y=[at[1]],
        mode="markers",
        marker=look,
        name=label,
        hovertext=[label],
        hoverinfo="text",
        cliponaxis=False,
    )


def _approval_at(curve: PolicyCurve, mark: _Mark) -> tuple[float, float] | None:
    """Return approval and default rate at a named cut-off; between points of the curve, on the line that joins them."""
    if mark.point:
        rate = mark.point.bad_rate_approved
        return None if rate is None else (mark.point.approval_rate, rate)
    known = [point for point in curve.points if point.bad_rate_approved is not None]
    cutoffs = [point.cutoff for point in known]
    if not cutoffs or mark.cutoff < cutoffs[0]:
        return None
    approved = np.interp(mark.cutoff, cutoffs, [point.approval_rate for point in known])
    return float(approved), float(np.interp(mark.cutoff, cutoffs, [point.bad_rate_approved or 0.0 for point in known]))


def _percent(cutoff: float, words: Words) -> str:
    return words.percent(min(cutoff, 1.0))


def _flag(mark: _Mark, words: Words) -> str:
    return words("chart.cost.flag", name=mark.name, cutoff=_percent(mark.cutoff, words))


def _cost(cost: float, words: Words) -> str:
    return fixed(cost, 3, words)


def _interval(cost: Interval, words: Words) -> str:
    return words("chart.bin.between", lower=_cost(cost.lower, words), upper=_cost(cost.upper, words))


def _cost_told(curve: PolicyCurve, proposed: float | None, words: Words) -> str:
    told = []
    for key, point in (("present", curve.present), ("cheapest", curve.cheapest)):
        cost, interval = _cost(point.cost.value, words), _interval(point.cost, words)
        told.append(words(f"chart.cost.told.{key}", cutoff=_percent(point.cutoff, words), cost=cost, interval=interval))
    told.append(words("chart.cost.told.theoretical", cutoff=_percent(curve.theoretical.cutoff, words)))
    if proposed is not None:
        told.append(words("chart.cost.told.proposed", cutoff=_percent(proposed, words)))
    told.append(words("chart.cost.told.based", count=words.number(curve.applications)))
    return " ".join([*told, *points_shown(len(curve.points), _MOST_ROWS, words)])


def _approval_told(curve: PolicyCurve, words: Words) -> str:
    told = []
    for key, point in (("present", curve.present), ("cheapest", curve.cheapest)):
        if point.bad_rate_approved is None:
            told.append(words(f"chart.approval.told.{key}_nobody"))
            continue
        rate = words.percent(point.bad_rate_approved)
        told.append(
            words(
                f"chart.approval.told.{key}",
                cutoff=_percent(point.cutoff, words),
                approved=words.percent(point.approval_rate),
                rate=rate,
                detected=words.percent(point.defaults_detected),
            )
        )
    return " ".join([*told, *points_shown(len(curve.points), _MOST_ROWS, words)])


def _columns(words: Words) -> tuple[str, ...]:
    return tuple(
        words(f"chart.cost.column.{name}") for name in ("cutoff", "cost", "interval", "approved", "rate", "detected")
    )


def _rows(curve: PolicyCurve, marks: Sequence[_Mark], words: Words) -> list[tuple[str, ...]]:
    """Return the named cut-offs, then the curve."""
    named = [(_flag(mark, words), mark.point) for mark in marks if mark.point]
    points = [(words.percent(point.cutoff, 2), point) for point in evenly(curve.points, _MOST_ROWS)]
    return [
        (
            name,
            _cost(point.cost.value, words),
            _interval(point.cost, words),
            words.percent(point.approval_rate),
            words("chart.none") if point.bad_rate_approved is None else words.percent(point.bad_rate_approved),
            words.percent(point.defaults_detected),
        )
        for name, point in (*named, *points)
    ]
