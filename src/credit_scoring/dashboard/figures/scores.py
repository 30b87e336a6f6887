"""How the portfolio is spread around the cut-off."""

from __future__ import annotations

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import finished, hatched, nothing
from credit_scoring.dashboard.figures.labels import Flag, hoist
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import Bins, number_axis
from credit_scoring.dashboard.style import APPROVE, DECLINE, PAPER
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.policy import Portfolio


@remembered
def score_distribution(portfolio: Portfolio, cutoff: float, words: Words) -> Chart:
    """Return how many stored applicants have which PD, on both sides of the cut-off."""
    title = words("chart.scores.title")
    columns = tuple(words(f"chart.scores.column.{name}") for name in ("bin", "count", "share"))
    total = sum(portfolio.counts)
    if not total:
        return nothing(title, words, columns)
    bins = Bins(portfolio.edges, None, "share", words)
    last = max(at for at, count in enumerate(portfolio.counts) if count) + 1
    at = bins.place(cutoff) or 0.0
    figure = go.Figure()
    for key, color, shape in (("approve", APPROVE, ""), ("decline", DECLINE, "/")):
        _side(figure, portfolio, bins, at, key, hatched(color, shape, strength=0.7 if not shape else 0.2), words)
    finished(figure, words, x=words("chart.gauge.axis"), y=words("chart.scores.axis"), above=1)
    figure.update_layout(bargap=0)
    end = min(len(bins), max(last, int(at) + 2))
    hoist(figure, [Flag(at, words("chart.gauge.cutoff", cutoff=words.percent(min(cutoff, 1.0))))], 0, end)
    shown = Bins(portfolio.edges[: end + 1], None, "share", words)
    figure.update_xaxes(showgrid=False, **shown.axis())
    figure.update_yaxes(**number_axis(0, 1.06 * max(portfolio.counts), words))
    names = bins.names()
    rows = [
        (names[at], words.number(count), words.percent(count / total))
        for at, count in enumerate(portfolio.counts[:last])
    ]
    return Chart(title, _spread(portfolio, cutoff, words), figure, columns, rows)


def _side(
    figure: go.Figure, portfolio: Portfolio, bins: Bins, at: float, key: str, marker: dict[str, object], words: Words
) -> None:
    """Draw the bins on one side of the cut-off; the bin that it runs through is cut there."""
    approved = key == "approve"
    cut = [
        (place, max(place, 0.0 if approved else at), min(place + 1, at if approved else len(bins)))
        for place in range(len(bins))
    ]
    parts = [(place, start, end) for place, start, end in cut if start < end]
    names = bins.names()
    figure.add_bar(
        x=[start for _, start, _ in parts],
        y=[portfolio.counts[place] for place, _, _ in parts],
        width=[end - start for _, start, end in parts],
        offset=0,
        marker=marker | {"line": {"color": PAPER, "width": 1}},
        name=words(f"chart.scores.{key}"),
        hovertext=[
            words("chart.scores.hover", bin=names[place], count=words.number(portfolio.counts[place]))
            for place, _, _ in parts
        ],
        hoverinfo="text",
    )


def _spread(portfolio: Portfolio, cutoff: float, words: Words) -> str:
    counts = {
        decision: words.number(portfolio.by_decision.get(decision, 0)) for decision in ("approve", "refer", "decline")
    }
    told = [words("chart.scores.decisions", count=words.number(portfolio.applicants), **counts)]
    told.append(
        words(
            "chart.scores.approved",
            share=words.percent(portfolio.approval_rate),
            cutoff=words.percent(min(cutoff, 1.0)),
        )
    )
    rate = words.percent(portfolio.bad_rate)
    if portfolio.bad_rate_approved is None:
        told.append(words("chart.scores.bad", rate=rate))
    else:
        told.append(words("chart.scores.bad_approved", rate=rate, approved=words.percent(portfolio.bad_rate_approved)))
    return " ".join(told)
