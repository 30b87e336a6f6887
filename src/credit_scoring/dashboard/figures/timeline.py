"""Figures over time: a point a pass of the watch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

import plotly.graph_objects as go

from credit_scoring.dashboard.figures.frame import finished
from credit_scoring.dashboard.figures.labels import ROW, Flag, hoist
from credit_scoring.dashboard.style import APPROVE, BRAND, HEIGHT, INK, PAPER, QUIET, RAISES, REFER
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.monitoring import WatchPass

MOST_ROWS: Final = 24
# Labels nearer than this share of the axis would touch on a telephone.
_APART: Final = 0.22
_DAY: Final = 86_400
_MOST_CHANGES: Final = 2


class Look(NamedTuple):
    """How one of several lines is drawn; dash and symbol tell it apart where colours do not."""

    color: str
    dash: str
    symbol: str


LOOKS: Final = (
    Look(INK, "solid", "circle"),
    Look(BRAND, "dash", "square"),
    Look(RAISES, "dot", "diamond"),
    Look(APPROVE, "dashdot", "triangle-up"),
    Look(REFER, "longdash", "star"),
    Look(QUIET, "longdashdot", "cross"),
)


def place(when: datetime) -> float:
    """Return where a moment lies on an axis of time, in days."""
    return when.timestamp() / _DAY


def time_axis(moments: Sequence[datetime], words: Words) -> dict[str, Any]:
    """Return range and ticks of an axis from the first moment to the last; the last always has its day."""
    first, last = place(moments[0]), place(moments[-1])
    room = max(0.04 * (last - first), 0.5)
    low, high = first - room, last + room
    shown: list[datetime] = []
    for when in reversed(moments):
        if not shown or place(shown[-1]) - place(when) >= _APART * (high - low):
            shown.append(when)
    texts = [day_tick(when, words) for when in shown]
    return {"range": [low, high], "tickmode": "array", "tickvals": list(map(place, shown)), "ticktext": texts}


def day_tick(when: datetime, words: Words) -> str:
    """Return a day as an axis has it, the year on a line of its own."""
    return "<br>".join(words.short_day(when).rsplit(" ", 1))


def add_line(
    figure: go.Figure, x: Sequence[float], y: Sequence[float], look: Look, *, name: str, hover: Sequence[str]
) -> None:
    """Draw a line with a symbol at its points, or at some of them where they are many; one point is a symbol."""
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines+markers",
        line={"color": look.color, "dash": look.dash, "width": 2},
        marker={
            "symbol": look.symbol,
            "size": 9,
            "color": look.color,
            "line": {"color": PAPER, "width": 1},
            "maxdisplayed": MOST_ROWS,
        },
        name=name,
        hovertext=hover,
        hoverinfo="text",
    )


def version_flags(passes: Sequence[WatchPass], words: Words) -> list[Flag]:
    """Return where another version began to decide; of several changes the newest."""
    changed = [later for earlier, later in pairwise(passes) if later.model != earlier.model][-_MOST_CHANGES:]
    return [
        Flag(place(one.until), words("chart.version", version=words.number(one.version)), "dot", QUIET)
        for one in changed
    ]


def finished_over_time(
    figure: go.Figure, passes: Sequence[WatchPass], axis: dict[str, Any], words: Words, *, y: str, height: int = HEIGHT
) -> None:
    """Give a figure of passes the dashboard's look, its `axis` of time, and a line where another version began."""
    flags = version_flags(passes, words)
    until = words("chart.passes.column.until")
    finished(figure, words, x=until, y=y, height=height + ROW * len(flags), above=len(flags))
    if flags:
        hoist(figure, flags, *axis["range"])
    figure.update_xaxes(zeroline=False, **axis)
