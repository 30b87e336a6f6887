"""How many decisions each pass of the watch compared, by what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import evenly, finished, hatched, nothing
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import number_axis
from credit_scoring.dashboard.figures.timeline import day_tick
from credit_scoring.dashboard.style import APPROVE, DECLINE, REFER
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.base import Decision
from credit_scoring.wire.monitoring import WatchPass

_MOST_BARS: Final = 24
_MOST_TICKS: Final = 5
_MARKERS: Final = {
    "approve": hatched(APPROVE, "", strength=0.7),
    "refer": hatched(REFER, "x", strength=0.15),
    "decline": hatched(DECLINE, "/", strength=0.2),
}


@remembered
def decisions_by_pass(passes: Sequence[WatchPass], words: Words) -> Chart:
    """Return the decisions that each pass compared, one bar a pass."""
    title = words("chart.volumes.title")
    decisions: tuple[Decision, ...] = get_args(Decision)
    columns = (
        words("chart.passes.column.until"),
        words("chart.volumes.version"),
        *(words(f"decision.{one}") for one in decisions),
        words("chart.volumes.approved"),
        words("chart.volumes.left_out"),
    )
    shown = evenly(passes, _MOST_BARS)
    if not shown:
        return nothing(title, words, columns)
    figure = go.Figure()
    for one in decisions:
        figure.add_bar(
            x=list(range(len(shown))),
            y=[made.decisions.get(one, 0) for made in shown],
            width=0.7,
            marker=_MARKERS[one],
            name=words(f"decision.{one}"),
            hovertext=[_hover(made, one, words) for made in shown],
            hoverinfo="text",
        )
    finished(figure, words, x=words("chart.volumes.x"), y=words("chart.volumes.y"))
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    ticks = evenly(range(len(shown)), _MOST_TICKS)
    texts = [day_tick(shown[at].until, words) for at in ticks]
    room = max(0.6, 2 - len(shown) / 2)
    figure.update_xaxes(
        range=[-room, len(shown) - 1 + room],
        tickmode="array",
        tickvals=ticks,
        ticktext=texts,
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(**number_axis(0, 1.06 * max(*map(_total, shown), 1), words))
    rows = [
        (
            words.short_day(made.until),
            words.number(made.version),
            *(words.number(made.decisions.get(one, 0)) for one in decisions),
            words.percent(made.decisions.get("approve", 0) / _total(made)) if _total(made) else words("chart.none"),
            words.number(made.others + made.purged),
        )
        for made in shown
    ]
    return Chart(title, _told(passes, len(shown), words), figure, columns, rows)


def _total(made: WatchPass) -> int:
    return sum(made.decisions.values())


def _hover(made: WatchPass, one: Decision, words: Words) -> str:
    count, total = made.decisions.get(one, 0), _total(made)
    return words(
        "chart.volumes.hover",
        when=words.short_day(made.until),
        decision=words(f"decision.{one}"),
        count=words.number(count),
        share=words.percent(count / total if total else 0.0),
    )


def _told(passes: Sequence[WatchPass], shown: int, words: Words) -> str:
    newest, total = passes[-1], _total(passes[-1])
    period = {"since": words.day(newest.since), "until": words.day(newest.until)}
    if not total:
        told = [words("chart.volumes.none", **period)]
    else:
        shares = {one: words.percent(newest.decisions.get(one, 0) / total) for one in get_args(Decision)}
        told = [words("chart.volumes.told", count=words.number(total), **period, **shares)]
    if newest.others + newest.purged:
        counts = {"others": words.number(newest.others), "purged": words.number(newest.purged)}
        told.append(words("chart.volumes.apart", **counts))
    if shown < len(passes):
        told.append(words("chart.volumes.some", shown=words.number(shown), all=words.number(len(passes))))
    return " ".join(told)
