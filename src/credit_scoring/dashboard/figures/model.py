"""How well the model's PDs tell defaulters from good payers."""

from __future__ import annotations

from typing import Final

import numpy as np
import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import evenly, finished, nothing, points_shown, tint
from credit_scoring.dashboard.figures.labels import wrapped
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import fixed, percent_axis
from credit_scoring.dashboard.style import BRAND, INK, PAPER, QUIET
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.model import Interval, Performance

_MOST_ROWS: Final = 21
# Where the sentences read a curve: of the good payers, and of all applications.
_READ_AT: Final = 0.2


@remembered
def roc(performance: Performance, auc: Interval, words: Words) -> Chart:
    """Return the share of defaults detected against the share of good payers declined, a point a cut-off."""
    title = words("chart.roc.title")
    columns = tuple(words(f"chart.roc.column.{name}") for name in ("cutoff", "false", "true"))
    if not performance.roc:
        return nothing(title, words, columns)
    false = [point.false_positive_rate for point in performance.roc]
    true = [point.true_positive_rate for point in performance.roc]
    hover = [
        words("chart.roc.hover", false=words.percent(x), true=words.percent(y))
        for x, y in zip(false, true, strict=True)
    ]
    detected = float(np.interp(_READ_AT, false, true))
    figure = _against_chance(false, true, hover, detected, words, "roc")
    told = [
        words(
            "chart.roc.auc",
            share=words.percent(auc.value),
            auc=fixed(auc.value, 3, words),
            lower=fixed(auc.lower, 3, words),
            upper=fixed(auc.upper, 3, words),
        ),
        words("chart.roc.at", share=words.percent(_READ_AT, 0), detected=words.percent(detected)),
        *points_shown(len(performance.roc), _MOST_ROWS, words),
    ]
    rows = [
        (
            words("chart.roc.nobody") if point.cutoff is None else words.percent(point.cutoff, 2),
            words.percent(point.false_positive_rate),
            words.percent(point.true_positive_rate),
        )
        for point in evenly(performance.roc, _MOST_ROWS)
    ]
    return Chart(title, " ".join(told), figure, columns, rows)


@remembered
def gains(performance: Performance, words: Words) -> Chart:
    """Return the share of all defaults that is among the riskiest applications, by their share."""
    title = words("chart.gains.title")
    columns = tuple(words(f"chart.gains.column.{name}") for name in ("applications", "defaults"))
    if not performance.gains:
        return nothing(title, words, columns)
    x = [point.share_of_applications for point in performance.gains]
    y = [point.share_of_defaults for point in performance.gains]
    hover = [
        words("chart.gains.hover", share=words.percent(a), defaults=words.percent(b)) for a, b in zip(x, y, strict=True)
    ]
    found = float(np.interp(_READ_AT, x, y))
    figure = _against_chance(x, y, hover, found, words, "gains")
    told = words(
        "chart.gains.at",
        share=words.percent(_READ_AT, 0),
        defaults=words.percent(found),
        times=words.number(found / _READ_AT, 1),
    )
    rows = [
        (words.percent(point.share_of_applications), words.percent(point.share_of_defaults))
        for point in evenly(performance.gains, _MOST_ROWS)
    ]
    sentence = " ".join([told, *points_shown(len(x), _MOST_ROWS, words)])
    return Chart(title, sentence, figure, columns, rows)


def _against_chance(
    x: list[float], y: list[float], hover: list[str], read: float, words: Words, chart: str
) -> go.Figure:
    """Draw a curve of shares above the diagonal of chance, with the point that the sentence reads."""
    figure = go.Figure()
    chance = {"color": QUIET, "dash": "dash", "width": 2}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=chance, name=words("chart.chance"), hoverinfo="skip")
    curve = {"color": BRAND, "width": 3}
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line=curve,
        fill="tonexty",
        fillcolor=tint(BRAND, 0.12),
        name=words("chart.model"),
        hovertext=hover,
        hoverinfo="text",
    )
    mark = {"symbol": "diamond", "size": 13, "color": INK, "line": {"color": PAPER, "width": 1.5}}
    label = words(f"chart.{chart}.mark", share=words.percent(_READ_AT, 0), read=words.percent(read, 0))
    figure.add_scatter(
        x=[_READ_AT],
        y=[read],
        mode="markers",
        marker=mark,
        name=wrapped(label, 34),
        hovertext=[label],
        hoverinfo="text",
    )
    finished(figure, words, x=words(f"chart.{chart}.x"), y=words(f"chart.{chart}.y"), height=380)
    figure.update_xaxes(**percent_axis(0, 1, words, most=6))
    figure.update_yaxes(**percent_axis(0, 1.02, words, most=6))
    return figure
