"""Whether PDs agree with what became of the applications."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import finished, nothing
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.style import BRAND, PAPER, QUIET
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.model import CalibrationBin, Interval, Performance

# A square root spreads small PDs; these are its ticks, as far as they stand apart.
_ROOT_TICKS: Final = (0.0, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 1.0)


@remembered
def calibration(performance: Performance, words: Words) -> Chart:
    """Return the default rate of groups of equal PD against their mean PD, both on a square-root scale."""
    title = words("chart.calibration.title")
    columns = tuple(
        words(f"chart.calibration.column.{name}") for name in ("applications", "p_default", "rate", "interval")
    )
    if not performance.calibration:
        return nothing(title, words, columns)
    agreeing = [one for one in performance.calibration if _agrees(one)]
    others = [one for one in performance.calibration if not _agrees(one)]
    top = max(max(one.mean_p_default, one.default_rate.upper) for one in performance.calibration) * 1.05
    end = math.sqrt(min(top, 1.0)) or 0.1
    figure = go.Figure()
    diagonal = {"color": QUIET, "dash": "dash", "width": 2}
    figure.add_scatter(
        x=[0, end], y=[0, end], mode="lines", line=diagonal, name=words("chart.calibration.exact"), hoverinfo="skip"
    )
    for key, chosen, symbol, color in (("inside", agreeing, "circle", BRAND), ("outside", others, "diamond", PAPER)):
        if chosen:
            look = {"symbol": symbol, "size": 11, "color": color, "line": {"color": BRAND, "width": 2}}
            _groups(figure, chosen, words, look, words(f"chart.calibration.{key}"))
    finished(figure, words, x=words("chart.calibration.x"), y=words("chart.calibration.y"), height=400)
    figure.update_xaxes(zeroline=False, **_root_axis(end, words))
    figure.update_yaxes(zeroline=False, **_root_axis(end, words))
    rows = [
        (
            words.number(one.applications),
            words.percent(one.mean_p_default, 2),
            words.percent(one.default_rate.value, 2),
            _interval(one.default_rate, words),
        )
        for one in performance.calibration
    ]
    return Chart(title, _calibration_told(performance, len(agreeing), words), figure, columns, rows)


def _agrees(one: CalibrationBin) -> bool:
    return one.default_rate.lower <= one.mean_p_default <= one.default_rate.upper


def _interval(rate: Interval, words: Words) -> str:
    return words("chart.bin.between", lower=words.percent(rate.lower, 2), upper=words.percent(rate.upper, 2))


def _groups(figure: go.Figure, chosen: list[CalibrationBin], words: Words, look: dict[str, object], name: str) -> None:
    rates = [one.default_rate for one in chosen]
    value = np.sqrt([rate.value for rate in rates])
    figure.add_scatter(
        x=np.sqrt([one.mean_p_default for one in chosen]),
        y=value,
        error_y={
            "array": np.sqrt([max(rate.upper, 0.0) for rate in rates]) - value,
            "arrayminus": value - np.sqrt([max(rate.lower, 0.0) for rate in rates]),
            "color": BRAND,
            "thickness": 2,
            "width": 5,
        },
        mode="markers",
        marker=look,
        name=name,
        hovertext=[
            words(
                "chart.calibration.hover",
                p=words.percent(one.mean_p_default),
                rate=words.percent(one.default_rate.value),
                interval=_interval(one.default_rate, words),
            )
            for one in chosen
        ],
        hoverinfo="text",
    )


def _root_axis(end: float, words: Words) -> dict[str, object]:
    shown: list[float] = []
    for tick in _ROOT_TICKS:
        if math.sqrt(tick) <= end and (not shown or math.sqrt(tick) - math.sqrt(shown[-1]) >= 0.16 * end):
            shown.append(tick)
    texts = [words.percent(tick, 0 if round(100 * tick, 6).is_integer() else 1) for tick in shown]
    return {"range": [0, end], "tickmode": "array", "tickvals": [math.sqrt(tick) for tick in shown], "ticktext": texts}


def _calibration_told(performance: Performance, agreeing: int, words: Words) -> str:
    groups = performance.calibration
    farthest = max(groups, key=lambda one: abs(one.default_rate.value - one.mean_p_default))
    return " ".join(
        (
            words("chart.calibration.told", agreeing=words.number(agreeing), groups=words.number(len(groups))),
            words(
                "chart.calibration.farthest",
                p=words.percent(farthest.mean_p_default),
                rate=words.percent(farthest.default_rate.value),
            ),
            words(
                "chart.calibration.all",
                rate=words.percent(performance.defaults / max(performance.applications, 1)),
                count=words.number(performance.applications),
            ),
        )
    )
