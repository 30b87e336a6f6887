"""What drives the PDs of a sample of applicants: the concepts, and the strongest features, a point an applicant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import SMALL, evenly, finished, hatched, nothing
from credit_scoring.dashboard.figures.labels import lines_in, wrapped
from credit_scoring.dashboard.figures.odds import arrow, factor, odds_axis, signed
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import percent_axis, row_axis
from credit_scoring.dashboard.style import BRAND, EVERYONE, INK, LOWERS, PAPER, QUIET, RAISES
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.model import ConceptShare, Effect, Effects

_MOST_CONCEPTS: Final = 12
# More points of a feature than these cover one another.
_MOST_POINTS: Final = 80
_SLICES: Final = 60
_SPREAD: Final = 0.4


class _Look(NamedTuple):
    """How the values of a third are drawn, or those that have no rank; ``place`` is where the legend has them."""

    key: str
    symbol: str
    size: int
    color: str
    line: str
    place: int


_LOOKS: Final = (
    _Look("unranked", "x-thin", 6, QUIET, QUIET, 4),
    _Look("middle", "square", 4, EVERYONE, EVERYONE, 2),
    _Look("low", "circle", 6, LOWERS, PAPER, 1),
    _Look("high", "diamond", 8, RAISES, PAPER, 3),
)


@remembered
def concepts(found: Effects, words: Words) -> Chart:
    """Return each concept's share of all that moves the PDs, largest first; beyond twelve the rest together."""
    title = words("chart.concepts.title")
    columns = tuple(words(f"chart.concepts.column.{name}") for name in ("concept", "share", "features"))
    ranked = sorted(found.concepts, key=lambda one: -one.importance)
    if not ranked:
        return nothing(title, words, columns)
    bars = [(_name(one, words), one.importance) for one in ranked[:_MOST_CONCEPTS]]
    if ranked[_MOST_CONCEPTS:]:
        bars.append((words("chart.others"), sum(one.importance for one in ranked[_MOST_CONCEPTS:])))
    told = [wrapped(name) for name, _ in bars]
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        x=[share for _, share in bars],
        y=list(range(len(bars))),
        width=0.62,
        marker=hatched(BRAND, "", strength=0.85),
        text=[words.percent(share) for _, share in bars],
        textposition="outside",
        textfont={"color": INK, "size": SMALL},
        cliponaxis=False,
        hovertext=[f"{wrapped(name, 40)}<br>{words.percent(share)}" for name, share in bars],
        hoverinfo="text",
    )
    height = len(bars) * max(32, 17 * lines_in(told) + 2) + 80
    finished(figure, words, x=words("chart.concepts.axis"), height=height, legend=False)
    widest = max(share for _, share in bars) or 1.0
    figure.update_xaxes(**percent_axis(0, 1.3 * widest, words, most=4))
    figure.update_yaxes(**row_axis(told))
    first = words("chart.concepts.first", name=_name(ranked[0], words), share=words.percent(ranked[0].importance))
    three = ranked[:3]
    share = words.percent(sum(one.importance for one in three))
    sentence = first
    if len(three) == 3 < len(ranked):
        sentence += " " + words("chart.concepts.three", share=share)
    rows = [(_name(one, words), words.percent(one.importance), words.number(one.features)) for one in ranked]
    return Chart(title, sentence, figure, columns, rows)


@remembered
def effects(found: Effects, words: Words, most: int = 12) -> Chart:
    """Return what the strongest features do to the PDs of a sample, a point an applicant, a row a feature.

    Values in the lowest and highest third, and those without a rank, are told apart by symbol, size and colour.
    """
    title = words("chart.effects.title")
    columns = tuple(
        words(f"chart.effects.column.{name}") for name in ("feature", "low", "high", "unranked", "importance")
    )
    ranked = [one for one in sorted(found.features, key=lambda one: -one.importance) if one.contributions][:most]
    if not ranked:
        return nothing(title, words, columns)
    told = [wrapped(one.meaning, 22) for one in ranked]
    reach = [size for one in ranked for size in (min(one.contributions), max(one.contributions))]
    low, high = min(*reach, 0.0), max(*reach, 0.0)
    room = 0.04 * (high - low) or 0.1
    figure = go.Figure()
    _swarm(figure, ranked, low, (high - low) or 1.0, words)
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    height = len(ranked) * max(44, 17 * lines_in(told) + 6) + 130
    finished(figure, words, x=words("chart.effects.axis"), height=height)
    axis = odds_axis(low - room, high + room, words, centre=0.0, named=words("chart.effects.centre"), most=3.4)
    figure.update_xaxes(zeroline=False, **axis)
    figure.update_yaxes(**row_axis(told))
    rows = [_row(one, words) for one in ranked]
    return Chart(title, _effects_told(found, ranked, words), figure, columns, rows)


def _name(one: ConceptShare, words: Words) -> str:
    return words.known(f"concept.{one.concept}", one.concept)


def _third(rank: float | None) -> str:
    if rank is None:
        return "unranked"
    return "low" if rank <= 1 / 3 else "high" if rank >= 2 / 3 else "middle"


def _swarm(figure: go.Figure, ranked: Sequence[Effect], low: float, span: float, words: Words) -> None:
    """Draw all features' points, a trace a third, so that the legend tells them once."""
    points: dict[str, list[tuple[float, float, str]]] = {look.key: [] for look in _LOOKS}
    for row, one in enumerate(ranked):
        sizes, ranks = evenly(one.contributions, _MOST_POINTS), evenly(one.ranks, _MOST_POINTS)
        heights = row + swarmed(np.asarray(sizes), low, span)
        for size, rank, height in zip(sizes, ranks, heights.tolist(), strict=True):
            key = _third(rank)
            points[key].append((size, round(height, 3), f"{arrow(size)} {factor(size, words)}"))
    for look in _LOOKS:
        drawn = points[look.key]
        if not drawn:
            continue
        x, y, hover = zip(*drawn, strict=True)
        line = {"color": look.line, "width": 1.2 if look.symbol == "x-thin" else 0.5}
        figure.add_scatter(
            x=x,
            y=y,
            mode="markers",
            marker={"symbol": look.symbol, "size": look.size, "color": look.color, "line": line},
            name=words(f"chart.effects.{look.key}"),
            legendrank=look.place,
            hovertext=hover,
            hoverinfo="text",
        )


def swarmed(sizes: NDArray[np.float64], low: float, span: float) -> NDArray[np.float64]:
    """Return how far each point stands from the middle of its row: the denser a place, the wider the row is there.

    Shape (n_points,), within 0.4 of 0; depends on nothing but the points, so that a figure drawn again is the same.
    """
    place = np.clip(((sizes - low) / span * _SLICES).astype(np.int64), 0, _SLICES - 1)
    counts = np.bincount(place, minlength=_SLICES)
    order = np.argsort(place, kind="stable")
    nth = np.empty(sizes.size, dtype=np.int64)
    nth[order] = np.arange(sizes.size) - np.repeat(np.cumsum(counts) - counts, counts)
    side = np.where(nth % 2, 1.0, -1.0) * ((nth + 1) // 2)
    widest = max(int(counts.max(initial=1)), 12)
    return np.asarray(side * 2 * _SPREAD / widest)


def _mean_of(one: Effect, third: str) -> float | None:
    chosen = [size for size, rank in zip(one.contributions, one.ranks, strict=True) if _third(rank) == third]
    return sum(chosen) / len(chosen) if chosen else None


def _unranked(one: Effect) -> float:
    return sum(rank is None for rank in one.ranks) / len(one.ranks)


def _row(one: Effect, words: Words) -> tuple[str, ...]:
    means = (_mean_of(one, third) for third in ("low", "high"))
    told = [words("chart.none") if mean is None else signed(mean, words) for mean in means]
    return (one.meaning, *told, words.percent(_unranked(one)), words.percent(one.importance))


def _effects_told(found: Effects, ranked: Sequence[Effect], words: Words) -> str:
    first = ranked[0]
    told = [words("chart.effects.first", name=first.meaning)]
    low, high = _mean_of(first, "low"), _mean_of(first, "high")
    if low is not None and high is not None:
        told.append(words("chart.effects.means", low=factor(low, words), high=factor(high, words)))
    told.append(words("chart.effects.how", count=words.number(found.sample)))
    if max(len(one.contributions) for one in ranked) > _MOST_POINTS:
        told.append(words("chart.effects.some", drawn=words.number(_MOST_POINTS)))
    return " ".join(told)
