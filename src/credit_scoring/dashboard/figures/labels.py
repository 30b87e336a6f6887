"""Texts in figures: wrapped to what a telephone shows, and placed so that none covers another."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from credit_scoring.dashboard.style import INK, PAPER

# What a plot and a character of its texts measure on the narrowest screen, in pixels.
NARROWEST: Final = 320
CHARACTER: Final = 7.6
ROW: Final = 20
_STEPS = 64


def wrapped(text: str, width: int = 20, lines: int = 3) -> str:
    """Return a text as Plotly breaks it: at most so many lines of `width` characters, an ellipsis after the last.

    Examples
    --------
    >>> wrapped("Debts <elsewhere> & late", 12)
    'Debts<br>&lt;elsewhere&gt;<br>&amp; late'
    """
    parts = textwrap.wrap(text, width, max_lines=lines, placeholder="\N{HORIZONTAL ELLIPSIS}")
    return "<br>".join(html.escape(part, quote=False) for part in parts)


def lines_in(texts: Sequence[str]) -> int:
    """Return how many lines the longest of wrapped texts has."""
    return max((text.count("<br>") + 1 for text in texts), default=1)


def breadth(text: str) -> float:
    """Return the share of the narrowest plot that a text takes."""
    return (len(text) + 1) * CHARACTER / NARROWEST


def placed(
    wanted: Sequence[float], widths: Sequence[float], blocked: Sequence[tuple[float, float]] = ()
) -> tuple[float, ...]:
    """Return the centres of labels on a line from 0 to 1: as near as can be to `wanted`, in its order, none on another.

    All is in shares of the line. Labels keep clear of the `blocked` stretches too, if there is room for that; without
    room for the labels themselves they stand where they are wanted.
    """
    best: list[tuple[float, tuple[float, ...], float]] = [(0.0, (), 0.0)]
    for aim, width in zip(wanted, widths, strict=True):
        found = []
        for step in range(_STEPS + 1):
            left = (1 - width) * step / _STEPS
            if left < 0 or any(left < end and start < left + width for start, end in blocked):
                continue
            before = min((one for one in best if one[2] <= left), default=None)
            if before is not None:
                centre = left + width / 2
                found.append((before[0] + (centre - aim) ** 2, (*before[1], centre), left + width))
        best = found
    if best:
        return min(best)[1]
    return placed(wanted, widths) if blocked else tuple(wanted)


@dataclass(frozen=True)
class Flag:
    """A labelled vertical line at `x`."""

    x: float
    text: str
    dash: str = "solid"
    color: str = INK


def hoist(figure: go.Figure, flags: Sequence[Flag], low: float, high: float) -> None:
    """Draw vertical lines with their labels above the plot, a row each, on an axis from `low` to `high`.

    A label stands right of its line, or left of it where there is no room. The outermost line has the highest label, so
    no line runs through the label of another on its side.
    """

    def left(flag: Flag) -> bool:
        return (flag.x - low) / (high - low) + breadth(flag.text) > 1.0

    leftward = sorted((flag for flag in flags if left(flag)), key=lambda flag: flag.x)
    rightward = sorted((flag for flag in flags if not left(flag)), key=lambda flag: -flag.x)
    for row, flag in enumerate([*leftward, *rightward]):
        line = {"color": flag.color, "width": 2, "dash": flag.dash}
        figure.add_shape(type="line", x0=flag.x, x1=flag.x, y0=0, y1=1, yref="paper", line=line)
        figure.add_annotation(
            x=flag.x,
            y=1,
            yref="paper",
            ax=0,
            ay=-(ROW * row + 12),
            text=html.escape(flag.text, quote=False),
            xanchor="right" if left(flag) else "left",
            arrowhead=0,
            arrowwidth=1.5,
            arrowcolor=flag.color,
            font={"color": INK, "size": 13},
            bgcolor=PAPER,
            borderpad=4,
        )
    figure.update_layout(margin_t=ROW * len(flags) + 12)
