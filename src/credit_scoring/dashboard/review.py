"""A person's word on a decision: the record as it stands, and the form that adds to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import streamlit as st
from pydantic import ValidationError

from credit_scoring.client.api import ApiError
from credit_scoring.dashboard.cards import Card
from credit_scoring.dashboard.charts import show_table
from credit_scoring.dashboard.desk import Desk
from credit_scoring.wire.decisions import (
    DecisionRecord,
    ReasonCode,
    Replay,
    Review,
    ReviewRequest,
    ReviewSummary,
)

MOST_COMMENT = 2_000
PERIOD = timedelta(days=30)


def recent_reviews(desk: Desk) -> ReviewSummary:
    """Return what was decided and reviewed in the last 30 days."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = (today - PERIOD).isoformat().replace("+00:00", "Z")
    return desk.api.get(ReviewSummary, "/reviews/summary", since=since)


def review_cards(desk: Desk, summary: ReviewSummary) -> list[Card]:
    """Return how many decisions of the last 30 days were made and reviewed, and how many of those overridden."""
    words, rate = desk.words, summary.override_rate
    if rate is None:
        figure, note = words("queue.no_rate"), words("queue.no_rate_note")
    else:
        figure = words.percent(rate.value)
        note = words("queue.interval", lower=words.percent(rate.lower), upper=words.percent(rate.upper))
    confirmed = words("queue.confirmed", count=words.number(summary.confirmed))
    return [
        Card(words("queue.made"), words.number(sum(summary.decisions.values())), words("queue.period")),
        Card(words("queue.reviewed"), words.number(summary.reviewed), confirmed),
        Card(words("queue.rate"), figure, note),
    ]


def show_overrides(desk: Desk, summary: ReviewSummary) -> None:
    """Draw which decisions were overridden and why, where any was."""
    words = desk.words
    if not summary.overrides:
        return
    st.markdown(f"### {words('queue.overrides')}")
    show_table(
        {
            words("queue.decided"): [words(f"decision.{one.decided}") for one in summary.overrides],
            words("queue.became"): [words(f"decision.{one.made}") for one in summary.overrides],
            words("review.reason"): [
                words.known(f"reason_code.{one.reason_code}", one.reason_code) for one in summary.overrides
            ],
            words("queue.count"): [words.number(one.count) for one in summary.overrides],
        },
    )


def show_record(desk: Desk, record: DecisionRecord) -> None:
    """Draw the record of a decision: when and by what it was made, reviews, replay, and the review form."""
    words, endpoint = desk.words, str(record.facts["endpoint"])
    facts = {
        "decision": record.decision_id,
        "at": words.moment(record.at),
        "model": words("record.version", version=record.facts["version"], digest=str(record.facts["bundle"])[:12]),
        "caller": str(record.facts.get("caller", "")),
        "endpoint": words.known(f"endpoint.{endpoint}", endpoint),
        "sequence": words.number(record.sequence),
    }
    show_table(
        {
            words("record.fact"): [words(f"record.{name}") for name in facts],
            words("record.value"): list(facts.values()),
        },
        header=False,
        alt=words("file.record"),
    )
    if st.button(words("record.replay"), icon=":material/replay:", help=words("record.replay_help")):
        _replayed(desk, record.decision_id)
    show_reviews(desk, record)
    review_form(desk, record)


def _replayed(desk: Desk, decision: str) -> None:
    with desk.waits("record.replay_waits"):
        found = desk.api.get(Replay, f"/decisions/{decision}/replay")
    same = found.same_p_default and found.same_decision and found.same_features is not False
    (st.success if same else st.error)(desk.words("record.same" if same else "record.differs"))


def show_reviews(desk: Desk, record: DecisionRecord) -> None:
    """Draw what people said, oldest first."""
    words = desk.words
    st.markdown(f"### {words('record.reviews')}")
    if not record.reviews:
        st.markdown(words("record.no_reviews"))
        return
    show_table(
        {
            words("review.when"): [words.moment(one.at) for one in record.reviews],
            words("review.who"): [one.reviewer or words("value.missing") for one in record.reviews],
            words("review.what"): [_told(desk, one) for one in record.reviews],
            words("review.why"): [
                words.known(f"reason_code.{one.reason_code}", one.reason_code) for one in record.reviews
            ],
            words("review.comment"): [one.comment or "" for one in record.reviews],
        },
    )


def _told(desk: Desk, review: Review) -> str:
    return desk.words(f"review.did.{review.action}", decision=desk.words(f"decision.{review.decision}"))


def standing_decision(record: DecisionRecord) -> str:
    """Return what holds now: the last review's decision, else the model's."""
    return record.reviews[-1].decision if record.reviews else str(record.facts["decision"])


def review_form(desk: Desk, record: DecisionRecord) -> None:
    """Draw the form by which a person confirms or overrides; what is sent is recorded, and nothing is ever erased."""
    if record.kind != "decision":
        return
    words, present, count = desk.words, standing_decision(record), len(record.reviews)
    place = f"reviews-{record.decision_id}"
    if said := st.session_state.pop("review_said", ""):
        st.success(said, icon=":material/check:")
    elif st.session_state.get(place, count) != count:
        st.warning(words("review.overtaken"))
    st.session_state[place] = count
    asked = f"{place}-{count}"  # what somebody else decides on is another question
    with st.container(border=True, key="review"):
        st.markdown(f"### {words('review.title')}")
        st.markdown(words("review.stands", decision=words(f"decision.{present}")))
        decision = st.radio(
            words("review.decision"),
            ("approve", "decline"),
            index=None,
            format_func=lambda one: words(f"review.choice.{_choice(present, one)}", decision=words(f"decision.{one}")),
            horizontal=True,
            key=desk.key_of(f"{asked}-decision"),
        )
        reason = st.selectbox(
            words("review.reason"),
            get_args(ReasonCode),
            index=None,
            format_func=lambda code: words(f"reason_code.{code}"),
            placeholder=words("review.choose"),
            key=desk.key_of(f"{asked}-reason"),
        )
        comment = st.text_area(words("review.comment"), max_chars=MOST_COMMENT, key=f"{asked}-comment")
        if st.button(words("review.send"), type="primary", key="review_send"):
            _send(desk, record, present, decision, reason, comment)


def _action(present: str, decision: str) -> str:
    return "confirm" if present in {decision, "refer"} else "override"


def _choice(present: str, decision: str) -> str:
    return "decide" if present == "refer" else _action(present, decision)


def _send(
    desk: Desk, record: DecisionRecord, present: str, decision: str | None, reason: str | None, comment: str
) -> None:
    words = desk.words
    if not desk.reviewer:
        st.error(words("review.no_name"))
        return
    if decision is None or reason is None:
        st.error(words("review.incomplete"))
        return
    try:
        asked = ReviewRequest.model_validate(
            {
                "action": _action(present, decision),
                "decision": decision,
                "reason_code": reason,
                "comment": comment,
                "reviewer": desk.reviewer,
            }
        )
        desk.api.post(Review, f"/decisions/{record.decision_id}/review", asked)
    except ValidationError:
        st.error(words("review.needs_comment"))
    except ApiError as error:
        if error.kind != "conflict":
            raise
        st.error(words("review.overtaken"))
    else:
        st.session_state["review_said"] = words("review.sent", decision=words(f"decision.{decision}"))
        st.rerun()
