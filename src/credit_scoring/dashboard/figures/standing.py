"""Where an application's value stands among the stored applicants."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import finished, hatched, nothing
from credit_scoring.dashboard.figures.labels import Flag, hoist, lines_in, wrapped
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import Bins, Value, percent_axis, row_axis
from credit_scoring.dashboard.style import BRAND, EVERYONE, PAPER
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.applicants import Group, Standing


@remembered
def standing(found: Standing, value: Value, words: Words) -> Chart:
    """Return how a feature is distributed among all and among similar applicants, with the application's `value`."""
    bins = Bins.of(found.axis, words)
    title = words("chart.standing.title", meaning=found.axis.meaning)
    columns = _columns(found, words)
    if not sum(found.everyone.counts):
        return nothing(title, words, columns)
    figure = _ranked(found, bins, value, words) if bins.edges is None else _histogram(found, bins, value, words)
    return Chart(title, _sentence(found, value, words), figure, columns, _rows(found, bins, words))


def shares(group: Group | None) -> list[float]:
    """Return the share of a group's known values in each bin; nothing where no value is known."""
    total = sum(group.counts) if group else 0
    return [count / total for count in group.counts] if group and total else []


def _histogram(found: Standing, bins: Bins, value: Value, words: Words) -> go.Figure:
    everyone, similar = shares(found.everyone), shares(found.similar)
    middles = [at + 0.5 for at in range(len(bins))]
    figure = go.Figure()
    figure.add_bar(x=middles, y=everyone, width=1, **_everyone(found, bins, words))
    if similar:
        figure.add_scatter(
            x=middles,
            y=similar,
            mode="lines+markers",
            line={"shape": "hvh", "color": BRAND, "width": 2.5},
            marker={"symbol": "diamond", "size": 8, "color": PAPER, "line": {"color": BRAND, "width": 2}},
            cliponaxis=False,
            **_told_of("similar", found.similar, bins, words),
        )
    at = bins.place(value)
    finished(figure, words, x=found.axis.meaning, y=words("chart.standing.axis"), above=int(at is not None))
    if at is not None:
        label = words("chart.standing.here", value=words.value(value, found.axis.unit))
        hoist(figure, [Flag(at, label)], 0, len(bins))
    figure.update_xaxes(showgrid=False, **bins.axis())
    figure.update_yaxes(**percent_axis(0, 1.06 * max(everyone + similar), words))
    return figure


def _ranked(found: Standing, bins: Bins, value: Value, words: Words) -> go.Figure:
    """Draw a row a category, everyone as a bar, the similar as a diamond; the application's is in bold and says so."""
    everyone, similar = shares(found.everyone), shares(found.similar)
    here = bins.bin_of(value)
    rows = list(range(len(bins)))
    told = [wrapped(name) for name in bins.names()]
    if here is not None:
        told[here] = f"<b>{told[here]}<br>{words('chart.standing.mark')}</b>"
    figure = go.Figure()
    figure.add_bar(orientation="h", x=everyone, y=rows, width=0.6, **_everyone(found, bins, words))
    if similar:
        figure.add_scatter(
            x=similar,
            y=rows,
            mode="markers",
            marker={"symbol": "diamond", "size": 12, "color": PAPER, "line": {"color": BRAND, "width": 2.5}},
            cliponaxis=False,
            **_told_of("similar", found.similar, bins, words),
        )
    height = len(rows) * max(32, 17 * lines_in(told) + 4) + 120
    finished(figure, words, x=words("chart.standing.axis"), height=height)
    widest = max(everyone + similar)
    figure.update_xaxes(**percent_axis(-0.04 * widest, 1.06 * widest, words, most=4))
    figure.update_yaxes(**row_axis(told))
    return figure


def _everyone(found: Standing, bins: Bins, words: Words) -> dict[str, Any]:
    look = hatched(EVERYONE, "", strength=0.45)
    return {"marker": look | {"line": {"color": PAPER, "width": 1}}} | _told_of("everyone", found.everyone, bins, words)


def _told_of(group: str, of: Group | None, bins: Bins, words: Words) -> dict[str, Any]:
    name = words(f"chart.{group}")
    told = [
        words("chart.standing.hover", group=name, bin=wrapped(bin_, 40), share=words.percent(share))
        for bin_, share in zip(bins.names(), shares(of), strict=True)
    ]
    return {"name": name, "hovertext": told, "hoverinfo": "text"}


def _sentence(found: Standing, value: Value, words: Words) -> str:
    told = [words("chart.standing.value", meaning=found.axis.meaning, value=words.value(value, found.axis.unit))]
    told += _of("everyone", found.everyone, found, words)
    if found.similar and sum(found.similar.counts):
        told += _of("similar", found.similar, found, words)
    elif found.similar:
        told.append(words("chart.standing.nobody"))
    return " ".join(told)


def _of(name: str, group: Group, found: Standing, words: Words) -> list[str]:
    """Return what one group says of the value, where it says anything."""
    unit, count = found.axis.unit, words.number(group.applicants - group.missing)
    told = []
    if group.below is not None:
        how = "same" if found.axis.edges is None else "before" if unit.endswith("_before") else "below"
        told.append(words(f"chart.standing.{how}.{name}", share=words.percent(group.below), count=count))
    if group.median is not None:
        told.append(words(f"chart.standing.median.{name}", median=words.value(group.median, unit), count=count))
    if group.missing:
        told.append(words(f"chart.standing.missing.{name}", missing=words.number(group.missing)))
    return told


def _columns(found: Standing, words: Words) -> tuple[str, ...]:
    groups = ("everyone", "similar") if found.similar else ("everyone",)
    columns = [words("chart.standing.column.bin")]
    for group in groups:
        named = words(f"chart.{group}")
        columns += [words(f"chart.standing.column.{what}", group=named) for what in ("count", "share", "p_default")]
    return tuple(columns)


def _rows(found: Standing, bins: Bins, words: Words) -> list[tuple[str, ...]]:
    rows = []
    for at, name in enumerate(bins.names()):
        row = [name]
        for group in (found.everyone, found.similar):
            if group:
                share, p_default = shares(group)[at : at + 1], group.mean_p_default[at]
                row += [words.number(group.counts[at]), words.percent(share[0] if share else 0.0)]
                row.append(words("chart.none") if p_default is None else words.percent(p_default))
        rows.append(tuple(row))
    return rows
