"""The applicant: found or typed in, decided, explained."""

from __future__ import annotations

import streamlit as st

from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.file import show_file
from credit_scoring.dashboard.find import find
from credit_scoring.dashboard.new_application import type_in, upload
from credit_scoring.wire.decisions import DecisionPage, RecordedExplanation
from credit_scoring.wire.scoring import Explanation


def page(desk: Desk) -> None:
    """Draw the way to an applicant, and below it the applicant that the address names."""
    words, decision = desk.words, _named(desk)
    ways = {"find": find, "type_in": type_in, "upload": upload}
    with st.expander(words("applicant.another"), icon=":material/search:", expanded=decision is None):
        way = st.segmented_control(
            words("applicant.way"),
            list(ways),
            default="find",
            required=True,
            format_func=lambda way: words(f"applicant.{way}"),
            key="way",
            label_visibility="collapsed",
        )
        ways[str(way)](desk)
    if decision is not None:
        with desk.waits("applicant.waits"):
            explained = desk.kept(RecordedExplanation, f"/decisions/{decision}/explanation")
        show_file(desk, explained)


def _named(desk: Desk) -> str | None:
    """Return the decision that the address names, or makes of the applicant it names; ``None`` where it names none."""
    decision = st.query_params.get("decision")
    applicant = st.query_params.get("applicant")
    if decision is None and applicant is not None:
        with desk.waits("applicant.waits"):
            decision = latest_or_new(desk, applicant)
        st.query_params["decision"] = decision
        del st.query_params["applicant"]
    return decision


def latest_or_new(desk: Desk, applicant: str) -> str:
    """Return the latest decision on a stored applicant if it is by the champion, else a new one, which is recorded."""
    if applicant.isdecimal():
        known = desk.api.get(DecisionPage, "/decisions", applicant=applicant, limit=1).decisions
        if known:
            made = desk.kept(RecordedExplanation, f"/decisions/{known[0].decision_id}/explanation")
            if made.model.digest == desk.model().digest:
                return made.decision_id
    return desk.api.post(Explanation, f"/applicants/{applicant}/score").decision_id
