"""Colours and type, in one place. What carries text keeps a contrast of at least 4.5; a test measures it."""

from __future__ import annotations

from typing import Final

import plotly.graph_objects as go
import streamlit as st

INK: Final = "#16202E"
QUIET: Final = "#4A5668"
PAPER: Final = "#FFFFFF"
MIST: Final = "#F2F5F9"
LINE: Final = "#C6CFDB"
BRAND: Final = "#0B4F8A"
# Told apart without colour too: each is always beside a word, a symbol or a pattern.
RAISES: Final = "#B3470B"
LOWERS: Final = "#1B5FAA"
APPROVE: Final = "#0B6B4F"
REFER: Final = "#7A5200"
DECLINE: Final = "#A3231D"
EVERYONE: Final = "#8494A8"
SEQUENCE: Final = ("#EDF3FA", "#BCD3EA", "#7FA9D4", "#3F7DBB", "#0B4F8A", "#062F54")

FONT: Final = "'Source Sans', 'Source Sans Pro', 'Segoe UI', sans-serif"  # Streamlit's own, which it serves
HEIGHT: Final = 340


def framed(figure: go.Figure, *, height: int = HEIGHT, x: str = "", y: str = "", legend: bool = True) -> go.Figure:
    """Return `figure` in the dashboard's look, with titles of its axes."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 16, "t": 16, "b": 8},
        font={"family": FONT, "size": 14, "color": INK},
        paper_bgcolor=PAPER,
        plot_bgcolor=PAPER,
        showlegend=legend,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hoverlabel={"font": {"family": FONT, "size": 14}},
        dragmode=False,
        bargap=0.08,
    )
    axis = {"gridcolor": LINE, "zerolinecolor": QUIET, "linecolor": QUIET, "automargin": True}
    figure.update_xaxes(title=x, **axis)
    figure.update_yaxes(title=y, **axis)
    return figure


def apply() -> None:
    """Give the page its own style."""
    st.html(f"<style>{_CSS}</style>")


_CSS = f"""
.cs-cards {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0.75rem;
  margin: 0.25rem 0 !important; padding: 0 !important; }}
.cs-card {{ border: 1px solid {LINE}; border-left: 5px solid {LINE}; border-radius: 0.4rem; padding: 0.7rem 0.9rem;
  background: {PAPER}; color: {INK}; }}
.cs-card dt {{ color: {QUIET}; font-size: 0.875rem; font-weight: 500; }}
.cs-card dd {{ margin: 0; overflow-wrap: anywhere; }}
.cs-card .cs-figure {{ font-size: 1.6rem; font-weight: 650; line-height: 1.25; }}
.cs-card .cs-note {{ color: {QUIET}; font-size: 0.9rem; }}
.cs-approve, .cs-steady {{ border-left-color: {APPROVE}; }}
.cs-approve .cs-figure, .cs-steady .cs-figure {{ color: {APPROVE}; }}
.cs-refer {{ border-left-color: {REFER}; }} .cs-refer .cs-figure {{ color: {REFER}; }}
.cs-decline, .cs-alarm {{ border-left-color: {DECLINE}; }}
.cs-decline .cs-figure, .cs-alarm .cs-figure {{ color: {DECLINE}; }}
.cs-reasons {{ padding-left: 1.4rem; }} .cs-reasons li {{ margin-bottom: 0.45rem; }}
.cs-reasons strong {{ display: block; }}
.stMainBlockContainer {{ padding-top: 2.25rem; max-width: 90rem; }}
"""
