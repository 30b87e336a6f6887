"""What has moved since training: through time, and by concept."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import SMALL, evenly, finished, hatched, nothing, points_shown
from credit_scoring.dashboard.figures.labels import lines_in, wrapped
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import fixed, number_axis, percent_axis, row_axis
from credit_scoring.dashboard.figures.timeline import LOOKS, MOST_ROWS, add_line, finished_over_time, place, time_axis
from credit_scoring.dashboard.style import DECLINE, EVERYONE, INK, PAPER, RAISES, REFER
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.model import FeatureInfo
from credit_scoring.wire.monitoring import WatchedConcept, WatchFinding, WatchPass

# The limits of a PSI, as the checks of the watch have them.
NOTICE: Final = 0.1
ALARM: Final = 0.2
_APART: Final = ("p_default", "decision")
_PSI_CODES: Final = frozenset({"CS-D01", "CS-D02", "CS-D03"})
_MOST_FEATURES: Final = 3
# Above this the limits would lie too near the foot of an even scale: a square root spreads them.
_EVEN_UP_TO: Final = 1.0
_ROOT_TICKS: Final = (0.0, 0.5, 2.0, 5.0, 10.0)
_MOST_CONCEPTS: Final = 12


class _Moved(NamedTuple):
    """What moved most of late: its PSI, and the end of the first pass of those in which it was never below notice."""

    name: str
    psi: float
    since: datetime


@remembered
def psi_over_time(
    passes: Sequence[WatchPass], findings: Sequence[WatchFinding], features: Mapping[str, FeatureInfo], words: Words
) -> Chart:
    """Return the PSI of the PD, the decisions, the features that weigh most and what moved most, a point a pass.

    `findings` are those of the newest pass: they alone tell a shift from chance. `features` are the model's by name,
    those that weigh most first.
    """
    title = words("chart.psi.title")
    compared = [one for one in passes if one.psi]
    if not compared:
        return nothing(title, words, (words("chart.passes.column.until"), words("chart.psi.axis")))
    found = {one.subject: one.severity for one in findings if one.code in _PSI_CODES}
    worst = _worst(compared, found, features)
    drawn = _drawn(compared, features, worst)
    names = {one: _name(one, features, words) for one in drawn}
    highest = max(one.psi[name] for one in compared for name in drawn if name in one.psi)
    scaled: Callable[[float], float] = math.sqrt if highest > _EVEN_UP_TO else float
    figure = go.Figure()
    for look, (one, name) in zip(LOOKS, names.items(), strict=False):
        points = [(place(made.until), made.psi[one]) for made in compared if one in made.psi]
        hover = [
            words("chart.psi.hover", name=wrapped(name, 40), psi=fixed(made.psi[one], 2, words), when=_day(made, words))
            for made in compared
            if one in made.psi
        ]
        x, y = [at for at, _ in points], [scaled(psi) for _, psi in points]
        add_line(figure, x, y, look, name=wrapped(name, 34, 2), hover=hover)
    axis = time_axis([one.until for one in compared], words)
    finished_over_time(
        figure,
        compared,
        axis,
        words,
        y=words("chart.psi.root" if scaled is math.sqrt else "chart.psi.axis"),
        height=460,
    )
    _limits(figure, highest, scaled, words)
    shown = evenly(compared, MOST_ROWS)
    none = words("chart.none")
    rows = [
        (_day(made, words), *(fixed(made.psi[one], 2, words) if one in made.psi else none for one in drawn))
        for made in shown
    ]
    told = [*_told(passes[-1], worst, found, features, words), *points_shown(len(compared), MOST_ROWS, words)]
    return Chart(title, " ".join(told), figure, (words("chart.passes.column.until"), *names.values()), rows)


def _day(made: WatchPass, words: Words) -> str:
    return words.short_day(made.until)


def _name(one: str, features: Mapping[str, FeatureInfo], words: Words) -> str:
    return features[one].meaning if one in features else words.known(f"subject.{one}", one)


def _worst(compared: Sequence[WatchPass], found: Collection[str], features: Mapping[str, FeatureInfo]) -> _Moved:
    """Return what moved most in the newest pass: of what was found and the model uses, else of what it uses."""
    newest = compared[-1]
    counted = [one for one in newest.psi if one not in features or features[one].importance > 0]
    name = max([one for one in counted if one in found] or counted or newest.psi, key=lambda one: newest.psi[one])
    since = newest.until
    for made in reversed(compared):
        if made.psi.get(name, 0.0) < NOTICE:
            break
        since = made.until
    return _Moved(name, newest.psi[name], since)


def _drawn(compared: Sequence[WatchPass], features: Mapping[str, FeatureInfo], worst: _Moved) -> list[str]:
    newest = compared[-1].psi
    weightiest = [one for one in features if one in newest][:_MOST_FEATURES]
    return list(dict.fromkeys([*(one for one in _APART if one in newest), *weightiest, worst.name]))


def _limits(figure: go.Figure, highest: float, scaled: Callable[[float], float], words: Words) -> None:
    """Draw the axis and on it both limits, the label of the lower one below its line, so that none covers the other."""
    top = scaled(max(1.08 * highest, 1.5 * ALARM))
    axis = number_axis(0.0, top, words)
    if scaled is math.sqrt:
        ticks = [tick for tick in _ROOT_TICKS if scaled(tick) <= top]
        axis |= {"tickvals": list(map(scaled, ticks)), "ticktext": [words.number(tick, 1) for tick in ticks]}
    figure.update_yaxes(zeroline=False, **axis | {"range": [-0.02 * top, top]})
    for key, limit, color, dash, side in (
        ("notice", NOTICE, REFER, "dash", "top"),
        ("alarm", ALARM, DECLINE, "solid", "bottom"),
    ):
        figure.add_hline(y=scaled(limit), line={"color": color, "width": 1.5, "dash": dash}, layer="below")
        label = words(f"chart.psi.{key}", limit=words.number(limit, 1))
        figure.add_annotation(
            x=0.01,
            xref="paper",
            y=scaled(limit),
            text=label,
            showarrow=False,
            xanchor="left",
            yanchor=side,
            font={"color": color, "size": SMALL},
            bgcolor=PAPER,
            opacity=0.9,
        )


def _told(
    newest: WatchPass, worst: _Moved, found: Mapping[str, str], features: Mapping[str, FeatureInfo], words: Words
) -> list[str]:
    if not newest.psi:
        return [words("chart.psi.empty", when=words.day(newest.until))]
    facts = {
        "name": _name(worst.name, features, words),
        "psi": fixed(worst.psi, 2, words),
        "limit": words.number(NOTICE, 1),
    }
    if worst.name in found:
        return [words(f"chart.psi.moved.{found[worst.name]}", since=words.day(worst.since), **facts)]
    return [words("chart.psi.steady" if worst.psi < NOTICE else "chart.psi.chance", **facts)]


@remembered
def moved_by_concept(concepts: Sequence[WatchedConcept], words: Words) -> Chart:
    """Return each concept's share of the model's weight, and how much of it is on features that moved."""
    title = words("chart.moved_concepts.title")
    columns = tuple(
        words(f"chart.moved_concepts.column.{name}") for name in ("concept", "moved", "weight", "features", "psi")
    )
    if not concepts:
        return nothing(title, words, columns)
    ranked = sorted(concepts, key=lambda one: (-one.importance_moved, -one.importance))
    bars = ranked[:_MOST_CONCEPTS]
    told = [wrapped(_concept(one, words)) for one in bars]
    figure = go.Figure()
    rows = list(range(len(bars)))
    for key, sizes, marker in (
        ("weight", [one.importance for one in bars], hatched(EVERYONE, "", strength=0.3)),
        ("moved", [one.importance_moved for one in bars], hatched(RAISES, "/")),
    ):
        figure.add_bar(
            orientation="h",
            x=sizes,
            y=rows,
            width=0.62,
            marker=marker,
            name=words(f"chart.moved_concepts.{key}"),
            hovertext=[_counted(one, words) for one in bars],
            hoverinfo="text",
        )
    height = len(bars) * max(32, 17 * lines_in(told) + 2) + 110
    finished(figure, words, x=words("chart.moved_concepts.axis"), height=height)
    for row, one in enumerate(bars):
        if not one.moved:
            continue
        figure.add_annotation(
            x=one.importance,
            y=row,
            text=words.percent(one.importance_moved),
            showarrow=False,
            xanchor="left",
            xshift=4,
            font={"color": INK, "size": SMALL},
        )
    widest = max(one.importance for one in bars) or 1.0
    figure.update_xaxes(**percent_axis(0, 1.25 * widest, words, most=4))
    figure.update_yaxes(**row_axis(told))
    cells = [
        (
            _concept(one, words),
            words.percent(one.importance_moved),
            words.percent(one.importance),
            words("chart.moved_concepts.of", moved=words.number(one.moved), features=words.number(one.features)),
            fixed(one.largest_psi, 2, words),
        )
        for one in ranked
    ]
    return Chart(title, _concepts_told(ranked, words), figure, columns, cells)


def _concept(one: WatchedConcept, words: Words) -> str:
    return words.known(f"concept.{one.concept}", one.concept)


def _counted(one: WatchedConcept, words: Words) -> str:
    return words(
        "chart.moved_concepts.hover",
        name=wrapped(_concept(one, words), 40),
        share=words.percent(one.importance_moved),
        weight=words.percent(one.importance),
    )


def _concepts_told(ranked: Sequence[WatchedConcept], words: Words) -> str:
    first = ranked[0]
    if not any(one.moved for one in ranked):
        return words("chart.moved_concepts.none")
    return words(
        "chart.moved_concepts.told",
        share=words.percent(sum(one.importance_moved for one in ranked)),
        name=_concept(first, words),
        moved=words.percent(first.importance_moved),
    )
