"""What the model is worth at work: expected from its PDs, realised once outcomes are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Final, Literal, NamedTuple

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import evenly, finished, nothing, points_shown, tint
from credit_scoring.dashboard.figures.scale import digits_of, fixed, number_axis, percent_axis, round_figures
from credit_scoring.dashboard.figures.timeline import LOOKS, MOST_ROWS, add_line, finished_over_time, place, time_axis
from credit_scoring.dashboard.style import BRAND, INK, QUIET
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.model import Interval
from credit_scoring.wire.monitoring import WatchPass, WatchVintage

Figure = Literal["cost", "bad_rate_approved", "auc"]
_MOST_MONTHS: Final = 6
_ASIDE: Final = 0.1


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
            interval=_interval(one.expected, tell, words),
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
    figure.data[-1].error_y = _errors([one.expected for one in points], BRAND)
    finished_over_time(figure, [one.made for one in points], axis, words, y=words(f"chart.worth.{name}.axis"))
    known = [one for point in points for one in (point.expected, point.trained) if one is not None]
    figure.update_yaxes(zeroline=False, **_value_axis(name, known, words))
    none = words("chart.none")
    rows = [
        (
            words.short_day(one.made.until),
            tell(one.expected.value),
            _interval(one.expected, tell, words),
            none if one.trained is None else tell(one.trained.value),
            none if one.trained is None else _interval(one.trained, tell, words),
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


def _errors(found: Sequence[Interval], color: str) -> Mapping[str, object]:
    return {
        "array": [one.upper - one.value for one in found],
        "arrayminus": [one.value - one.lower for one in found],
        "color": color,
        "thickness": 1.5,
        "width": 4 if len(found) <= MOST_ROWS else 0,
    }


def _interval(found: Interval, tell: Callable[[float], str], words: Words) -> str:
    return words("chart.bin.between", lower=tell(found.lower), upper=tell(found.upper))


def _value_axis(name: str, found: Sequence[Interval], words: Words, more: Sequence[float] = ()) -> Mapping[str, object]:
    low = min(*more, *(one.lower for one in found)) if more else min(one.lower for one in found)
    high = max(*more, *(one.upper for one in found)) if more else max(one.upper for one in found)
    room = 0.08 * (high - low) or 0.01
    return (percent_axis if name == "bad_rate_approved" else number_axis)(low - room, high + room, words)


def _expected_told(point: _Point, name: str, tell: Callable[[float], str], words: Words) -> str:
    told = words(
        f"chart.worth.{name}.told",
        when=words.day(point.made.until),
        value=tell(point.expected.value),
        interval=_interval(point.expected, tell, words),
    )
    if point.trained is None:
        return told
    side = _side(point.expected, point.trained)
    facts = {"value": tell(point.trained.value), "interval": _interval(point.trained, tell, words)}
    return f"{told} {words(f'chart.worth.{side}', **facts)}"


def _side(now: Interval, then: Interval) -> str:
    return "above" if now.lower > then.upper else "below" if now.upper < then.lower else "alike"


def realised_by_vintage(vintages: Sequence[WatchVintage], name: Figure, words: Words) -> Chart:
    """Return what became of the approved by month of their decision, beside what their PDs promised."""
    title = words(f"chart.realised.{name}.title")
    columns = (
        words("chart.vintage.month"),
        words("chart.realised.expected"),
        words("chart.interval"),
        words("chart.realised.realised"),
        words("chart.realised.verdict"),
    )
    known = [
        (one, one.realised.expected[name], one.realised.realised[name])
        for one in vintages
        if one.realised is not None and name in one.realised.expected and name in one.realised.realised
    ]
    if not known:
        return nothing(title, words, columns, words("chart.realised.nothing"))
    tell, figure = teller(name, words), go.Figure()
    promised = [expected for _, expected, _ in known]
    look = {"symbol": "square", "size": 9, "color": BRAND}
    figure.add_scatter(
        x=[at - _ASIDE for at in range(len(known))],
        y=[expected.value for expected in promised],
        error_y=_errors(promised, BRAND),
        mode="markers",
        marker=look,
        name=words("chart.realised.expected"),
        hovertext=[words("chart.realised.hover.expected", value=_told(one, tell, words)) for one in promised],
        hoverinfo="text",
    )
    for mature, symbol, color in ((True, "diamond", INK), (False, "diamond-open", INK)):
        of = [(at, value) for at, (one, _, value) in enumerate(known) if one.mature == mature]
        if of:
            figure.add_scatter(
                x=[at + _ASIDE for at, _ in of],
                y=[value for _, value in of],
                mode="markers",
                marker={"symbol": symbol, "size": 11, "color": color, "line": {"color": INK, "width": 2}},
                name=words(f"chart.realised.{'mature' if mature else 'immature'}"),
                hovertext=[words("chart.realised.hover.realised", value=tell(value)) for _, value in of],
                hoverinfo="text",
            )
    finished(figure, words, x=words("chart.vintage.axis"), y=words(f"chart.worth.{name}.axis"))
    figure.update_xaxes(zeroline=False, showgrid=False, **_months([one.month for one, _, _ in known], words))
    figure.update_yaxes(zeroline=False, **_value_axis(name, promised, words, [value for _, _, value in known]))
    rows = [
        (
            words.month(one.month),
            tell(expected.value),
            _interval(expected, tell, words),
            tell(value),
            words(f"chart.realised.{_verdict(one, expected, value)}"),
        )
        for one, expected, value in known
    ]
    return Chart(title, _realised_told(known, tell, words), figure, columns, rows)


def _told(found: Interval, tell: Callable[[float], str], words: Words) -> str:
    return f"{tell(found.value)} ({_interval(found, tell, words)})"


def _months(months: Sequence[str], words: Words) -> Mapping[str, object]:
    shown = evenly(range(len(months)), _MOST_MONTHS)
    return {
        "range": [-0.6, len(months) - 0.4],
        "tickmode": "array",
        "tickvals": shown,
        "ticktext": [words.month(months[at]).replace(" ", "<br>") for at in shown],
    }


def _verdict(one: WatchVintage, expected: Interval, value: float) -> str:
    if not one.mature:
        return "unsure"
    return "above" if value > expected.upper else "below" if value < expected.lower else "within"


def _realised_told(
    known: Sequence[tuple[WatchVintage, Interval, float]], tell: Callable[[float], str], words: Words
) -> str:
    mature = [(one, expected, value) for one, expected, value in known if one.mature]
    if not mature:
        return words("chart.realised.none_mature")
    newest, expected, value = mature[-1]
    verdict = _verdict(newest, expected, value)
    told = words(
        "chart.realised.told",
        month=words.month(newest.month),
        value=tell(value),
        expected=tell(expected.value),
        interval=_interval(expected, tell, words),
        verdict=words(f"chart.realised.{verdict}"),
    )
    inside = sum(_verdict(*one) == "within" for one in mature)
    counts = words("chart.realised.count", inside=words.number(inside), mature=words.number(len(mature)))
    return f"{told} {counts}"


def default_curves(vintages: Sequence[WatchVintage], words: Words) -> Chart:
    """Return which share of the approved had defaulted by months after the decision, a line a mature vintage."""
    title = words("chart.curves.title")
    mature = [one for one in vintages if one.mature and one.defaults_by_month]
    if not mature:
        columns = (words("chart.curves.axis"), words("chart.curves.share"))
        return nothing(title, words, columns, words("chart.curves.nothing"))
    drawn, figure = evenly(mature, len(LOOKS)), go.Figure()
    for look, one in zip(LOOKS, drawn, strict=False):
        month = words.month(one.month)
        hover = [
            words("chart.curves.hover", month=month, months=words.number(at), share=words.percent(share))
            for at, share in enumerate(one.defaults_by_month)
        ]
        add_line(figure, list(range(len(hover))), list(one.defaults_by_month), look, name=month, hover=hover)
    longest = max(len(one.defaults_by_month) for one in drawn)
    finished(figure, words, x=words("chart.curves.axis"), y=words("chart.curves.share"))
    ticks = [int(at) for at in round_figures(0, longest - 1, 7) if digits_of(at) == 0 and at == int(at)]
    figure.update_xaxes(
        range=[-0.3, longest - 0.7],
        zeroline=False,
        tickmode="array",
        tickvals=ticks,
        ticktext=[words.number(at) for at in ticks],
    )
    highest = max(max(one.defaults_by_month) for one in drawn)
    figure.update_yaxes(**percent_axis(0, 1.1 * highest or 0.01, words))
    none = words("chart.none")
    rows = [
        (
            words.number(at),
            *(words.percent(one.defaults_by_month[at]) if at < len(one.defaults_by_month) else none for one in drawn),
        )
        for at in range(longest)
    ]
    newest, worst = drawn[-1], max(drawn, key=lambda one: one.defaults_by_month[-1])
    told = [
        words(
            f"chart.curves.{key}",
            month=words.month(one.month),
            share=words.percent(one.defaults_by_month[-1]),
            months=words.number(len(one.defaults_by_month) - 1),
        )
        for key, one in (("newest", newest), ("worst", worst))
    ]
    if len(mature) > len(drawn):
        told.append(words("chart.curves.some", drawn=words.number(len(drawn)), mature=words.number(len(mature))))
    columns = (words("chart.curves.axis"), *(words.month(one.month) for one in drawn))
    return Chart(title, " ".join(told), figure, columns, rows)
