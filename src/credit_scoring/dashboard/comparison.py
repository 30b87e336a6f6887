"""Where an applicant stands among all, and among those like them."""

from __future__ import annotations

import streamlit as st

from credit_scoring.dashboard.charts import show
from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.figures.relation import relation
from credit_scoring.dashboard.figures.standing import standing
from credit_scoring.wire.applicants import Relation, RelationRequest, Standing, StandingRequest
from credit_scoring.wire.decisions import DecisionRecord, RecordedExplanation

# What makes applicants alike in an officer's eyes; protected attributes are left to the letter.
LIKENESS = (
    "NAME_CONTRACT_TYPE",
    "NAME_INCOME_TYPE",
    "AMT_INCOME_TOTAL",
    "AMT_CREDIT",
    "AMT_ANNUITY",
    "OCCUPATION_TYPE",
    "NAME_EDUCATION_TYPE",
    "NAME_HOUSING_TYPE",
    "DAYS_EMPLOYED",
    "REGION_RATING_CLIENT",
)


def compare(desk: Desk, explained: RecordedExplanation, record: DecisionRecord) -> None:
    """Draw the comparison of one feature, then of two together."""
    words, known = desk.words, record.features or {}
    infos = desk.features()
    choices = list(infos)
    strongest = next((one.feature for one in explained.reasons if one.feature in infos), choices[0])
    alike = st.multiselect(
        words("comparison.like"),
        [name for name in LIKENESS if name in known],
        default=[name for name in LIKENESS[:2] if name in known],
        format_func=lambda name: words(f"field.{name}"),
        key=desk.key_of("alike"),
        help=words("comparison.like_help"),
        placeholder=words("comparison.like_nobody"),
    )
    like = {name: known[name] for name in alike}

    def meaning(name: str) -> str:
        return infos[name].meaning

    first = st.selectbox(
        words("comparison.feature"),
        choices,
        index=choices.index(strongest),
        format_func=meaning,
        key=desk.key_of("compared"),
    )
    with desk.waits("comparison.waits"):
        question = StandingRequest(feature=first, value=known.get(first), like=like)
        found = desk.answered(Standing, "/applicants/standing", question)
    show(standing(found, known.get(first), words), words, key="standing")
    others = [name for name in choices if name != first]
    if not others:
        return
    second = st.selectbox(words("comparison.second"), others, format_func=meaning, key=desk.key_of("compared_with"))
    with desk.waits("comparison.waits"):
        both = desk.answered(Relation, "/applicants/relation", RelationRequest(x=first, y=second, like=like))
    show(relation(both, (known.get(first), known.get(second)), words), words, key="relation")
