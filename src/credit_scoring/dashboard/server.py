"""Streamlit's own command, once all is imported and read that the first visitor would wait for."""

from __future__ import annotations

import plotly.graph_objects as go
from streamlit.dataframe_util import convert_anything_to_arrow_bytes
from streamlit.web.cli import main

from credit_scoring.dashboard import app  # noqa: F401 - all pages
from credit_scoring.dashboard.words import texts
from credit_scoring.domain.text import LANGUAGES


def ready() -> None:
    """Read the texts, and draw a bar and a table for nobody: what draws them is imported at the first."""
    for language in LANGUAGES:
        texts(language)
    go.Figure(go.Bar(x=[1])).update_layout(title="").to_json()
    convert_anything_to_arrow_bytes({"": [""]})


if __name__ == "__main__":
    ready()
    main(prog_name="streamlit")
