"""Figures that are read first: a label, a figure, a note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import streamlit as st

SYMBOLS = {"approve": "✓", "refer": "?", "decline": "✕", "alarm": "▲", "steady": "✓"}


@dataclass(frozen=True)
class Card:
    """One figure. ``tone`` gives colour and symbol of a decision or a state; the words say the same."""

    label: str
    figure: str
    note: str = ""
    tone: Literal["approve", "refer", "decline", "alarm", "steady", "plain"] = "plain"


def show_cards(cards: Sequence[Card]) -> None:
    """Draw cards side by side, below one another where there is no room."""
    st.html(f'<dl class="cs-cards">{"".join(map(_drawn, cards))}</dl>')


def _drawn(card: Card) -> str:
    symbol = f'<span aria-hidden="true">{SYMBOLS[card.tone]} </span>' if card.tone in SYMBOLS else ""
    note = f'<dd class="cs-note">{escape(card.note)}</dd>' if card.note else ""
    return (
        f'<div class="cs-card cs-{card.tone}"><dt>{escape(card.label)}</dt>'
        f'<dd class="cs-figure">{symbol}{escape(card.figure)}</dd>{note}</div>'
    )
