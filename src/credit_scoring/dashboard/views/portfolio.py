"""The portfolio and the policy: how applicants are scored, and what another cut-off or cost ratio would change."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from credit_scoring.client.api import ApiError
from credit_scoring.dashboard.cards import Card, show_cards
from credit_scoring.dashboard.charts import show, show_table
from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.figures.policy import approval_against_bad_rate, cost_curve
from credit_scoring.dashboard.figures.scores import score_distribution
from credit_scoring.wire.model import Policy
from credit_scoring.wire.policy import PolicyChange, PolicyCurve, Portfolio, Swap

MOST_RATIO = 50.0
LEAST_CUTOFF, MOST_CUTOFF = 0.5, 60.0
WAYS = ("cheapest", "own")


def page(desk: Desk) -> None:
    """Draw the stored applicants' scores, then the policy and what a proposal would change."""
    policy = desk.model().policy
    _portfolio(desk, policy)
    st.divider()
    _policy(desk, policy)


def _portfolio(desk: Desk, policy: Policy) -> None:
    words = desk.words
    try:
        with desk.waits("portfolio.waits"):
            found = desk.kept(Portfolio, "/portfolio")
    except ApiError as error:
        if error.kind != "no-applicants":
            raise
        st.info(words("error.no-applicants.way"))
        return
    bad = words("portfolio.nobody") if found.bad_rate_approved is None else words.percent(found.bad_rate_approved)
    show_cards(
        [
            Card(words("portfolio.applicants"), words.number(found.applicants), words("portfolio.applicants_note")),
            Card(words("portfolio.approval"), words.percent(found.approval_rate), words("portfolio.approval_note")),
            Card(words("portfolio.bad"), words.percent(found.bad_rate), words("portfolio.bad_note")),
            Card(words("portfolio.bad_approved"), bad, words("portfolio.bad_note")),
        ]
    )
    show(score_distribution(found, policy.cutoff, words), words, key="scores")


def _policy(desk: Desk, policy: Policy) -> None:
    words = desk.words
    st.header(words("policy.title"))
    st.markdown(words("policy.note"))
    ratio_box, way_box, own_box = st.columns([2, 2, 2], gap="large")
    present = policy.approve_bad / policy.decline_good
    least, most = min(1.0, present), max(MOST_RATIO, present)
    ratio = ratio_box.slider(
        words("policy.ratio"),
        least,
        most,
        present,
        0.5,
        format="%g",
        key="ratio",
        help=words("policy.ratio_help"),
    )
    way = way_box.radio(
        words("policy.way"),
        WAYS,
        format_func=lambda one: words(f"policy.{one}"),
        key=desk.key_of("cutoff_way"),
        horizontal=True,
    )
    own = None
    if way == "own":
        own = _own_cutoff(desk, policy.cutoff, own_box)
    costs = {"approve_bad": ratio, "decline_good": 1.0}
    with desk.waits("policy.waits"):
        curve = desk.kept(PolicyCurve, "/policy/curve", **costs)
        change = desk.kept(PolicyChange, "/policy/change", **costs, cutoff=own)
    _change(desk, curve, change)
    left, right = st.columns(2, gap="large")
    with left:
        show(cost_curve(curve, words, change.proposed.cutoff), words, key="cost")
    with right:
        show(approval_against_bad_rate(curve, words, change.proposed.cutoff), words, key="approval")


def _own_cutoff(desk: Desk, present: float, place: DeltaGenerator) -> float:
    """Return the cut-off that is chosen; where the slider was left, that in force, whatever its decimals."""
    start = min(max(round(100 * present, 1), LEAST_CUTOFF), MOST_CUTOFF)
    chosen = place.slider(
        desk.words("policy.cutoff"), LEAST_CUTOFF, MOST_CUTOFF, start, 0.1, format="%.1f%%", key="cutoff"
    )
    return present if chosen == start else float(chosen) / 100


def _change(desk: Desk, curve: PolicyCurve, change: PolicyChange) -> None:
    words, gain = desk.words, change.cost_difference
    sure = "cheaper" if gain.upper < 0 else "dearer" if gain.lower > 0 else "unsure"
    bad, bad_now = (
        words("portfolio.nobody") if point.bad_rate_approved is None else words.percent(point.bad_rate_approved)
        for point in (change.proposed, change.present)
    )
    interval = words("queue.interval", lower=words.signed(gain.lower, 4), upper=words.signed(gain.upper, 4))
    show_cards(
        [
            Card(
                words("policy.cutoff"),
                words.percent(min(change.proposed.cutoff, 1.0), 2),
                words("policy.instead", figure=words.percent(min(change.present.cutoff, 1.0), 2)),
            ),
            Card(
                words("portfolio.approval"),
                words.percent(change.proposed.approval_rate),
                words("policy.instead", figure=words.percent(change.present.approval_rate)),
            ),
            Card(
                words("policy.bad_approved"),
                bad,
                words("policy.instead", figure=bad_now),
            ),
            Card(words("policy.difference"), words.signed(gain.value, 4), interval),
        ]
    )
    st.markdown(words(f"policy.{sure}"))
    _swaps(desk, curve, change)


def _swaps(desk: Desk, curve: PolicyCurve, change: PolicyChange) -> None:
    words = desk.words
    rows: list[tuple[str, Swap]] = [(words("policy.observed", count=words.number(curve.applications)), change.observed)]
    if change.stored is not None:
        rows.append((words("policy.stored", count=words.number(change.stored.applications)), change.stored))
    st.markdown(f"### {words('policy.swaps')}")
    show_table(
        {
            words("policy.population"): [told for told, _ in rows],
            words("policy.newly_approved"): [_of(desk, s.newly_approved, s.newly_approved_bad) for _, s in rows],
            words("policy.newly_declined"): [_of(desk, s.newly_declined, s.newly_declined_bad) for _, s in rows],
        },
    )


def _of(desk: Desk, number: int, bad: float) -> str:
    return desk.words("policy.of_whom", count=desk.words.number(number), bad=desk.words.number(bad, 1))
