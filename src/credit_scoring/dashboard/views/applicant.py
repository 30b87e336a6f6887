"""The applicant: found or typed in, decided, explained."""

from __future__ import annotations

import streamlit as st

from credit_scoring.client.api import ApiError
from credit_scoring.dashboard.desk import Desk, named
from credit_scoring.dashboard.file import show_file
from credit_scoring.dashboard.find import find
from credit_scoring.dashboard.new_application import type_in, upload
from credit_scoring.dashboard.review import show_record
from credit_scoring.wire.decisions import DecisionPage, DecisionRecord, RecordedExplanation
from credit_scoring.wire.scoring import Explanation

MOST_LOOKED_AT = 20


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
            key=desk.key_of("way"),
            label_visibility="collapsed",
        )
        ways[str(way)](desk)
    if decision is None:
        return
    try:
        with desk.waits("applicant.waits"):
            explained = desk.kept(RecordedExplanation, f"/decisions/{decision}/explanation")
    except ApiError as error:
        if error.kind != "conflict":  # purged, or the bundle that decided is gone: the record tells what is left
            raise
        st.info(words("file.nothing_left"))
        show_record(desk, desk.api.get(DecisionRecord, f"/decisions/{decision}"))
    else:
        show_file(desk, explained)


def _named(desk: Desk) -> str | None:
    """Return the decision that the address names, or makes of the applicant it names; ``None`` where it names none."""
    decision, applicant = named("decision"), named("applicant")
    if decision is None and applicant is not None:
        with desk.waits("applicant.waits"):
            decision = latest_or_new(desk, applicant)
        st.query_params.from_dict(desk.address(decision=decision))
    return decision


def latest_or_new(desk: Desk, applicant: str) -> str:
    """Return the latest decision on a stored applicant if it is by the champion, else a new one, which is recorded.

    What else was decided under the same number, such as an application in a file, is another application.
    """
    known = desk.api.get(DecisionPage, "/decisions", applicant=applicant, limit=MOST_LOOKED_AT).decisions
    for one in known:
        if one.endpoint == "applicant":
            record = desk.kept(DecisionRecord, f"/decisions/{one.decision_id}")
            if record.facts["bundle"] == desk.model().digest and not record.purged:
                return one.decision_id
            break
    return desk.api.post(Explanation, f"/applicants/{applicant}/score").decision_id
