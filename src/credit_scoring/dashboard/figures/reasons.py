"""What raises a PD and what lowers it, by concept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import SMALL, finished, hatched, nothing
from credit_scoring.dashboard.figures.labels import lines_in, wrapped
from credit_scoring.dashboard.figures.odds import arrow, factor, odds_axis, signed
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import row_axis
from credit_scoring.dashboard.style import INK, LOWERS, PAPER, QUIET, RAISES
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.decisions import RecordedExplanation
from credit_scoring.wire.simulation import Simulation

# What is left of a difference of equal sums.
_NOTHING: Final = 1e-9
# The width of the column of values, in pixels.
_COLUMN: Final = 78


class _Step(NamedTuple):
    name: str
    size: float


@remembered
def waterfall(explanation: RecordedExplanation, words: Words, most: int = 8) -> Chart:
    """Return how the concepts lead from the average applicant's log-odds to this application's.

    The `most` largest concepts are bars of their own, all others one together.
    """
    named = [(words.known(f"concept.{one.concept}", one.concept), one.contribution) for one in explanation.concepts]
    steps = _leading(named, most, words)
    title, columns = words("chart.reasons.title"), _columns(words)
    if not steps:
        return nothing(title, words, columns)
    starts = list(accumulate((step.size for step in steps), initial=explanation.baseline))
    figure = go.Figure()
    _bars(figure, steps, starts, words, first=1)
    _ends(figure, starts, explanation.margin, words)
    names = [words("chart.reasons.average"), *(step.name for step in steps), words("chart.this")]
    total = explanation.margin - explanation.baseline
    valued = [*steps, _Step(words("chart.reasons.total"), total)]
    reach = [*starts, explanation.margin]
    _settle(figure, dict(enumerate(valued, 1)), names, reach, explanation.baseline, words, "reasons")
    rows = [_row(step, words) for step in valued]
    return Chart(title, _told(steps, total, words), figure, columns, rows)


@remembered
def moved(simulation: Simulation, concept_of: Mapping[str, str], words: Words, most: int = 8) -> Chart:
    """Return what the changes do to each concept's contribution: after less before, in log-odds.

    A feature that `concept_of` does not know counts among all others.
    """
    sums: defaultdict[str, float] = defaultdict(float)
    for sign, side in ((1, simulation.after), (-1, simulation.before)):
        for feature, contribution in side.contributions.items():
            sums[concept_of.get(feature, "")] += sign * contribution
    unknown = sums.pop("", 0.0)
    named = [(words.known(f"concept.{concept}", concept), size) for concept, size in sums.items()]
    steps = _leading(named, most, words, beside=unknown)
    title, columns = words("chart.moved.title"), _columns(words)
    before, after = simulation.before.p_default, simulation.after.p_default
    if not steps:
        return nothing(title, words, columns, words("chart.moved.none"))
    figure = go.Figure()
    _bars(figure, steps, [0.0] * len(steps), words, first=0)
    figure.add_vline(x=0, line={"color": QUIET, "width": 2})
    names, reach = [step.name for step in steps], [step.size for step in steps]
    _settle(figure, dict(enumerate(steps)), names, reach, 0.0, words, "moved")
    total = sum(step.size for step in steps)
    rows = [_row(step, words) for step in (*steps, _Step(words("chart.reasons.total"), total))]
    lead = words("chart.moved.from_to", before=words.percent(before), after=words.percent(after))
    return Chart(title, f"{lead} {_told(steps, total, words, 'moved')}", figure, columns, rows)


def _leading(named: Iterable[tuple[str, float]], most: int, words: Words, beside: float = 0.0) -> list[_Step]:
    ranked = sorted((_Step(*one) for one in named if abs(one[1]) > _NOTHING), key=lambda step: -abs(step.size))
    rest = sum((step.size for step in ranked[most:]), beside)
    others = [_Step(words("chart.others"), rest)] if abs(rest) > _NOTHING or ranked[most:] else []
    return [*ranked[:most], *others]


def _bars(figure: go.Figure, steps: Sequence[_Step], starts: Sequence[float], words: Words, *, first: int) -> None:
    """Draw what raises and what lowers, told apart by hatching, arrows and the legend's words."""
    for key, color, shape, raises in (("raises", RAISES, "", True), ("lowers", LOWERS, "/", False)):
        chosen = [place for place, step in enumerate(steps) if (step.size >= 0) == raises]
        if not chosen:
            continue
        figure.add_bar(
            orientation="h",
            base=[starts[place] for place in chosen],
            x=[steps[place].size for place in chosen],
            y=[first + place for place in chosen],
            width=0.62,
            marker=hatched(color, shape, strength=0.85 if raises else 0.2),
            name=words(f"chart.reasons.{key}"),
            hovertext=["<br>".join((wrapped(steps[p].name, 40), " ".join(_row(steps[p], words)[1:]))) for p in chosen],
            hoverinfo="text",
        )


def _ends(figure: go.Figure, starts: Sequence[float], margin: float, words: Words) -> None:
    """Draw where the waterfall starts and ends, and the dotted steps between its bars."""
    level: list[float | None] = []
    rows: list[float | None] = []
    for place, start in enumerate(starts):
        level += [start, start, None]
        rows += [place, place + 1, None]
    figure.add_scatter(
        x=level,
        y=rows,
        mode="lines",
        line={"color": QUIET, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=[starts[0], margin],
        y=[0, len(starts)],
        mode="markers",
        marker={
            "symbol": ["circle", "diamond"],
            "size": [12, 15],
            "color": [PAPER, INK],
            "line": {"color": INK, "width": 2},
            "opacity": 1,
        },
        cliponaxis=False,
        hovertext=[words("chart.reasons.average"), words("chart.this")],
        hoverinfo="text",
        showlegend=False,
    )


def _settle(
    figure: go.Figure,
    steps: Mapping[int, _Step],
    names: Sequence[str],
    reach: Sequence[float],
    centre: float,
    words: Words,
    chart: str,
) -> None:
    """Set both axes, names left and odds as factors below, and write what each step is in a column at the right."""
    told = [wrapped(name, 19) for name in names]
    low, high = min(*reach, centre), max(*reach, centre)
    room = 0.06 * max(high - low, 0.05)
    axis = odds_axis(low - room, high + room, words, centre=centre, named=words(f"chart.{chart}.centre"), most=2.4)
    height = len(names) * max(34, 17 * lines_in(told) + 4) + 120
    finished(figure, words, x=words(f"chart.{chart}.axis"), height=height)
    figure.update_xaxes(zeroline=False, **axis)
    figure.update_yaxes(**row_axis(told))
    for row, step in steps.items():
        figure.add_annotation(
            x=1,
            xref="paper",
            y=row,
            text=f"{arrow(step.size)} {factor(step.size, words)}",
            xanchor="left",
            xshift=8,
            showarrow=False,
            font={"color": INK, "size": SMALL},
        )
    figure.update_layout(margin_r=_COLUMN)


def _told(steps: Sequence[_Step], total: float, words: Words, chart: str = "reasons") -> str:
    """Return the strongest step each way, and what all come to."""
    told = []
    named = [step for step in steps if step.name != words("chart.others")] or steps
    up, down = max(named, key=lambda step: step.size), min(named, key=lambda step: step.size)
    if up.size > 0:
        told.append(words(f"chart.{chart}.up", name=up.name, factor=factor(up.size, words)))
    if down.size < 0:
        told.append(words(f"chart.{chart}.down", name=down.name, factor=factor(down.size, words)))
    told += [words(f"chart.{chart}.all", factor=factor(total, words)), words("chart.reasons.rule")]
    return " ".join(told)


def _columns(words: Words) -> tuple[str, ...]:
    return tuple(words(f"chart.reasons.column.{name}") for name in ("concept", "effect", "odds", "log_odds"))


def _row(step: _Step, words: Words) -> tuple[str, ...]:
    side = "raises" if step.size > 0 else "lowers" if step.size < 0 else "neither"
    return (step.name, words(f"chart.reasons.{side}"), factor(step.size, words), signed(step.size, words))
