"""Sections of a page, one drawn at a time; the one that is open stays so in another language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from credit_scoring.dashboard.desk import Desk


def show_sections(desk: Desk, page: str, sections: Mapping[str, Callable[[], None]]) -> None:
    """Draw the tabs of `page`, whose titles are its texts, and what is in the open one."""
    place = f"{page}-section"
    key = f"{place}-{desk.words.language}"
    titles = {name: desk.words(f"{page}.{name}") for name in sections}
    if key not in st.session_state and place in st.session_state:
        st.session_state[key] = titles[st.session_state[place]]
    tabs = st.tabs(list(titles.values()), key=key, on_change="rerun")
    for (name, draw), tab in zip(sections.items(), tabs, strict=True):
        if tab.open:
            st.session_state[place] = name
            with tab:
                draw()
