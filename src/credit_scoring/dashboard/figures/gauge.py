"""Where a PD lies between approval and refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import finished, hatched
from credit_scoring.dashboard.figures.labels import breadth, placed
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import apart, percent_axis
from credit_scoring.dashboard.style import APPROVE, DECLINE, INK, PAPER, REFER
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.base import Decision

# Heights above the axis, in pixels: the cut-off's label, the bar, the first row of PDs, the names of the zones.
_CUTOFF, _BAR, _HALF, _PDS, _ROW, _NAMES = 10, 40, 16, 68, 20, 24
_BELOW: Final = 48
_LEAST_RANGE: Final = 0.01
# Two labels side by side need as much of the narrowest plot.
_BESIDE: Final = 0.3


@dataclass(frozen=True)
class _Zone:
    decision: Decision
    start: float
    end: float


@dataclass(frozen=True)
class _Point:
    """A PD on the scale; ``at`` is its place there, from 0 to 1."""

    p_default: float
    label: str
    now: bool
    at: float


_LOOKS: Final[dict[Decision, tuple[str, str]]] = {
    "approve": (APPROVE, ""),
    "refer": (REFER, "/"),
    "decline": (DECLINE, "x"),
}


@remembered
def gauge(
    p_default: float,
    cutoff: float,
    interval: tuple[float, float],
    decision: Decision,
    words: Words,
    *,
    before: float | None = None,
) -> Chart:
    """Return a scale of PDs with the zones of the decisions, the cut-off and the PD; and the PD `before` a simulation.

    The zone where a person decides is drawn where `interval` has a width.
    """
    end = min(1.0, max(3 * cutoff, 1.15 * p_default, 1.15 * (before or 0.0), _LEAST_RANGE))
    zones = _zones(cutoff, interval, end)
    points = [_Point(p_default, _label(p_default, before is not None and "now", words), True, p_default / end)]
    if before is not None:
        points.append(_Point(before, _label(before, "before", words), False, before / end))
    figure = go.Figure()
    for zone in zones:
        _draw_zone(figure, zone, words)
    top = _PDS + _ROW * len(points)
    _name_zones(figure, zones, decision, end, top, words)
    _draw_cutoff(figure, min(cutoff, end), words("chart.gauge.cutoff", cutoff=words.percent(min(cutoff, 1.0))), end)
    for point, (row, side) in reversed(list(zip(points, _sides(points), strict=True))):
        _draw_point(figure, point, row, side)
    height = top + _NAMES + _BELOW
    finished(figure, words, x=words("chart.gauge.axis"), height=height, legend=False)
    figure.update_xaxes(showgrid=False, zeroline=False, automargin=False, **percent_axis(0.0, end, words, most=4))
    figure.update_yaxes(visible=False, range=[0, top + _NAMES])
    figure.update_layout(margin={"t": 0, "b": _BELOW, "l": 18, "r": 22})
    return Chart(
        words("chart.gauge.title"),
        _sentence(p_default, cutoff, interval, decision, before, words),
        figure,
        (words("chart.gauge.zone"), words("chart.gauge.axis")),
        _rows(p_default, cutoff, zones, before, words),
    )


def _zones(cutoff: float, interval: tuple[float, float], end: float) -> list[_Zone]:
    limits = interval if interval[0] < interval[1] else (cutoff, cutoff)
    lower, upper = (min(max(0.0, limit), end) for limit in limits)
    zones = [_Zone("approve", 0.0, lower), _Zone("refer", lower, upper), _Zone("decline", upper, end)]
    return [zone for zone in zones if zone.start < zone.end]


def _draw_zone(figure: go.Figure, zone: _Zone, words: Words) -> None:
    lower, upper = words.percent(zone.start), words.percent(zone.end)
    told = words("chart.gauge.from_to", zone=_named(zone, words), lower=lower, upper=upper)
    figure.add_bar(
        orientation="h",
        base=[zone.start],
        x=[zone.end - zone.start],
        y=[_BAR],
        width=[2 * _HALF],
        marker=hatched(*_LOOKS[zone.decision]),
        name=_named(zone, words),
        hovertext=[told],
        hoverinfo="text",
    )


def _name_zones(
    figure: go.Figure, zones: list[_Zone], decision: Decision, end: float, top: float, words: Words
) -> None:
    """Write what the zones are over lines as wide as they are; the decision's in bold."""
    names = [_named(zone, words) for zone in zones]
    middles = [(zone.start + zone.end) / 2 / end for zone in zones]
    for zone, name, centre in zip(zones, names, placed(middles, list(map(breadth, names))), strict=True):
        color = _LOOKS[zone.decision][0]
        line = {"color": color, "width": 3}
        inset = 0.004 * end if zone.end - zone.start > 0.05 * end else 0.0
        start, stop = zone.start + (inset if zone.start else 0.0), zone.end - (inset if zone.end < end else 0.0)
        figure.add_shape(type="line", x0=start, x1=stop, y0=top - 4, y1=top - 4, line=line)
        inside = zone.start <= centre * end <= zone.end
        figure.add_annotation(
            x=centre * end if inside else (zone.start + zone.end) / 2,
            y=top - 4,
            ax=centre * end,
            ay=top + 10,
            axref="x",
            ayref="y",
            yshift=14 if inside else 0,
            text=f"<b>{name}</b>" if zone.decision == decision else name,
            arrowhead=0,
            arrowwidth=1.5,
            arrowcolor=color,
            showarrow=not inside,
            font={"color": color, "size": 14},
        )


def _sides(points: list[_Point]) -> list[tuple[int, str]]:
    """Return, for each PD, the row of its label and where its line stands in it, so that no line crosses a label.

    One label is centred on its line. Two stand on the sides of theirs that look to the middle of the scale, that of
    the outer line higher; on the other sides where the lines are close about the middle.
    """
    if len(points) == 1:
        at = points[0].at
        return [(0, "left" if at < 0.12 else "right" if at > 0.88 else "center")]
    low, high = sorted(point.at for point in points)
    outward = low <= 0.5 < high and high - low < _BESIDE
    outer = low if high <= 0.5 else high
    return [
        (
            int(point.at == outer and not (low == high and point.now)),
            "left" if (point.at <= 0.5) != outward else "right",
        )
        for point in points
    ]


def _draw_point(figure: go.Figure, point: _Point, row: int, side: str) -> None:
    """Draw a diamond on the bar, filled for what is now, with its label above."""
    foot, height = _BAR + _HALF - 4, _PDS + _ROW * row
    line = {"color": INK, "width": 1.5}
    figure.add_shape(type="line", x0=point.p_default, x1=point.p_default, y0=foot, y1=height + 6, line=line)
    figure.add_annotation(
        x=point.p_default,
        y=height,
        text=f"<b>{point.label}</b>" if point.now else point.label,
        showarrow=False,
        xanchor=side,
        xshift={"left": 3, "right": -3, "center": 0}[side],
        font={"color": INK, "size": 14},
        bgcolor=PAPER,
        borderpad=0,
    )
    fill, edge = (INK, PAPER) if point.now else (PAPER, INK)
    figure.add_scatter(
        x=[point.p_default],
        y=[_BAR],
        mode="markers",
        marker={"symbol": "diamond", "size": 17, "color": fill, "line": {"color": edge, "width": 2}},
        cliponaxis=False,
        name=point.label,
        hovertext=[point.label],
        hoverinfo="text",
    )


def _draw_cutoff(figure: go.Figure, cutoff: float, label: str, end: float) -> None:
    line = {"color": INK, "width": 3}
    figure.add_shape(type="line", x0=cutoff, x1=cutoff, y0=_BAR - _HALF - 5, y1=_BAR + _HALF + 3, line=line)
    at = cutoff / end
    figure.add_annotation(
        x=cutoff,
        y=_CUTOFF,
        text=label,
        showarrow=False,
        xanchor="left" if at < 0.15 else "right" if at > 0.85 else "center",
        font={"color": INK, "size": 14},
    )


def _named(zone: _Zone, words: Words) -> str:
    return words(f"chart.gauge.{zone.decision}")


def _label(p_default: float, when: str | bool, words: Words) -> str:
    return words(f"chart.gauge.point.{when or 'alone'}", p=words.percent(p_default))


def _sentence(
    p_default: float,
    cutoff: float,
    interval: tuple[float, float],
    decision: Decision,
    before: float | None,
    words: Words,
) -> str:
    p, limit = apart(words, p_default, min(cutoff, 1.0))
    side = "below" if p_default < cutoff else "above" if p_default > cutoff else "at"
    told = [words(f"chart.gauge.{side}", p=p, cutoff=limit)]
    if interval[0] < interval[1]:
        lower, upper = (words.percent(min(max(one, 0.0), 1.0)) for one in interval)
        inside = "inside" if interval[0] <= p_default <= interval[1] else "outside"
        told.append(words(f"chart.gauge.{inside}", lower=lower, upper=upper))
    if before is not None:
        told.append(words("chart.gauge.was", before=words.percent(before)))
    told.append(words("chart.gauge.decision", decision=words(f"decision.{decision}")))
    return " ".join(told)


def _rows(
    p_default: float, cutoff: float, zones: list[_Zone], before: float | None, words: Words
) -> list[tuple[str, str]]:
    rows = [(words("chart.gauge.now"), words.percent(p_default, 2))]
    if before is not None:
        rows.append((words("chart.gauge.before"), words.percent(before, 2)))
    rows.append((words("chart.gauge.limit"), words.percent(min(cutoff, 1.0), 2)))
    for zone in zones:
        lower, upper = words.percent(zone.start, 2), words.percent(zone.end, 2)
        rows.append((_named(zone, words), words("chart.bin.between", lower=lower, upper=upper)))
    return rows
