"""What people meet when the API cannot answer: a sentence, and a way on."""

from __future__ import annotations

import streamlit as st

from credit_scoring.client.api import ApiError
from credit_scoring.dashboard.charts import show_table
from credit_scoring.dashboard.desk import Desk, forget
from credit_scoring.dashboard.words import Words

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


def show_faults(error: ApiError, desk: Desk) -> None:
    """Draw what was wrong with a request: the fields as people know them, what is said of each as the API says it."""
    words = desk.words
    if not error.faults:
        st.code(error.detail, language=None, wrap_lines=True)
        return
    show_table(
        {
            words("error.field"): [_named(one.field, words) for one in error.faults],
            words("error.said"): [one.problem for one in error.faults],
        },
        alt=words("error.detail"),
    )


def _named(field: str, words: Words) -> str:
    known = words.known(f"field.{field.rpartition('.')[2]}", "")
    return f"{known} ({field})" if known else field


def _ask_for_key(desk: Desk) -> None:
    with st.form("key-form", border=False):
        key = st.text_input(desk.words("error.key"), type="password")
        if st.form_submit_button(desk.words("error.use_key"), type="primary") and key.strip():
            st.session_state["key"] = key.strip()
            st.rerun()
