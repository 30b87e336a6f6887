"""Two features together, and the PD that goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import plotly.graph_objects as go

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.frame import finished, nothing
from credit_scoring.dashboard.figures.labels import wrapped
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.figures.scale import Bins, Value
from credit_scoring.dashboard.style import INK, PAPER, SEQUENCE
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.applicants import Relation

MOST_ROWS: Final = 30
# Fewer applicants than these make a mean PD that says little.
FEW: Final = 30
# On the fourth of the sequence neither ink nor paper can be read well enough.
_SHADES: Final = (*SEQUENCE[:3], *SEQUENCE[4:])
_DARK: Final = 3
_STEPS: Final = [(end / len(_SHADES), shade) for at, shade in enumerate(_SHADES) for end in (at, at + 1)]


class _Cell(NamedTuple):
    applicants: int
    p_default: float
    x: int
    y: int


@remembered
def relation(found: Relation, point: tuple[Value, Value], words: Words) -> Chart:
    """Return the mean PD of the applicants by two features, with the application's values `point` as a cross."""
    x, y = Bins.of(found.x, words), Bins.of(found.y, words)
    cells = [
        _Cell(count, p_default, column, row)
        for row, (counts, means) in enumerate(zip(found.counts, found.mean_p_default, strict=True))
        for column, (count, p_default) in enumerate(zip(counts, means, strict=True))
        if p_default is not None and count
    ]
    title = words("chart.relation.title", x=found.x.meaning, y=found.y.meaning)
    columns = (found.x.meaning, found.y.meaning, words("chart.relation.count"), words("chart.relation.mean"))
    if not cells:
        return nothing(title, words, columns)
    here = next((cell for cell in cells if (cell.x, cell.y) == (x.bin_of(point[0]), y.bin_of(point[1]))), None)
    figure = go.Figure()
    top = max(cell.p_default for cell in cells) or 1.0
    _draw_cells(figure, found, cells, top, (x, y), words)
    _write_cells(figure, [cell for cell in cells if cell != here], top, words)
    _draw_point(figure, x.place(point[0]), y.place(point[1]), here, words)
    finished(figure, words, x=found.x.meaning, y=found.y.meaning, height=130 + 34 * max(len(y), 7))
    figure.update_xaxes(showgrid=False, zeroline=False, **x.axis())
    figure.update_yaxes(showgrid=False, zeroline=False, **y.axis(upward=True))
    return Chart(title, _sentence(found, cells, here, (x, y), words), figure, columns, _rows(cells, (x, y), words))


def _draw_cells(
    figure: go.Figure, found: Relation, cells: Sequence[_Cell], top: float, axes: tuple[Bins, Bins], words: Words
) -> None:
    x, y = axes
    names = x.names(), y.names()
    told = [["" for _ in range(len(x))] for _ in range(len(y))]
    for cell in cells:
        told[cell.y][cell.x] = "<br>".join(
            (
                wrapped(names[0][cell.x], 40),
                wrapped(names[1][cell.y], 40),
                words("chart.relation.cell", p=words.percent(cell.p_default), count=words.number(cell.applicants)),
            )
        )
    figure.add_heatmap(
        x=[at + 0.5 for at in range(len(x))],
        y=[at + 0.5 for at in range(len(y))],
        z=found.mean_p_default,
        zmin=0,
        zmax=top,
        colorscale=_STEPS,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertext=told,
        hoverinfo="text",
    )


def _write_cells(figure: go.Figure, written: Sequence[_Cell], top: float, words: Words) -> None:
    figure.add_scatter(
        x=[cell.x + 0.5 for cell in written],
        y=[cell.y + 0.5 for cell in written],
        mode="text",
        text=[_written(cell, words) for cell in written],
        textfont={"size": 12, "color": [_ink(cell.p_default / top) for cell in written]},
        hoverinfo="skip",
        showlegend=False,
    )


def _written(cell: _Cell, words: Words) -> str:
    told = words.number(100 * cell.p_default)
    return f"({told})" if cell.applicants < FEW else told


def _ink(share: float) -> str:
    return PAPER if share * len(_SHADES) >= _DARK else INK


def _draw_point(figure: go.Figure, x: float | None, y: float | None, here: _Cell | None, words: Words) -> None:
    """Draw the application's cross, and its cell in a frame; nothing where a value is missing."""
    if x is None or y is None:
        return
    name = words("chart.this")
    if here:
        name = words("chart.relation.here", p=words.percent(here.p_default))
        line = {"color": INK, "width": 3}
        figure.add_shape(type="rect", x0=here.x, x1=here.x + 1, y0=here.y, y1=here.y + 1, line=line)
    for width, size, color in ((6, 17, PAPER), (3, 15, INK)):
        figure.add_scatter(
            x=[x],
            y=[y],
            mode="markers",
            marker={"symbol": "x-thin", "size": size, "line": {"color": color, "width": width}},
            cliponaxis=False,
            name=name,
            hoverinfo="skip",
            showlegend=color == INK,
        )


def _sentence(
    found: Relation, cells: Sequence[_Cell], here: _Cell | None, axes: tuple[Bins, Bins], words: Words
) -> str:
    sure = [cell for cell in cells if cell.applicants >= FEW] or list(cells)
    told = [words("chart.relation.of", count=words.number(sum(cell.applicants for cell in cells)))]
    names = axes[0].names(), axes[1].names()
    for key, chosen in (("least", min), ("most", max)):
        cell = chosen(sure, key=lambda one: one.p_default)
        told.append(
            words(f"chart.relation.{key}", p=words.percent(cell.p_default), x=names[0][cell.x], y=names[1][cell.y])
        )
    if here:
        told.append(words("chart.relation.cross", p=words.percent(here.p_default), count=words.number(here.applicants)))
    if found.missing:
        told.append(words("chart.relation.missing", missing=words.number(found.missing)))
    told.append(words("chart.relation.note", few=words.number(FEW)))
    if len(cells) > MOST_ROWS:
        told.append(words("chart.relation.fullest", shown=words.number(MOST_ROWS), all=words.number(len(cells))))
    return " ".join(told)


def _rows(cells: Sequence[_Cell], axes: tuple[Bins, Bins], words: Words) -> list[tuple[str, ...]]:
    names = axes[0].names(), axes[1].names()
    fullest = sorted(cells, key=lambda cell: -cell.applicants)[:MOST_ROWS]
    return [
        (names[0][cell.x], names[1][cell.y], words.number(cell.applicants), words.percent(cell.p_default))
        for cell in fullest
    ]
