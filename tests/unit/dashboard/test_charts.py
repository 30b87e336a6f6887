"""What people wrote is shown as they wrote it."""

from __future__ import annotations

from html import escape

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from plotly.graph_objects import Figure

from credit_scoring.dashboard.charts import Chart, plain

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@given(st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1))
def test_no_text_is_taken_for_markdown(text: str) -> None:
    shown = MARKDOWN.render(f"x{plain(text)}x")
    assert shown == f"<p>x{escape(text, quote=False).replace(chr(34), '&quot;')}x</p>\n"


def test_no_text_is_a_formula_an_icon_or_a_colour_to_streamlit() -> None:
    for text in ("$x$", ":material/star:", ":red[x]", "![i](http://host/i.png)"):
        told = plain(text)
        assert not any(mark in told.replace("\\" + mark, "") for mark in "$:[]!")


def test_columns_of_one_name_are_both_in_the_table() -> None:
    chart = Chart("t", "s", Figure(), ("a", "a", "b"), [("1", "2", "3")])
    assert list(chart.table().values()) == [["1"], ["2"], ["3"]]
