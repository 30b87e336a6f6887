"""Finding an applicant among those stored: by number, or by score and decision."""

from __future__ import annotations

import streamlit as st

from credit_scoring.dashboard.desk import Desk
from credit_scoring.wire.applicants import ApplicantPage

ROWS = 20
ANY = "any"
SORTS = ("-p_default", "p_default", "applicant")
SHOWN = {
    "NAME_CONTRACT_TYPE": "category",
    "AMT_CREDIT": "currency",
    "AMT_ANNUITY": "currency",
    "AMT_INCOME_TOTAL": "currency",
    "OCCUPATION_TYPE": "category",
}


def find(desk: Desk) -> None:
    """Draw the search, and open the applicant that is chosen."""
    applicant = asked_number(desk)
    if applicant is not None:
        desk.go("applicant", applicant=applicant)
    _by_filters(desk)


def asked_number(desk: Desk) -> str | None:
    """Draw the field of an applicant's number and return what was entered, once it is one."""
    words = desk.words
    with st.form("open", border=False):
        field, button = st.columns([4, 1], vertical_alignment="bottom")
        typed = str(field.text_input(words("find.number"), placeholder=words("find.example"), key="number")).strip()
        pressed = button.form_submit_button(words("find.open"), type="primary", width="stretch")
    is_number = typed.isascii() and typed.isdecimal()
    if pressed and not is_number:
        st.warning(words("find.not_a_number"))
    return typed if pressed and is_number else None


def _by_filters(desk: Desk) -> None:
    words = desk.words
    decision_box, band_box, order_box = st.columns([1, 2, 1])
    decision = decision_box.selectbox(
        words("find.decision"),
        (ANY, "approve", "refer", "decline"),
        format_func=lambda one: words("find.any") if one == ANY else words(f"decision.{one}"),
        key=desk.key_of("find_decision"),
        on_change=_first_page,
    )
    low, high = band_box.slider(
        words("find.band"), 0, 100, (0, 100), format="%d%%", key="find_band", on_change=_first_page
    )
    order = order_box.selectbox(
        words("find.order"),
        SORTS,
        format_func=lambda one: words(f"find.by.{one.replace('-', 'most_')}"),
        key=desk.key_of("find_order"),
        on_change=_first_page,
    )
    asked = {
        "decision": None if decision == ANY else decision,
        "p_default_min": low / 100,
        "p_default_max": high / 100,
        "sort": order,
        "limit": ROWS,
    }
    page_number = int(st.session_state.get("find_page", 1))
    with desk.waits("find.waits"):
        found = desk.kept(ApplicantPage, "/applicants", **asked, offset=(page_number - 1) * ROWS)
    pages = max(1, -(-found.total // ROWS))
    told, turn = st.columns([4, 1], vertical_alignment="bottom")
    told.markdown(words("find.total" if found.total else "find.nobody", total=words.number(found.total)))
    if pages > 1:
        turn.number_input(words("find.page", pages=words.number(pages)), 1, pages, key="find_page")
    if found.applicants:
        _table(desk, found)


def _first_page() -> None:
    st.session_state["find_page"] = 1


def _table(desk: Desk, found: ApplicantPage) -> None:
    words = desk.words
    table: dict[str, list[str]] = {
        words("find.column.applicant"): [str(one.applicant) for one in found.applicants],
        words("find.column.p_default"): [words.percent(one.p_default) for one in found.applicants],
        words("find.column.decision"): [words(f"decision.{one.decision}") for one in found.applicants],
    }
    for column, unit in SHOWN.items():
        table[words(f"field.{column}")] = [words.value(one.columns.get(column), unit) for one in found.applicants]
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"found-{st.session_state.get('find_times', 0)}",
        height="auto",
        alt=words("find.table"),
    )
    chosen = event["selection"]["rows"]
    if chosen and chosen[0] < len(found.applicants):
        st.session_state["find_times"] = st.session_state.get("find_times", 0) + 1  # the next table has nothing chosen
        desk.go("applicant", applicant=found.applicants[chosen[0]].applicant)
