"""What the model is expected to be worth at work, from its PDs alone, through time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import evenly, nothing, points_shown, tint
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import fixed, number_axis, percent_axis
from credit_scoring.dashboard.figures.timeline import LOOKS, MOST_ROWS, add_line, finished_over_time, place, time_axis
from credit_scoring.dashboard.style import BRAND, QUIET
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.model import Interval
from credit_scoring.wire.monitoring import WatchPass

Figure = Literal["cost", "bad_rate_approved", "auc"]


class _Point(NamedTuple):
    """A pass that tells a figure, and where it lies."""

    made: WatchPass
    x: float
    expected: Interval
    trained: Interval | None


def teller(figure: str, words: Words) -> Callable[[float], str]:
    """Return how a figure is written: rates in per cent, others with their decimals."""
    if figure == "bad_rate_approved":
        return lambda value: words.percent(value, 2)
    return lambda value: fixed(value, 3, words)


@remembered
def figure_over_time(passes: Sequence[WatchPass], name: Figure, words: Words) -> Chart:
    """Return a figure that the PDs promise, with its interval, beside that of training, a point a pass."""
    title = words(f"chart.worth.{name}.title")
    columns = (
        words("chart.passes.column.until"),
        words("chart.worth.expected"),
        words("chart.interval"),
        words("chart.worth.trained"),
        words("chart.worth.trained_interval"),
    )
    points = [
        _Point(one, place(one.until), one.expected[name], one.trained.get(name))
        for one in passes
        if name in one.expected
    ]
    if not points:
        return nothing(title, words, columns)
    tell, figure = teller(name, words), go.Figure()
    axis = time_axis([one.made.until for one in points], words)
    _trained(figure, points, axis["range"], words)
    hover = [
        words(
            "chart.worth.hover",
            when=words.short_day(one.made.until),
            value=tell(one.expected.value),
            interval=between(one.expected, tell, words),
        )
        for one in points
    ]
    add_line(
        figure,
        [one.x for one in points],
        [one.expected.value for one in points],
        LOOKS[1]._replace(dash="solid"),
        name=words("chart.worth.expected"),
        hover=hover,
    )
    figure.data[-1].error_y = errors([one.expected for one in points], BRAND)
    finished_over_time(figure, [one.made for one in points], axis, words, y=words(f"chart.worth.{name}.axis"))
    known = [one for point in points for one in (point.expected, point.trained) if one is not None]
    figure.update_yaxes(zeroline=False, **value_axis(name, known, words))
    none = words("chart.none")
    rows = [
        (
            words.short_day(one.made.until),
            tell(one.expected.value),
            between(one.expected, tell, words),
            none if one.trained is None else tell(one.trained.value),
            none if one.trained is None else between(one.trained, tell, words),
        )
        for one in evenly(points, MOST_ROWS)
    ]
    told = [_expected_told(points[-1], name, tell, words), *points_shown(len(points), MOST_ROWS, words)]
    return Chart(title, " ".join(told), figure, columns, rows)


def _trained(figure: go.Figure, points: Sequence[_Point], ends: Sequence[float], words: Words) -> None:
    """Draw training's figure inside its interval, across the passes of each model."""
    groups = [list(group) for _, group in groupby(points, key=lambda one: one.made.model)]
    shown = False
    for number, group in enumerate(groups):
        trained = group[-1].trained
        if trained is None:
            continue
        x = (ends[0] if not number else group[0].x, groups[number + 1][0].x if number + 1 < len(groups) else ends[1])
        for bound, fill in ((trained.lower, None), (trained.upper, "tonexty")):
            figure.add_scatter(
                x=x,
                y=(bound, bound),
                mode="lines",
                line={"width": 0},
                fill=fill,
                fillcolor=tint(QUIET, 0.18),
                hoverinfo="skip",
                showlegend=False,
            )
        figure.add_scatter(
            x=x,
            y=(trained.value, trained.value),
            mode="lines",
            line={"color": QUIET, "dash": "dash", "width": 2},
            name=words("chart.worth.trained"),
            legendgroup="trained",
            showlegend=not shown,
            hoverinfo="skip",
        )
        shown = True


def errors(found: Sequence[Interval], color: str) -> Mapping[str, object]:
    """Return the bars that draw intervals."""
    return {
        "array": [one.upper - one.value for one in found],
        "arrayminus": [one.value - one.lower for one in found],
        "color": color,
        "thickness": 1.5,
        "width": 4 if len(found) <= MOST_ROWS else 0,
    }


def between(found: Interval, tell: Callable[[float], str], words: Words) -> str:
    """Return an interval in words."""
    return words("chart.bin.between", lower=tell(found.lower), upper=tell(found.upper))


def value_axis(name: str, found: Sequence[Interval], words: Words, more: Sequence[float] = ()) -> Mapping[str, object]:
    """Return an axis on which the intervals, and `more` values, have room."""
    low = min(*more, *(one.lower for one in found)) if more else min(one.lower for one in found)
    high = max(*more, *(one.upper for one in found)) if more else max(one.upper for one in found)
    room = 0.08 * (high - low) or 0.01
    return (percent_axis if name == "bad_rate_approved" else number_axis)(low - room, high + room, words)


def _expected_told(point: _Point, name: str, tell: Callable[[float], str], words: Words) -> str:
    told = words(
        f"chart.worth.{name}.told",
        when=words.day(point.made.until),
        value=tell(point.expected.value),
        interval=between(point.expected, tell, words),
    )
    if point.trained is None:
        return told
    side = _side(point.expected, point.trained)
    facts = {"value": tell(point.trained.value), "interval": between(point.trained, tell, words)}
    return f"{told} {words(f'chart.worth.{side}', **facts)}"


def _side(now: Interval, then: Interval) -> str:
    return "above" if now.lower > then.upper else "below" if now.upper < then.lower else "alike"
