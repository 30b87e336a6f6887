"""The frame of every figure: its look, how its language writes numbers, what stands where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.labels import wrapped
from credit_scoring.dashboard.style import HEIGHT, PAPER, QUIET, framed
from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import Language

SEPARATORS: Final[Mapping[Language, str]] = {"en": ".,", "fr": ",\N{NARROW NO-BREAK SPACE}"}
SMALL: Final = 13
_T = TypeVar("_T")
# Characters of an axis title that a telephone shows on one line: across, and up a figure of the usual height.
_ACROSS, _UP = 36, 26
# Half of the last tick label stands right of the plot.
_RIGHT = 28


def finished(
    figure: go.Figure,
    words: Words,
    *,
    x: str = "",
    y: str = "",
    height: int = HEIGHT,
    legend: bool = True,
    above: int = 0,
) -> go.Figure:
    """Return `figure` in the dashboard's look; `above` is how many lines of labels stand between plot and legend."""
    framed(figure, height=height, x=wrapped(x, _ACROSS), y=wrapped(y, _UP), legend=legend)
    figure.update_layout(
        separators=SEPARATORS[words.language],
        legend={"y": 1.02 + 22 * above / (height - 100), "font": {"size": SMALL}, "itemclick": False},
        legend_itemdoubleclick=False,
        barmode="overlay",
        margin_r=_RIGHT,
        hovermode="closest",
    )
    text = {"size": SMALL}
    figure.update_xaxes(fixedrange=True, tickangle=0, tickfont=text, title_font=text, title_standoff=8)
    figure.update_yaxes(fixedrange=True, tickfont=text, title_font=text, title_standoff=8)
    return figure


def nothing(title: str, words: Words, columns: tuple[str, ...], sentence: str = "") -> Chart:
    """Return the chart of no data at all: it says so, or `sentence`, as do its figure and the one row of its table."""
    sentence = sentence or words("chart.nothing")
    figure = finished(go.Figure(), words, height=120, legend=False)
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    figure.add_annotation(text=wrapped(sentence, 40), showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    figure.update_annotations(font_color=QUIET)
    return Chart(title, sentence, figure, columns, (tuple(words("chart.none") for _ in columns),))


def tint(color: str, share: float) -> str:
    """Return a colour mixed with the paper's: 1 leaves it, 0 is paper.

    Examples
    --------
    >>> tint("#000000", 0.2)
    '#CCCCCC'
    """
    mixed = [round(int(color[at : at + 2], 16) * share + int(PAPER[at : at + 2], 16) * (1 - share)) for at in (1, 3, 5)]
    return "#" + "".join(f"{part:02X}" for part in mixed)


def hatched(color: str, shape: str, *, strength: float = 0.25) -> dict[str, Any]:
    """Return a bar's marker: outlined and hatched in `color` on a tint of it; without `shape` it is only filled."""
    ground = tint(color, strength)
    pattern = {"shape": shape, "fillmode": "overlay", "bgcolor": ground, "fgcolor": color, "size": 7, "solidity": 0.25}
    return {"color": ground, "line": {"color": color, "width": 1.5}, "pattern": pattern}


def evenly(points: Sequence[_T], most: int) -> list[_T]:
    """Return at most so many of the points, evenly spread, with the first and the last.

    Examples
    --------
    >>> evenly(range(11), 3)
    [0, 5, 10]
    """
    if len(points) <= most:
        return list(points)
    return [points[round(place * (len(points) - 1) / (most - 1))] for place in range(most)]


def points_shown(count: int, most: int, words: Words) -> list[str]:
    """Return the sentence that the table holds `most` of `count` points, if it does not hold all."""
    if count <= most:
        return []
    return [words("chart.points", shown=words.number(most), all=words.number(count))]
