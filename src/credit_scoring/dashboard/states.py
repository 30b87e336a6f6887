"""What people meet when the API cannot answer: a sentence, and a way on."""

from __future__ import annotations

import streamlit as st

from credit_scoring.client.api import ApiError
from credit_scoring.dashboard.desk import Desk, forget

_NEEDS_A_KEY = frozenset({"no-key", "not-allowed"})
_TOLD_APART = _NEEDS_A_KEY | {"down", "timeout", "no-model", "no-applicants", "unavailable", "not-found", "foreign"}


def tell(error: ApiError, desk: Desk) -> None:
    """Show what went wrong, what to do about it, and the API's own words."""
    words = desk.words
    kind = error.kind if error.kind in _TOLD_APART else "other"
    st.error(
        f"**{words(f'error.{kind}.title')}**  \n{words(f'error.{kind}.way', url=desk.url)}", icon=":material/error:"
    )
    if error.detail:
        with st.expander(words("error.detail")):
            st.code(error.detail, language=None, wrap_lines=True)
    if kind in _NEEDS_A_KEY:
        _ask_for_key(desk)
    elif st.button(words("error.again"), icon=":material/refresh:", type="primary"):
        forget()
        st.rerun()


def _ask_for_key(desk: Desk) -> None:
    with st.form("key-form", border=False):
        key = st.text_input(desk.words("error.key"), type="password")
        if st.form_submit_button(desk.words("error.use_key"), type="primary") and key.strip():
            st.session_state["key"] = key.strip()
            st.rerun()
