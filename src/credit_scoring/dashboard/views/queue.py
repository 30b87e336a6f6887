"""The review queue: what waits for a person, and what people decided."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from credit_scoring.dashboard.cards import Card, show_cards
from credit_scoring.dashboard.charts import show
from credit_scoring.dashboard.desk import Desk, named
from credit_scoring.dashboard.figures.gauge import gauge
from credit_scoring.dashboard.file import show_reasons, show_verdict, show_whose
from credit_scoring.dashboard.review import recent_reviews, review_cards, review_form, show_overrides, show_reviews
from credit_scoring.wire.decisions import DecisionRecord, Flag, Queue, QueueItem, RecordedExplanation

ALL = "all"
ROWS = 50


def page(desk: Desk) -> None:
    """Draw how much waits, the list of it, and the case that was chosen."""
    words = desk.words
    flag = st.selectbox(
        words("queue.why"),
        (ALL, *get_args(Flag)),
        format_func=lambda one: words("queue.all") if one == ALL else words(f"flag.{one}"),
        key=desk.key_of("queue_flag"),
        on_change=_newest,
        width=320,
    )
    before = st.session_state.get("queue_before")
    with desk.waits("queue.waits"):
        queue = desk.api.get(Queue, "/queue", flag=None if flag == ALL else flag, limit=ROWS, before=before)
        summary = recent_reviews(desk)
    waiting = Card(words("queue.waiting"), words.number(queue.waiting), words("queue.waiting_note"))
    show_cards([waiting, *review_cards(desk, summary)])
    decision = named("decision")
    if queue.items:
        _list(desk, queue)
    else:
        empty = "queue.none_older" if before is not None else "queue.empty" if flag == ALL else "queue.none_such"
        st.success(words(empty), icon=":material/inbox:")
        desk.link("applicant", words("queue.go_on"), icon=":material/person_search:")
    _turn(desk, queue, before)
    if decision is not None:
        _case(desk, decision)
    show_overrides(desk, summary)


def _list(desk: Desk, queue: Queue) -> None:
    words = desk.words
    st.markdown(words("queue.choose"))
    event = st.dataframe(
        {
            words("find.column.applicant"): [_who(desk, one) for one in queue.items],
            words("queue.why"): [", ".join(words(f"flag.{flag}") for flag in one.flags) for one in queue.items],
            words("find.column.p_default"): [words.percent(one.p_default) for one in queue.items],
            words("file.distance"): [_side(desk, one.cutoff - one.p_default) for one in queue.items],
            words("file.coverage"): [words.percent(one.coverage, 0) for one in queue.items],
            words("record.at"): [words.moment(one.at) for one in queue.items],
        },
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"queue-{st.session_state.get('queue_times', 0)}",
        alt=words("page.queue"),
    )
    chosen = event["selection"]["rows"]
    if chosen and chosen[0] < len(queue.items):
        st.session_state["queue_times"] = st.session_state.get("queue_times", 0) + 1  # the next list has nothing chosen
        st.query_params["decision"] = queue.items[chosen[0]].decision_id
        st.rerun()


def _who(desk: Desk, item: QueueItem) -> str:
    return str(item.applicant) if item.applicant is not None else desk.words("queue.unnumbered")


def _side(desk: Desk, distance: float) -> str:
    points = desk.words.number(100 * abs(distance), 1)
    return desk.words(f"queue.{'below' if distance > 0 else 'above'}", points=points)


def _newest() -> None:
    st.session_state.pop("queue_before", None)


def _turn(desk: Desk, queue: Queue, before: int | None) -> None:
    """Draw the ways to older and back to the newest cases, where there are any."""
    if queue.next_before is not None and st.button(desk.words("queue.older"), icon=":material/arrow_forward:"):
        st.session_state["queue_before"] = queue.next_before
        st.rerun()
    if before is not None and st.button(desk.words("queue.newest"), icon=":material/first_page:"):
        _newest()
        st.rerun()


def _case(desk: Desk, decision: str) -> None:
    words = desk.words
    with desk.waits("applicant.waits"):
        explained = desk.kept(RecordedExplanation, f"/decisions/{decision}/explanation")
        record = desk.api.get(DecisionRecord, f"/decisions/{decision}")
    with st.container(border=True):
        show_whose(desk, explained)
        show_verdict(desk, explained, minimum_coverage=explained.minimum_coverage)
        case, review = st.columns([3, 2], gap="large")
        with case:
            figure = gauge(explained.p_default, explained.cutoff, explained.cutoff_interval, explained.decision, words)
            show(figure, words, key="gauge")
            show_reasons(desk, explained)
            desk.link("applicant", words("queue.whole_file"), icon=":material/folder_open:", decision=decision)
        with review:
            show_reviews(desk, record)
            review_form(desk, record)
