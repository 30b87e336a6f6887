"""An applicant's file: what was decided, why, where the applicant stands, what is missing, and what is handed out."""

from __future__ import annotations

import math
from functools import partial
from html import escape

import streamlit as st

from credit_scoring.dashboard.cards import Card, show_cards
from credit_scoring.dashboard.charts import show, show_table
from credit_scoring.dashboard.comparison import compare
from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.figures.gauge import gauge
from credit_scoring.dashboard.figures.reasons import waterfall
from credit_scoring.dashboard.handout import hand_out
from credit_scoring.dashboard.inputs import show_inputs
from credit_scoring.dashboard.review import show_record
from credit_scoring.dashboard.sections import show_sections
from credit_scoring.wire.decisions import DecisionRecord, RecordedExplanation
from credit_scoring.wire.scoring import Prediction

SECTIONS = ("reasons", "comparison", "inputs", "handout", "record")


def show_file(desk: Desk, explained: RecordedExplanation) -> None:
    """Draw the file of a decision: the verdict first, then one section at a time."""
    words = desk.words
    if explained.kind == "simulation":
        st.warning(words("file.simulation"), icon=":material/tune:")
    show_whose(desk, explained)
    show_verdict(desk, explained, minimum_coverage=explained.minimum_coverage)
    show(
        gauge(explained.p_default, explained.cutoff, explained.cutoff_interval, explained.decision, words),
        words,
        key="gauge",
    )
    if explained.kind == "decision" and desk.model().portfolio == "home_credit":
        desk.link("simulation", words("file.simulate"), icon=":material/tune:", decision=explained.decision_id)
    show_sections(desk, "file", {name: partial(_section, desk, name, explained) for name in SECTIONS})


def show_whose(desk: Desk, explained: RecordedExplanation) -> None:
    """Draw whose application it is."""
    words, applicant = desk.words, explained.applicant
    st.header(words("file.unnumbered") if applicant is None else words("file.applicant", applicant=applicant))


def show_verdict(desk: Desk, made: Prediction, *, minimum_coverage: float) -> None:
    """Draw what is read first: PD, decision, distance to the cut-off, coverage and whether a person decides for it."""
    words = desk.words
    distance = words.number(100 * abs(made.distance_to_cutoff), 1)
    side = "below" if made.distance_to_cutoff > 0 else "above"
    by_cutoff = (
        "" if made.decision != "refer" else words("file.by_cutoff", decision=words(f"decision.{made.by_cutoff}"))
    )
    show_cards(
        [
            Card(words("file.p_default"), words.percent(made.p_default), words.in_a_hundred(made.p_default)),
            Card(words("file.decision"), words(f"decision.{made.decision}"), by_cutoff, made.decision),
            Card(
                words("file.distance"),
                words("file.points", points=distance),
                words(f"file.{side}", cutoff=words.percent(min(made.cutoff, 1.0))),
            ),
            _coverage(desk, made.coverage, minimum_coverage),
        ]
    )


def _coverage(desk: Desk, coverage: float, minimum: float) -> Card:
    words = desk.words
    told = words.percent(math.floor(100 * coverage) / 100, 0)  # never rounded up to the limit
    if coverage < minimum:
        return Card(
            words("file.coverage"), told, words("file.coverage_low", minimum=words.percent(minimum, 0)), "refer"
        )
    return Card(words("file.coverage"), told, words("file.coverage_note"))


def _section(desk: Desk, name: str, explained: RecordedExplanation) -> None:
    if name == "reasons":
        show_reasons(desk, explained)
        return
    with desk.waits("file.waits"):
        record = desk.api.get(DecisionRecord, f"/decisions/{explained.decision_id}")
    if name == "comparison":
        compare(desk, explained, record)
    elif name == "inputs":
        show_inputs(desk, explained, record)
    elif name == "handout":
        hand_out(desk, explained, record)
    else:
        show_record(desk, record)


def show_reasons(desk: Desk, explained: RecordedExplanation) -> None:
    """Draw the reasons as they are told, then as a waterfall, then all of them."""
    words = desk.words
    st.markdown(f"### {words('reasons.title')}")
    if explained.reasons:
        told = "".join(
            f"<li><strong>{escape(words.known(f'concept.{one.concept}', one.concept))}</strong>{escape(one.text)}</li>"
            for one in explained.reasons
        )
        st.html(f'<ol class="cs-reasons">{told}</ol>')
    else:
        st.markdown(words("reasons.none"))
    show(waterfall(explained, words), words, key="waterfall")
    with st.expander(
        words("reasons.all", count=len(explained.concepts)), on_change="rerun", key="all-reasons"
    ) as every:
        if every.open:
            show_table(
                {
                    words("reasons.concept"): [
                        words.known(f"concept.{c.concept}", c.concept) for c in explained.concepts
                    ],
                    words("reasons.sentence"): [c.text for c in explained.concepts],
                    words("reasons.weight"): [words.signed(c.contribution, 3) for c in explained.concepts],
                },
            )
