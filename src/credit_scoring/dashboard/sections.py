"""Sections of a page, one drawn at a time; the one that is open stays so in another language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from credit_scoring.dashboard.desk import Desk


def show_sections(desk: Desk, page: str, sections: Mapping[str, Callable[[], None]]) -> None:
    """Draw the tabs of `page`, whose titles are its texts, and what is in the open one."""
    place = f"{page}-section"
    titles = {name: desk.words(f"{page}.{name}") for name in sections}
    remembered = titles.get(st.session_state.get(place, ""))
    tabs = st.tabs(list(titles.values()), default=remembered, key=desk.key_of(place), on_change="rerun")
    for (name, draw), tab in zip(sections.items(), tabs, strict=True):
        if tab.open:
            st.session_state[place] = name
            with tab:
                draw()
