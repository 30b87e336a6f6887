"""A chart as everybody can read it: a title, a sentence that says what it shows, and the table behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import plotly.graph_objects as go
import streamlit as st

from credit_scoring.dashboard.words import Words

_MARKS = re.compile(r"[\\`*_{}\[\]()#+\-.!|<>~$:&]")


@dataclass(frozen=True)
class Chart:
    """What a figure shows, in words and in numbers.

    ``sentence`` tells what a person would see in ``figure``; ``columns`` are the names of the table's columns, and
    ``rows`` its cells, written as people read them.
    """

    title: str
    sentence: str
    figure: go.Figure
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]] = field(default=())

    def table(self) -> Mapping[str, list[str]]:
        """Return the table by column; of two columns of one name, the second is told apart by a space at its end."""
        names = [name + " " * self.columns[:place].count(name) for place, name in enumerate(self.columns)]
        return {name: [row[place] for row in self.rows] for place, name in enumerate(names)}


def plain(text: str) -> str:
    """Return text that Markdown shows as it is: what people wrote, names of files, amounts in dollars."""
    return _MARKS.sub(r"\\\g<0>", text)


def show_table(columns: Mapping[str, Sequence[str]], *, alt: str | None = None, header: bool = True) -> None:
    """Draw a small table, by column; its cells are shown as they are."""
    told = {plain(name): [plain(cell) for cell in cells] for name, cells in columns.items()}
    st.table(told, hide_index=True, hide_header=not header, border="horizontal", alt=alt)


def show(chart: Chart, words: Words, *, key: str) -> None:
    """Draw a chart with all that goes with it; `key` tells it from the others of its page."""
    st.markdown(f"### {plain(chart.title)}")
    st.markdown(plain(chart.sentence))
    config = {"displaylogo": False, "displayModeBar": False, "scrollZoom": False, "locale": words.language}
    st.plotly_chart(chart.figure, theme=None, key=key, config=config, alt=f"{chart.title}. {chart.sentence}")
    with st.expander(words("chart.table"), key=f"{key}-table"):
        show_table(chart.table(), alt=chart.title)
