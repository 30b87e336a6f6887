"""What became of the approved, by the month of their decision, beside what their PDs promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.expected import Figure, between, errors, teller, value_axis
from credit_scoring.dashboard.figures.frame import evenly, finished, nothing
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import digits_of, percent_axis, round_figures
from credit_scoring.dashboard.figures.timeline import LOOKS, add_line
from credit_scoring.dashboard.style import BRAND, INK
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.model import Interval
from credit_scoring.wire.monitoring import WatchVintage

_MOST_MONTHS: Final = 6
_ASIDE: Final = 0.1


@remembered
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
        error_y=errors(promised, BRAND),
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
    figure.update_yaxes(zeroline=False, **value_axis(name, promised, words, [value for _, _, value in known]))
    rows = [
        (
            words.month(one.month),
            tell(expected.value),
            between(expected, tell, words),
            tell(value),
            words(f"chart.realised.{_verdict(one, expected, value)}"),
        )
        for one, expected, value in known
    ]
    return Chart(title, _realised_told(known, tell, words), figure, columns, rows)


def _told(found: Interval, tell: Callable[[float], str], words: Words) -> str:
    return f"{tell(found.value)} ({between(found, tell, words)})"


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
        interval=between(expected, tell, words),
        verdict=words(f"chart.realised.{verdict}"),
    )
    inside = sum(_verdict(*one) == "within" for one in mature)
    counts = words("chart.realised.count", inside=words.number(inside), mature=words.number(len(mature)))
    return f"{told} {counts}"


@remembered
def default_curves(vintages: Sequence[WatchVintage], words: Words) -> Chart:
    """Return which share of the approved had defaulted by months after the decision, a line a mature vintage."""
    title = words("chart.curves.title")
    mature = [one for one in vintages if one.mature and one.defaults_by_month]
    if not mature:
        none = words("chart.curves.axis"), words("chart.curves.share")
        return nothing(title, words, none, words("chart.curves.nothing"))
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
    rows = [
        (
            words.number(at),
            *(
                words.percent(one.defaults_by_month[at]) if at < len(one.defaults_by_month) else words("chart.none")
                for one in drawn
            ),
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
    columns = words("chart.curves.axis"), *(words.month(one.month) for one in drawn)
    return Chart(title, " ".join(told), figure, columns, rows)


def _share_at(one: WatchVintage, month: int, words: Words) -> str:
    known = one.defaults_by_month
    return words.percent(known[month]) if month < len(known) else words("chart.none")
